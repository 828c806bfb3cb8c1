/** The registry client against Debian's docker-registry 2.8, and logins beside those of the real docker CLI. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { after, before, describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import type { RegistryClient } from "../../src/registry/client.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { login, openTestClient } from "../support/registry-world.ts";
import { repository } from "../support/run-cli.ts";
import { createTlsAuthority, type TlsAuthority } from "../support/tls-authority.ts";
import { startTokenServer } from "../support/token-server.ts";
import { runCommand } from "./command.ts";
import { type LabHost, runContainer, startHost, startRegistry } from "./lab.ts";

/** Of the password "secret"; crypt(3) with a blowfish salt of cost 5. */
const htpasswd = "bob:$2b$05$xjU0OF5PoEr12OFcvqspnOk/YsW8QEY2lMn0MREYMPMCImbvRPke6\n";

let lab: LabHost;
let authority: TlsAuthority;
before(async () => {
  [lab, authority] = await Promise.all([startHost("systemd"), createTlsAuthority("Lab Authority")]);
});
after(async () => {
  await lab?.stop();
  await authority?.[Symbol.asyncDispose]();
});

/** A small image: its config, one layer, its manifest. */
function makeImage(seed: string) {
  const layer = createHash("sha512").update(seed).digest();
  const config = Buffer.from(
    JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers" } }),
  );
  const describeBlob = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    digest: computeDigest(bytes),
    size: bytes.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: describeBlob(mediaTypes.ociConfig, config),
    layers: [describeBlob(mediaTypes.ociLayer, layer)],
  };
  return { layer, config, bytes: Buffer.from(JSON.stringify(manifest)) };
}

async function pushBlob(client: RegistryClient, name: string, bytes: Buffer): Promise<void> {
  await client.putUpload(await client.startUpload(name), computeDigest(bytes), bytes);
}

async function pushImage(client: RegistryClient, name: string, tag: string, seed: string) {
  const image = makeImage(seed);
  await pushBlob(client, name, image.layer);
  await pushBlob(client, name, image.config);
  await client.putManifest(name, tag, { bytes: image.bytes, mediaType: mediaTypes.ociManifest });
  return { ...image, digest: computeDigest(image.bytes) };
}

async function allOf(
  pages: AsyncGenerator<{ readonly entries: readonly string[] }>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { entries } of pages) found.push(...entries);
  return found;
}

/** regctl of this checkout in the host's network, with Docker's configuration in a folder of the host. */
function regctl(
  args: readonly string[],
  dockerConfig: string,
  input = "",
  dockerHost = "unix:///nonexistent.sock",
) {
  const program = [process.execPath, `${repository}/bin/run.js`, ...args];
  const environment = [
    ...["env", "-i", `PATH=${process.env.PATH}`, "LANG=C.UTF-8", `DOCKER_HOST=${dockerHost}`],
    ...[`HOME=${lab.root}/root/regctl-home`, `DOCKER_CONFIG=${lab.root}${dockerConfig}`],
  ];
  return runCommand(["nsenter", "-t", String(lab.initPid), "-n", "--", ...environment, ...program], {
    input,
  });
}

async function docker(args: readonly string[], dockerConfig: string, input = "") {
  return await lab.run(["docker", "--config", dockerConfig, ...args], { input });
}

/** Tells the host's engine that registries at its own address are insecure. */
async function listAsInsecure(): Promise<void> {
  const settings = JSON.stringify({ "insecure-registries": [`${lab.address}/32`] });
  await lab.run(["sh", "-c", "cat >/etc/docker/daemon.json && systemctl reload docker"], { input: settings });
  for (let info = ""; !info.includes(lab.address); ) info = (await lab.run(["docker", "info"])).stdout;
}

async function read(path: string): Promise<string> {
  return (await lab.run(["cat", path])).stdout;
}

describe("every operation", () => {
  it("on a registry that is open to everybody", async () => {
    const registry = await startRegistry(lab, { port: 5100 });
    await using opened = await openTestClient(registry.address);
    const { client } = opened;
    const { layer, digest, bytes } = await pushImage(client, "team/app", "1", "one");
    await client.putManifest("team/app", "same", { bytes, mediaType: mediaTypes.ociManifest });

    const fetched = await client.getManifest("team/app", "1");
    assert.deepEqual([fetched.digest, fetched.bytes.equals(bytes)], [digest, true]);
    assert.deepEqual((await client.headManifest("team/app", digest))?.size, bytes.length);
    assert.equal(await client.headManifest("team/app", "none"), null);
    assert.deepEqual(await client.headBlob("team/app", computeDigest(layer)), { size: layer.length });
    assert.equal(await client.headBlob("team/app", computeDigest("none")), null);
    const { stream, start } = await client.getBlob("team/app", computeDigest(layer), { start: 10, end: 19 });
    assert.equal(start, 10);
    assert.ok(Buffer.concat(await stream.toArray()).equals(layer.subarray(10, 20)));

    assert.equal(await client.mountBlob("team/other", computeDigest(layer), "team/app"), "mounted");
    const instead = await client.mountBlob("team/other", computeDigest("none"), "team/app");
    assert.ok(instead !== "mounted");
    await client.cancelUpload(instead);
    assert.equal(await client.uploadStatus(instead), null);

    assert.deepEqual((await allOf(client.tagPages("team/app"))).toSorted(), ["1", "same"]);
    const missing = client.tagPages("team/none").next();
    await assert.rejects(missing, (error) => isRegctlError(error, "NOT_FOUND"));
    assert.equal(await client.deleteManifest("team/app", "1"), "not-by-tag");
    assert.equal(await client.deleteManifest("team/app", digest), "deleted");
    assert.equal(await client.deleteManifest("team/app", digest), "not-there");
    assert.deepEqual(await allOf(client.tagPages("team/app")), []);
    assert.deepEqual(await client.listReferrers("team/app", digest), { descriptors: [], from: "tag" });
    await registry.stop();
  });

  it("in chunks, gone on with after a look at how far it came, and as one stream", async () => {
    const registry = await startRegistry(lab, { port: 5101 });
    await using opened = await openTestClient(registry.address);
    const { client } = opened;
    const blob = randomBytes(3_000_000);
    const begun = await client.startUpload("app");
    const half = await client.patchUpload(begun, blob.subarray(0, 1_000_000), true);
    const found = await client.uploadStatus(half);
    assert.equal(found?.offset, 1_000_000);
    const whole = await client.patchUpload(found ?? half, blob.subarray(1_000_000), true);
    assert.equal(await client.putUpload(whole, computeDigest(blob)), computeDigest(blob));

    const other = randomBytes(5_000_000);
    const parts = () => Readable.from([other.subarray(0, 7), other.subarray(7)]);
    const sent = await client.patchUpload(
      await client.startUpload("app"),
      { open: parts, length: other.length, again: true },
      false,
    );
    await client.putUpload(sent, computeDigest(other));
    for (const bytes of [blob, other]) {
      const { stream, size } = await client.getBlob("app", computeDigest(bytes));
      assert.equal(size, bytes.length);
      assert.ok(Buffer.concat(await stream.toArray()).equals(bytes));
    }
    await assert.rejects(
      client.putUpload(await client.startUpload("app"), computeDigest("another"), Buffer.from("x")),
      (error) => isRegctlError(error, "REGISTRY_ERROR") && error.facts.status === 400,
    );
    await registry.stop();
  });

  it("over many pages of repositories", async () => {
    const registry = await startRegistry(lab, { port: 5102 });
    await using opened = await openTestClient(registry.address);
    const { client } = opened;
    const names = Array.from({ length: 25 }, (_, index) => `r/${String(index).padStart(2, "0")}`);
    await Promise.all(names.map((name) => pushImage(client, name, "1", name)));
    const pages: (readonly string[])[] = [];
    for await (const { entries } of client.catalogPages({ pageSize: 10 })) pages.push(entries);
    assert.deepEqual(
      pages.map(({ length }) => length),
      [10, 10, 5],
    );
    assert.deepEqual(pages.flat(), names);
    await registry.stop();
  });

  it("says what is switched off", async () => {
    const registry = await startRegistry(lab, { port: 5103, deletes: false });
    await using opened = await openTestClient(registry.address);
    const { digest } = await pushImage(opened.client, "app", "1", "x");
    assert.equal(await opened.client.deleteManifest("app", digest), "off");
    const outcome = JSON.parse(
      (await regctl(["ping", registry.address, "--insecure", "--json"], "/root/none")).stdout,
    );
    assert.equal(outcome.capabilities.delete, false);
    await registry.stop();

    const still = await startRegistry(lab, { port: 5104, readOnly: true });
    await using reader = await openTestClient(still.address);
    await assert.rejects(
      reader.client.startUpload("app"),
      (error) => isRegctlError(error, "REGISTRY_ERROR") && error.facts.status === 405,
    );
    await still.stop();
  });
});

describe("trust", () => {
  it("HTTPS with a private authority, by --ca and by certs.d; HTTP only when it is allowed", async () => {
    const tls = await authority.issue({ names: [`IP:${lab.address}`, "IP:127.0.0.1"] });
    const secure = await startRegistry(lab, { port: 5110, tls });
    const plain = await startRegistry(lab, { port: 5111 });
    const ping = async (...args: readonly string[]) => {
      const { code, stdout } = await regctl(["ping", ...args, "--json", "--progress", "none"], "/root/none");
      const document = JSON.parse(stdout);
      return [code, document.error?.code ?? document.scheme, document.verified];
    };
    assert.deepEqual(await ping(secure.address), [6, "REGISTRY_CERTIFICATE", undefined]);
    assert.deepEqual(await ping(secure.address, "--ca", authority.caPath), [0, "https", true]);
    assert.deepEqual(await ping(secure.address, "--insecure"), [0, "https", false]);
    assert.deepEqual(await ping("127.0.0.1:5110"), [0, "https", false]);
    assert.deepEqual(await ping(plain.address), [6, "REGISTRY_PROTOCOL", undefined]);
    assert.deepEqual(await ping(plain.address, "--insecure"), [0, "http", false]);
    assert.deepEqual(await ping("127.0.0.1:5111"), [0, "http", false]);
    const folder = `/root/regctl-home/.config/docker/certs.d/${secure.address}`;
    await lab.run(["mkdir", "-p", folder]);
    await lab.run(["sh", "-c", `cat >${folder}/ca.crt`], { input: authority.ca });
    assert.deepEqual(await ping(secure.address), [0, "https", true]);
    await plain.stop();
    await secure.stop();
  });

  it("a network that the engine here lists as insecure is insecure for regctl too", async () => {
    const plain = await startRegistry(lab, { port: 5112 });
    const socket = `unix://${lab.root}/run/docker.sock`;
    const ping = async () => {
      const { code, stderr } = await regctl(["ping", plain.address], "/root/none", "", socket);
      return { code, stderr };
    };
    assert.equal((await ping()).code, 6);
    const settings = JSON.stringify({ "insecure-registries": [`${lab.address}/32`] });
    await lab.run(["sh", "-c", "cat >/etc/docker/daemon.json && systemctl reload docker"], {
      input: settings,
    });
    for (let info = ""; !info.includes(lab.address); ) info = (await lab.run(["docker", "info"])).stdout;
    const { code, stderr } = await ping();
    assert.equal(code, 0, stderr);
    assert.match(stderr, /taken as insecure, since the docker engine of this machine lists it/);
    await plain.stop();
  });
});

describe("logins", () => {
  const args = (verb: string, name: string) => [verb, name, "--username", "bob", "--password-stdin"];

  it("Basic: the file is the one that docker writes, and docker pushes with it", async () => {
    const registry = await startRegistry(lab, { port: 5120, htpasswd });
    const name = "localhost:5120";
    const theirs = await docker(args("login", name), "/root/theirs", "secret");
    assert.equal(theirs.code, 0, theirs.stderr);
    const ours = await regctl([...args("login", name), "--json"], "/root/ours", "secret");
    assert.equal(ours.code, 0, ours.stderr);
    assert.equal(await read("/root/ours/config.json"), await read("/root/theirs/config.json"));

    await runContainer(lab, "image-maker");
    await lab.run(["docker", "tag", "lab/sleeper:1", `${name}/sleeper:1`]);
    const refused = await docker(["push", `${name}/sleeper:1`], "/root/none");
    assert.notEqual(refused.code, 0);
    const pushed = await docker(["push", `${name}/sleeper:1`], "/root/ours");
    assert.equal(pushed.code, 0, pushed.stderr);

    await using opened = await openTestClient(registry.address, {
      login: async () => login("bob", "secret"),
    });
    assert.deepEqual(await allOf(opened.client.tagPages("sleeper")), ["1"]);
    assert.deepEqual(
      (await opened.client.getManifest("sleeper", "1")).contentType,
      mediaTypes.dockerManifest,
    );

    const wrong = await regctl([...args("login", name), "--json"], "/root/wrong", "wrong");
    assert.deepEqual([wrong.code, JSON.parse(wrong.stdout).error.code], [4, "UNAUTHORIZED"]);
    assert.equal((await docker(["logout", name], "/root/theirs")).code, 0);
    assert.equal((await regctl(["logout", name], "/root/ours")).code, 0);
    assert.deepEqual(
      JSON.parse(await read("/root/ours/config.json")),
      JSON.parse(await read("/root/theirs/config.json")),
    );
    await registry.stop();
  });

  it("Bearer: tokens for what is asked; an identity token is stored, and docker pushes with it", async () => {
    const signer = await authority.issue();
    await using server = await startTokenServer({
      signer,
      issuer: "lab",
      users: { bob: "secret", eve: "eve" },
      grant: (user, { actions }) =>
        user === "bob" ? actions : actions.filter((action) => action === "pull"),
      host: lab.gateway,
    });
    const token = { realm: server.url, issuer: "lab", cert: signer.cert };
    const registry = await startRegistry(lab, { port: 5130, token });

    await using bob = await openTestClient(registry.address, { login: async () => login("bob", "secret") });
    const { digest } = await pushImage(bob.client, "app", "1", "token");
    assert.equal(bob.client.auth(), "bearer");
    assert.equal(server.requests.length, 1, "one token serves the whole push");
    assert.deepEqual(await allOf(bob.client.catalogPages()), ["app"]);
    await using anybody = await openTestClient(registry.address);
    assert.equal((await anybody.client.getManifest("app", "1")).digest, digest);
    await assert.rejects(anybody.client.startUpload("app"), (error) => isRegctlError(error, "UNAUTHORIZED"));
    await using eve = await openTestClient(registry.address, { login: async () => login("eve", "eve") });
    await assert.rejects(eve.client.startUpload("app"), (error) => isRegctlError(error, "DENIED"));
    assert.equal(await bob.client.deleteManifest("app", digest), "deleted");

    // On loopback the token server's plain HTTP would be refused.
    const name = registry.address;
    await listAsInsecure();
    assert.equal((await docker(args("login", name), "/root/their-token", "secret")).code, 0);
    assert.equal((await regctl([...args("login", name), "--insecure"], "/root/our-token", "secret")).code, 0);
    const shape = (text: string) => text.replace(/("identitytoken": ")[^"]+/, "$1…");
    assert.equal(
      shape(await read("/root/our-token/config.json")),
      shape(await read("/root/their-token/config.json")),
    );
    await runContainer(lab, "token-image");
    await lab.run(["docker", "tag", "lab/sleeper:1", `${name}/sleeper:1`]);
    const pushed = await docker(["push", `${name}/sleeper:1`], "/root/our-token");
    assert.equal(pushed.code, 0, pushed.stderr);
    const pinged = await regctl(["ping", name, "--insecure", "--json"], "/root/our-token");
    assert.equal(JSON.parse(pinged.stdout).login, "accepted");
    await registry.stop();
  });
});
