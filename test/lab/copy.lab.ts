/** `copy`, `tags`, `search`, `delete` with Debian's docker-registry 2.8, and a real engine that takes what was copied. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { assertTree, digestAt, pushTree } from "../support/registry-content.ts";
import { login } from "../support/registry-world.ts";
import { itemsOf, openCli, type TestCli } from "../support/test-cli.ts";
import { createTlsAuthority, type TlsAuthority } from "../support/tls-authority.ts";
import { startTokenServer } from "../support/token-server.ts";
import { type LabHost, runContainer, startHost, startRegistry } from "./lab.ts";
import { startNginx } from "./nginx.ts";
import type { LabRegistry, RegistryOptions } from "./registry.ts";

/** Of the password "secret"; crypt(3) with a blowfish salt of cost 5. */
const htpasswd = "bob:$2b$05$xjU0OF5PoEr12OFcvqspnOk/YsW8QEY2lMn0MREYMPMCImbvRPke6\n";

const single = makeImage({ format: "docker", seed: "single", layers: [2000, 5_000_000] });
const many = makeIndex([
  makeImage({ seed: "lab a", layers: [2000, 3_000_000] }),
  makeImage({ seed: "lab b", platform: "linux/arm64" }),
]);

let lab: LabHost;
let authority: TlsAuthority;
let cli: TestCli;
/** Open to everybody; where tests copy from. */
let from: LabRegistry;
let to: LabRegistry;
let port = 5300;

async function open(options: Omit<RegistryOptions, "port"> = {}): Promise<LabRegistry> {
  port += 1;
  return await startRegistry(lab, { ...options, port });
}

before(async () => {
  [lab, authority, cli] = await Promise.all([
    startHost("systemd"),
    createTlsAuthority("Lab Authority"),
    openCli(),
  ]);
  from = await open();
  to = await open();
  await pushTree(from.address, "team/single", ["1"], single);
  await pushTree(from.address, "team/many", ["1", "same"], many);
});
after(async () => {
  await lab?.stop();
  await authority?.[Symbol.asyncDispose]();
  await cli?.[Symbol.asyncDispose]();
});

const copy = (source: string, destination: string, ...more: readonly string[]) =>
  cli.document("copy", "--insecure", "--src-insecure", ...more, source, destination);

/** Logins as `docker login` leaves them. */
async function writeLogins(passwords: Readonly<Record<string, string>>): Promise<void> {
  const auths = Object.entries(passwords).map(([registry, password]) => [
    registry,
    { auth: Buffer.from(`bob:${password}`).toString("base64") },
  ]);
  await mkdir(join(cli.home, ".docker"), { recursive: true });
  const text = JSON.stringify({ auths: Object.fromEntries(auths) });
  await writeFile(join(cli.home, ".docker", "config.json"), text, { mode: 0o600 });
}

async function docker(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.run(["docker", ...args]);
  assert.equal(code, 0, `docker ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

describe("copy with docker-registry 2.8", () => {
  it("between two that are open: Docker's and OCI's formats, digest for digest", async () => {
    await copy(`${from.address}/team/single:1`, `${to.address}/open/single:1`);
    await assertTree(to.address, "open/single", "1", single);
    const [item] = itemsOf(await copy(`${from.address}/team/many:1`, `${to.address}/open/many:1`));
    assert.equal(item?.digest, many.manifest.digest);
    await assertTree(to.address, "open/many", "1", many);
  });

  it("within one: nothing travels", async () => {
    const [item] = itemsOf(await copy(`${from.address}/team/many:1`, `${from.address}/mounted:1`));
    assert.equal(item?.bytesMoved, 0);
    await assertTree(from.address, "mounted", "1", many);
  });

  it("with htpasswd", async () => {
    const closed = await open({ htpasswd });
    const reference = `${closed.address}/team/many:1`;
    await writeLogins({ [closed.address]: "secret" });
    await copy(`${from.address}/team/many:1`, reference);
    await assertTree(closed.address, "team/many", "1", many, { login: async () => login("bob", "secret") });
    await copy(reference, `${to.address}/htpasswd:1`);
    await assertTree(to.address, "htpasswd", "1", many);
    await writeLogins({ [closed.address]: "wrong" });
    const words = ["copy", "--insecure", "--src-insecure", reference, `${to.address}/never:1`];
    assert.deepEqual(await cli.failure(...words), [4, "UNAUTHORIZED"]);
    assert.equal(await digestAt(to.address, "never", "1"), null);
    await closed.stop();
  });

  it("with certificates of a private authority", async () => {
    const tls = await authority.issue({ names: [`IP:${lab.address}`] });
    const [a, b] = [await open({ tls }), await open({ tls })];
    const [source, destination] = [`${a.address}/app:1`, `${b.address}/app:1`];
    await pushTree(a.address, "app", ["1"], many);
    assert.deepEqual(await cli.failure("copy", source, destination), [6, "REGISTRY_CERTIFICATE"]);
    const ca = authority.caPath;
    await cli.document("copy", "--ca", ca, "--src-ca", ca, source, destination);
    await assertTree(b.address, "app", "1", many);
    await a.stop();
    await b.stop();
  });

  it("with a token server", async () => {
    const signer = await authority.issue();
    await using server = await startTokenServer({
      signer,
      issuer: "lab",
      users: { bob: "secret" },
      host: lab.gateway,
    });
    const closed = await open({ token: { realm: server.url, issuer: "lab", cert: signer.cert } });
    await writeLogins({ [closed.address]: "secret" });
    await copy(`${from.address}/team/many:1`, `${closed.address}/team/many:1`);
    await copy(`${closed.address}/team/many:1`, `${closed.address}/team/other:1`);
    for (const name of ["team/many", "team/other"]) {
      await assertTree(closed.address, name, "1", many, { login: async () => login("bob", "secret") });
    }
    await closed.stop();
  });

  it("from one that fetches from another, and from one that is read-only but not to it", async () => {
    const through = await open({ proxyOf: `http://${from.address}` });
    await copy(`${through.address}/team/many:1`, `${to.address}/through:1`);
    await assertTree(to.address, "through", "1", many);
    await through.stop();

    const still = await open({ readOnly: true });
    const words = [
      "copy",
      "--insecure",
      "--src-insecure",
      `${to.address}/through:1`,
      `${still.address}/app:1`,
    ];
    const [code, error] = await cli.failure(...words);
    assert.deepEqual([code, error], [1, "REGISTRY_ERROR"]);
    await still.stop();
  });

  it("behind nginx, which takes no more than 1 MiB at a time", async () => {
    const registry = await open();
    port += 1;
    const front = await startNginx(lab, { port, to: Number(registry.address.split(":")[1]), mostBody: "1m" });
    await copy(`${from.address}/team/single:1`, `${front.address}/app:1`);
    await assertTree(registry.address, "app", "1", single);
    await front.stop();
    await registry.stop();
  });
});

describe("a real engine", () => {
  const local = ({ address }: LabRegistry) => `localhost:${address.split(":")[1]}`;

  it("pulls what was copied, and runs it", async () => {
    await runContainer(lab, "maker");
    await docker("tag", "lab/sleeper:1", `${local(from)}/sleeper:1`);
    await docker("push", `${local(from)}/sleeper:1`);
    const id = await docker("image", "inspect", "-f", "{{.Id}}", "lab/sleeper:1");
    await copy(`${from.address}/sleeper:1`, `${to.address}/sleeper:copied`);
    await docker("pull", `${local(to)}/sleeper:copied`);
    assert.equal(await docker("image", "inspect", "-f", "{{.Id}}", `${local(to)}/sleeper:copied`), id);
    const said = await docker(
      ...["run", "--rm", "--network", "none", `${local(to)}/sleeper:copied`, "/bin/busybox", "echo", "alive"],
    );
    assert.equal(said, "alive");
  });

  it("loads a docker-archive of ours, and runs it; what it saved arrives with the same id", async () => {
    const file = "/root/ours.tar";
    const archive = `docker-archive:${lab.root}${file}:loaded:1`;
    await copy(`${from.address}/sleeper:1`, archive);
    await docker("load", "-i", file);
    const id = await docker("image", "inspect", "-f", "{{.Id}}", "lab/sleeper:1");
    assert.equal(await docker("image", "inspect", "-f", "{{.Id}}", "loaded:1"), id);
    const said = await docker(
      "run",
      "--rm",
      "--network",
      "none",
      "loaded:1",
      "/bin/busybox",
      "echo",
      "alive",
    );
    assert.equal(said, "alive");

    await docker("save", "-o", "/root/theirs.tar", "lab/sleeper:1");
    await copy(`docker-archive:${lab.root}/root/theirs.tar`, `${to.address}/saved:1`);
    await docker("pull", `${local(to)}/saved:1`);
    assert.equal(await docker("image", "inspect", "-f", "{{.Id}}", `${local(to)}/saved:1`), id);
  });
});

describe("looking and deleting on docker-registry 2.8", () => {
  it("finds, lists, and removes a tag alone", async () => {
    const registry = await open();
    const host = registry.address;
    await pushTree(host, "team/app", ["1", "2", "3"], single);
    await pushTree(host, "team/app", ["many"], many);
    const found = itemsOf(await cli.document("search", "--insecure", "--registry", host, "app"));
    assert.deepEqual(
      found.map(({ name, tags }) => [name, tags]),
      [["team/app", 4]],
    );
    await cli.document("delete", "--insecure", `${host}/team/app:2`);
    const tags = itemsOf(await cli.document("tags", "--insecure", `${host}/team/app`));
    assert.deepEqual(
      new Map(tags.map(({ tag, digest }) => [tag, digest])),
      new Map([
        ["1", single.manifest.digest],
        ["3", single.manifest.digest],
        ["many", many.manifest.digest],
      ]),
    );
    await assertTree(host, "team/app", "1", single);
    await registry.stop();
  });

  it("says that deletion is off, and changes nothing", async () => {
    const registry = await open({ deletes: false });
    await pushTree(registry.address, "app", ["1"], single);
    const words = ["delete", "--insecure", `${registry.address}/app:1`];
    assert.deepEqual(await cli.failure(...words), [3, "DELETE_OFF"]);
    assert.equal(await digestAt(registry.address, "app", "1"), single.manifest.digest);
    await registry.stop();
  });
});
