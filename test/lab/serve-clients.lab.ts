/** Docker 20.10 and ≥ 28 against `regctl serve` on their own host, which other hosts would reach the same way. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Digest } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { pushTree } from "../support/registry-content.ts";
import { readHeld } from "../support/registry-walk.ts";
import { login, type openTestClient } from "../support/registry-world.ts";
import { must } from "./conduct.ts";
import { shell } from "./engine-state.ts";
import { type LabHost, type LabKind, runContainer, startHost } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { hostOf } from "./regctl-over-ssh.ts";
import { type ServedRegistry, serveInside, user, usersFile } from "./serve-host.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

interface Engine {
  readonly title: string;
  /** What it calls the id of an image: the digest of the config, or of what the name leads to. */
  readonly id: "config" | "manifest";
  readonly refused: RegExp;
}

const engines: Readonly<Partial<Record<LabKind, Engine>>> = {
  systemd: { title: "20.10", id: "config", refused: /no basic auth credentials/ },
  sid: { title: "≥ 28 with overlay2", id: "config", refused: /no basic auth credentials/ },
  "sid-store": { title: "≥ 28 with the containerd store", id: "manifest", refused: /push access denied/ },
};

describe("docker and regctl serve", { skip, concurrency: 2, timeout: 300_000 }, () => {
  for (const [kind, engine] of Object.entries(engines))
    describe(engine.title, { concurrency: 1 }, () => describeDocker(kind as LabKind, engine));
});

const made = "made:1";

/** Two layers, so that a push has something to reuse and something to send. */
const makeScript = `head -c 3000000 /dev/urandom >/root/payload
docker create --name maker lab/sleeper:1 /bin/busybox true
docker cp /root/payload maker:/payload
docker commit maker ${made}
docker rm maker`;

function describeDocker(kind: LabKind, engine: Engine): void {
  let host: LabHost;
  let open: ServedRegistry;
  let payload: string;
  const docker = (...args: readonly string[]) => must(host, "docker", ...args);
  const attempt = (...args: readonly string[]) => host.run(["docker", ...args]);
  const loginTo = (registry: string, password: string) =>
    host.run(["docker", "login", "-u", user.name, "--password-stdin", registry], { input: password });

  before(async () => {
    host = await startHost(kind);
    await runContainer(host, "survivor");
    open = await serveInside(host, 5000);
    // One entry for all plain registries of this host; an engine of another host would be told the same.
    const told = await host.regctl(["setup", "insecure", `${host.address}/32`, "--json"]);
    assert.equal(hostOf(told).proved, true);
    await shell(host, makeScript);
    payload = (await shell(host, "sha256sum </root/payload")).split(" ")[0] ?? assert.fail();
  });
  after(() => host?.stop());

  /** What the engine says that it has sent. */
  async function push(reference: string, source = made): Promise<Digest> {
    await docker("tag", source, reference);
    const said = await docker("push", reference);
    return (/digest: (sha256:[0-9a-f]{64}) size/.exec(said)?.[1] ?? assert.fail(said)) as Digest;
  }

  async function forget(...references: readonly string[]): Promise<void> {
    await docker("rmi", ...references);
  }

  const idOf = async (reference: string) =>
    (await docker("image", "inspect", "-f", "{{.Id}}", reference)).trim();
  const search = async (term: string) =>
    (await docker("search", "--format", "{{.Name}}", term)).split("\n").filter(Boolean);

  /** From the registry, not from what is left here: the container's own tool reads the file. */
  async function pullsAndRuns(reference: string, digest: Digest): Promise<void> {
    const pulled = await docker("pull", reference);
    assert.match(pulled, new RegExp(`Digest: ${digest}`));
    const digests = await docker("image", "inspect", "-f", "{{.RepoDigests}}", reference);
    assert.ok(digests.includes(`@${digest}`), digests);
    const summed = await docker("run", "--rm", reference, "/bin/busybox", "sha256sum", "/payload");
    assert.equal(summed.split(" ")[0], payload);
  }

  it("pushes; what it says arrived; and pulls it back by tag and by digest", async () => {
    const reference = `${open.registry}/team/app:1`;
    const digest = await push(reference);
    const held = await readHeld(open.registry, "team/app", "1");
    assert.equal(held.digest, digest);
    assert.equal(held.blobs.size, 3);
    assert.equal(held.manifests.size, 1);
    const id = await idOf(reference);
    if (engine.id === "config") assert.ok([...held.blobs.keys()].some((blob) => blob === id));
    else assert.equal(id, digest);
    assert.equal(await push(`${open.registry}/team/again:1`), digest);
    await forget(reference, `${open.registry}/team/again:1`, made);
    await pullsAndRuns(reference, digest);
    await forget(reference);
    await pullsAndRuns(`${open.registry}/team/app@${digest}`, digest);
    await docker("tag", `${open.registry}/team/app@${digest}`, made);
    assert.equal(await idOf(made), id);
  });

  it("pulls its own platform out of OCI indexes and of manifest lists", async () => {
    for (const format of ["oci", "docker"] as const) {
      const ours = makeImage({ format, seed: `${format} amd64` });
      const other = makeImage({ format, platform: "linux/arm64", seed: `${format} arm64` });
      const many = makeIndex([other, ours], { format });
      await pushTree(open.registry, `many/${format}`, ["1"], many);
      const reference = `${open.registry}/many/${format}:1`;
      assert.match(await docker("pull", reference), new RegExp(`Digest: ${many.manifest.digest}`));
      const id = engine.id === "config" ? ours.config.digest : many.manifest.digest;
      assert.equal(await idOf(reference), id);
    }
  });

  it("pushes a manifest list of its own", async () => {
    const one = `${open.registry}/team/list:one`;
    const list = `${open.registry}/team/list:1`;
    const digest = await push(one);
    await docker("manifest", "create", "--insecure", list, one);
    await docker("manifest", "annotate", "--os", "linux", "--arch", "arm64", list, one);
    const said = (await docker("manifest", "push", "--insecure", list)).trim().split("\n").at(-1);
    const held = await readHeld(open.registry, "team/list", "1");
    assert.equal(held.digest, said);
    const wanted = engine.id === "config" ? mediaTypes.dockerManifestList : mediaTypes.ociIndex;
    assert.equal(held.mediaType, wanted);
    assert.ok(held.manifests.has(digest));
  });

  it("searches", async () => {
    await push(`${open.registry}/find/one:1`);
    await push(`${open.registry}/find/two:1`);
    assert.deepEqual((await search(`${open.registry}/find`)).toSorted(), ["find/one", "find/two"]);
    assert.deepEqual(await search(`${open.registry}/find/one`), ["find/one"]);
    assert.deepEqual(await search(`${open.registry}/FIND/TWO`), ["find/two"]);
    assert.deepEqual(await search(`${open.registry}/nothing-of-this`), []);
    assert.ok((await search(`${open.registry}/`)).length >= 4);
    const first = await docker("search", "--limit", "1", "--format", "{{.Name}}", `${open.registry}/find`);
    assert.equal(first.trim().split("\n").length, 1);
  });

  it("logs in where a login is asked for, and is refused before", async () => {
    const closed = await serveInside(host, 5001, ["--htpasswd", usersFile]);
    const reference = `${closed.registry}/team/app:1`;
    await docker("tag", made, reference);
    assert.match((await attempt("push", reference)).stderr, engine.refused);
    assert.match((await attempt("search", `${closed.registry}/app`)).stderr, /401/);
    assert.match((await loginTo(closed.registry, "wrong")).stderr, /401/);
    assert.match((await loginTo(closed.registry, user.password)).stdout, /Login Succeeded/);
    const digest = await push(reference);
    const options = { login: async () => login(user.name, user.password) };
    assert.equal((await readHeld(closed.registry, "team/app", "1", options)).digest, digest);
    assert.deepEqual(await search(`${closed.registry}/app`), ["team/app"]);
    await forget(reference);
    await pullsAndRuns(reference, digest);
    await docker("logout", closed.registry);
    assert.notEqual((await attempt("pull", reference)).code, 0);
    await closed.stop();
  });

  it("pulls and searches without a login where everybody may pull, and pushes with one", async () => {
    const half = await serveInside(host, 5002, ["--htpasswd", usersFile, "--anonymous", "pull"]);
    const reference = `${half.registry}/team/app:1`;
    await docker("tag", made, reference);
    assert.notEqual((await attempt("push", reference)).code, 0);
    assert.match((await loginTo(half.registry, "wrong")).stderr, /401|unauthorized/i);
    assert.match((await loginTo(half.registry, user.password)).stdout, /Login Succeeded/);
    const digest = await push(reference);
    assert.deepEqual(await search(`${half.registry}/app`), ["team/app"]);
    await docker("logout", half.registry);
    await forget(reference);
    await pullsAndRuns(reference, digest);
    assert.deepEqual(await search(`${half.registry}/app`), ["team/app"]);
    assert.equal((await readHeld(half.registry, "team/app", "1")).digest, digest);
    await half.stop();
  });

  it("does it all over TLS when it knows the authority, and nothing before", async () => {
    const secret = await serveInside(host, 5003, ["--tls", "self-signed", "--htpasswd", usersFile]);
    // The entry of the other registries would cover this one as well.
    assert.equal(hostOf(await host.regctl(["setup", "undo", `${host.address}/32`, "--json"])).proved, true);
    assert.match((await loginTo(secret.registry, user.password)).stderr, /certificate signed by unknown/);
    const folder = `/etc/docker/certs.d/${secret.registry}`;
    await host.run(["sh", "-c", `mkdir -p ${folder}; cat >${folder}/ca.crt`], { input: secret.authority });
    assert.match((await loginTo(secret.registry, user.password)).stdout, /Login Succeeded/);
    const reference = `${secret.registry}/team/app:1`;
    const digest = await push(reference);
    await forget(reference);
    await pullsAndRuns(reference, digest);
    assert.deepEqual(await search(`${secret.registry}/app`), ["team/app"]);
    const trust: NonNullable<Parameters<typeof openTestClient>[1]>["trust"] = async (_host, verify) => ({
      verify,
      system: null,
      authorities: [secret.authority],
      identities: [],
    });
    const options = { insecure: false, trust, login: async () => login(user.name, user.password) };
    assert.equal((await readHeld(secret.registry, "team/app", "1", options)).digest, digest);
    await secret.stop();
  });

  it("leaves a store that is sound", () => open.stop());
}
