/** containerd's ctr, podman, buildah, skopeo and buildx against `regctl serve`, each with what it made itself. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { assertTree, pushTree } from "../support/registry-content.ts";
import { type HeldImage, readHeld } from "../support/registry-walk.ts";
import { login, type openTestClient } from "../support/registry-world.ts";
import { must } from "./conduct.ts";
import { shell } from "./engine-state.ts";
import { type LabHost, startHost } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { hostOf } from "./regctl-over-ssh.ts";
import { type ServedRegistry, serveInside, user, usersFile } from "./serve-host.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

const plain = "--tls-verify=false";
const credentials = `${user.name}:${user.password}`;
const many = makeIndex([makeImage({ seed: "a" }), makeImage({ seed: "b", platform: "linux/arm64" })]);
const docker2 = makeImage({ format: "docker", seed: "docker" });

describe("other clients and regctl serve", { skip, concurrency: 1, timeout: 300_000 }, () => {
  let host: LabHost;
  let open: ServedRegistry;
  let closed: ServedRegistry;
  let secret: ServedRegistry;
  const run = (...argv: readonly string[]) => must(host, ...argv);
  const refused = async (...argv: readonly string[]) => {
    const { code, stdout, stderr } = await host.run(argv);
    assert.notEqual(code, 0, stdout);
    return stderr;
  };

  before(async () => {
    host = await startHost("sid-store");
    open = await serveInside(host, 5000);
    closed = await serveInside(host, 5001, ["--htpasswd", usersFile]);
    secret = await serveInside(host, 5002, ["--tls", "self-signed"]);
    assert.equal(hostOf(await host.regctl(["setup", "insecure", open.registry, "--json"])).proved, true);
    await shell(
      host,
      `mkdir /root/build /etc/containers/certs.d/${secret.registry} -p
      head -c 2000000 /dev/urandom >/root/build/payload; cp /bin/busybox /root/build/
      tar -C /root/build -cf /root/files.tar busybox payload
      printf 'FROM scratch\\nCOPY payload /payload\\nCOPY busybox /bin/busybox\\n' >/root/build/Dockerfile`,
    );
    const ca = `cat >/etc/containers/certs.d/${secret.registry}/ca.crt`;
    await host.run(["sh", "-c", ca], { input: secret.authority });
  });
  after(() => host?.stop());

  const heldClosed = (name: string) =>
    readHeld(closed.registry, name, "1", { login: async () => login(user.name, user.password) });
  const heldSecret = (name: string): Promise<HeldImage> => {
    const trust: NonNullable<Parameters<typeof openTestClient>[1]>["trust"] = async (_host, verify) => ({
      ...{ verify, system: null, authorities: [secret.authority], identities: [] },
    });
    return readHeld(secret.registry, name, "1", { insecure: false, trust });
  };
  /** What a tool wrote down as the digest of what it has pushed. */
  const written = async () => (await run("cat", "/root/digest")).trim();

  it("podman pushes, pulls, searches, lists tags, logs in, and trusts the authority", async () => {
    const name = `${open.registry}/podman/app:1`;
    await run("podman", "import", "/root/files.tar", "made:1");
    await run("podman", "push", "-q", plain, "--digestfile", "/root/digest", "made:1", name);
    const { digest, blobs } = await readHeld(open.registry, "podman/app", "1");
    assert.equal(digest, await written());
    assert.equal(blobs.size, 2);
    await run("podman", "rmi", "-a", "-f");
    const id = (await run("podman", "pull", "-q", plain, name)).trim();
    assert.ok(blobs.has(`sha256:${id}`), id);
    assert.equal((await run("podman", "image", "inspect", "-f", "{{.Digest}}", name)).trim(), digest);
    const found = await run("podman", "search", plain, "--format", "{{.Name}}", `${open.registry}/podman`);
    assert.equal(found.trim(), `${open.registry}/podman/app`);
    const tags = ["search", plain, "--list-tags", "--format", "{{.Tag}}", `${open.registry}/podman/app`];
    assert.equal((await run("podman", ...tags)).trim(), "1");

    assert.match(
      await refused("podman", "push", plain, name, `${closed.registry}/app:1`),
      /authentication required/,
    );
    await host.run(["podman", "login", plain, "-u", user.name, "--password-stdin", closed.registry], {
      input: user.password,
    });
    await run("podman", "push", "-q", plain, name, `${closed.registry}/podman:1`);
    assert.equal((await heldClosed("podman")).digest, digest);
    await run("podman", "logout", closed.registry);

    await run("podman", "push", "-q", name, `${secret.registry}/podman:1`);
    assert.equal((await heldSecret("podman")).digest, digest);
    await run("podman", "rmi", "-a", "-f");
    assert.equal((await run("podman", "pull", "-q", `${secret.registry}/podman:1`)).trim(), id);
  });

  it("buildah pushes an image, and a list of images", async () => {
    const name = `docker://${open.registry}/buildah/app:1`;
    const container = (await run("buildah", "from", "scratch")).trim();
    await run("buildah", "add", "-q", container, "/root/build/payload", "/payload");
    await run("buildah", "commit", "-q", container, "built:1");
    const push = ["push", "-q", plain, "--digestfile", "/root/digest"];
    await run("buildah", ...push, "built:1", name);
    const { digest, mediaType } = await readHeld(open.registry, "buildah/app", "1");
    assert.equal(digest, await written());
    assert.equal(mediaType, mediaTypes.ociManifest);
    await run("buildah", ...push, "--format", "v2s2", "built:1", `docker://${open.registry}/buildah/v2:1`);
    const v2 = await readHeld(open.registry, "buildah/v2", "1");
    assert.deepEqual([v2.digest, v2.mediaType], [await written(), mediaTypes.dockerManifest]);

    await run("buildah", "manifest", "create", "list");
    await run("buildah", "manifest", "add", plain, "list", name);
    const list = `docker://${open.registry}/buildah/list:1`;
    await run("buildah", "manifest", ...push, "--all", "list", list);
    const held = await readHeld(open.registry, "buildah/list", "1");
    assert.equal(held.digest, await written());
    assert.equal(held.manifests.size, 2);
  });

  it("skopeo copies both formats out and in, digest for digest, lists, inspects and deletes", async () => {
    const copy = [
      "copy",
      "-q",
      "--all",
      "--preserve-digests",
      "--src-tls-verify=false",
      "--dest-tls-verify=false",
    ];
    await pushTree(open.registry, "skopeo/many", ["1"], many);
    await pushTree(open.registry, "skopeo/docker", ["1"], docker2);
    const from = `docker://${open.registry}/skopeo`;
    await run("skopeo", ...copy, `${from}/many:1`, "oci:/root/layout:1");
    await run("skopeo", ...copy, "oci:/root/layout:1", `${from}/back:1`);
    await assertTree(open.registry, "skopeo/back", "1", many);
    await run("skopeo", ...copy, `${from}/docker:1`, "dir:/root/dir");
    await run("skopeo", ...copy, "dir:/root/dir", `${from}/back:docker`);
    await assertTree(open.registry, "skopeo/back", "docker", docker2);
    const { Tags } = JSON.parse(await run("skopeo", "list-tags", plain, `${from}/back`));
    assert.deepEqual(Tags, ["1", "docker"]);
    const seen = JSON.parse(await run("skopeo", "inspect", plain, `${from}/back:docker`));
    assert.equal(seen.Digest, docker2.manifest.digest);
    await run("skopeo", "delete", plain, `${from}/back:docker`);
    assert.deepEqual(JSON.parse(await run("skopeo", "list-tags", plain, `${from}/back`)).Tags, ["1"]);
    assert.match(await refused("skopeo", "inspect", plain, `${from}/back:docker`), /manifest unknown/);
    const closedTo = `docker://${closed.registry}/skopeo:1`;
    await run("skopeo", ...copy, "--dest-creds", credentials, "oci:/root/layout:1", closedTo);
    assert.equal((await heldClosed("skopeo")).digest, many.manifest.digest);
  });

  it("skopeo reads what regctl keeps as an OCI layout, without the server", async () => {
    const layout = "oci:/srv/registry-5000/repositories/skopeo+many:1";
    const raw = await run("skopeo", "inspect", "--raw", layout);
    assert.ok(many.manifest.bytes.equals(Buffer.from(raw)));
    const to = `docker://${open.registry}/skopeo/of-layout:1`;
    await run("skopeo", "copy", "-q", "--all", "--preserve-digests", "--dest-tls-verify=false", layout, to);
    await assertTree(open.registry, "skopeo/of-layout", "1", many);
  });

  it("ctr pulls and pushes, plain, with a login, and over TLS", async () => {
    const reference = `${open.registry}/ctr/many:1`;
    await pushTree(open.registry, "ctr/many", ["1"], many);
    const ctr = (...args: readonly string[]) => run("ctr", "-n", "lab", "images", ...args);
    await ctr("pull", "--plain-http", "--all-platforms", reference);
    const listed = await ctr("ls", `name==${reference}`);
    assert.ok(listed.includes(many.manifest.digest), listed);
    await ctr("push", "--plain-http", `${open.registry}/ctr/back:1`, reference);
    await assertTree(open.registry, "ctr/back", "1", many);
    const denied = [
      "ctr",
      "-n",
      "lab",
      "images",
      "push",
      "--plain-http",
      `${closed.registry}/ctr:1`,
      reference,
    ];
    assert.match(await refused(...denied), /authorization failed|401/);
    await ctr("push", "--plain-http", "--user", credentials, `${closed.registry}/ctr:1`, reference);
    assert.equal((await heldClosed("ctr")).digest, many.manifest.digest);
    const ca = ["--local", "--tlscacert", `/etc/containers/certs.d/${secret.registry}/ca.crt`];
    await ctr("push", ...ca, `${secret.registry}/ctr:1`, reference);
    assert.equal((await heldSecret("ctr")).digest, many.manifest.digest);
    await ctr("rm", reference);
    await ctr("pull", ...ca, "--all-platforms", `${secret.registry}/ctr:1`);
    assert.ok((await ctr("ls", `name==${secret.registry}/ctr:1`)).includes(many.manifest.digest));
  });

  it("the engine's BuildKit pushes what it built, provenance included, and takes its cache from there", async () => {
    const name = `${open.registry}/buildx/app`;
    const build = ["docker", "buildx", "build", "-q", "--push", "-t", `${name}:1`];
    const cache = [
      ...[
        "--cache-to",
        `type=registry,ref=${name}:cache,mode=max`,
        "--cache-from",
        `type=registry,ref=${name}:cache`,
      ],
    ];
    const digest = (await run(...build, ...cache, "--provenance", "mode=max", "/root/build")).trim();
    const held = await readHeld(open.registry, "buildx/app", "1");
    assert.equal(held.digest, digest);
    assert.equal(held.mediaType, mediaTypes.ociIndex);
    assert.equal(held.manifests.size, 3);
    await readHeld(open.registry, "buildx/app", "cache");
    await run("docker", "builder", "prune", "-af");
    const again = await host.run([
      ...build.filter((word) => word !== "-q"),
      ...cache,
      "--progress",
      "plain",
      "/root/build",
    ]);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /CACHED/);
  });

  it("leaves stores that are sound", async () => {
    for (const registry of [open, closed, secret]) await registry.stop();
  });
});
