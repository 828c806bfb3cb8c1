/** What `setup … --engine containerd` writes, read by nerdctl as well: pulled and pushed over HTTP, over TLS, by a mirror. */
import assert from "node:assert/strict";
import { copyFile, writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { openPeer, withoutGo } from "../interop/peers.ts";
import { createTlsAuthority, type TlsAuthority } from "../support/tls-authority.ts";
import { importBase, openRegistryWithImage } from "./engine-scene.ts";
import { shell } from "./engine-state.ts";
import { type LabHost, startHost } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { hostOf, openPerson, type Person } from "./regctl-over-ssh.ts";

const ability = await openLab();
const skip = ability.can ? withoutGo : ability.reason;

describe("nerdctl with the files of containerd", { skip, concurrency: 1, timeout: 900_000 }, () => {
  let host: LabHost;
  let person: Person;
  let authority: TlsAuthority;
  const setup = async (...words: readonly string[]) => {
    const to = ["--on", host.name, "--engine", "containerd", "--json", "--progress", "none"];
    return hostOf(await person.regctl(["setup", ...words, ...to]));
  };
  const nerdctl = (...words: readonly string[]) => host.run(["nerdctl", "-n", "lab", ...words]);
  /** What it said, when it failed. */
  const problemOf = async (image: string) => {
    const { code, stdout, stderr } = await nerdctl("pull", "-q", image);
    await nerdctl("rmi", image);
    return code === 0 ? null : stdout + stderr;
  };
  const openRegistry = (port: number, name: string, secure: boolean) =>
    openRegistryWithImage({ host, person, authority }, { port, name, secure });
  const proved = { changed: true, proved: true, warnings: [] };

  before(async () => {
    [host, authority] = await Promise.all([startHost("sid-store"), createTlsAuthority("lab authority")]);
    person = await openPerson(host);
    await writeFile(`${person.home}/ca.pem`, authority.ca);
    await copyFile(await openPeer("nerdctl"), `${host.root}/usr/local/bin/nerdctl`);
    await shell(host, importBase);
  });
  after(async () => {
    await host?.stop();
    await person?.leave();
    await authority?.[Symbol.asyncDispose]();
  });

  it("pulls and pushes over HTTP, and no more after undo", async () => {
    const { address, image } = await openRegistry(5000, "base:1", false);
    assert.match((await problemOf(image)) ?? "", /HTTP response to HTTPS client/);
    assert.partialDeepStrictEqual(await setup("insecure", address), proved);
    assert.equal(await problemOf(image), null);
    assert.equal((await nerdctl("pull", "-q", image)).code, 0);
    assert.equal((await nerdctl("tag", image, `${address}/again:1`)).code, 0);
    assert.equal((await nerdctl("push", "-q", `${address}/again:1`)).code, 0);
    await nerdctl("rmi", "-f", image, `${address}/again:1`);
    assert.equal(await problemOf(`${address}/again:1`), null);
    assert.partialDeepStrictEqual(await setup("undo", address), proved);
    assert.match((await problemOf(image)) ?? "", /HTTP response to HTTPS client/);
  });

  it("trusts the certificate of a registry", async () => {
    const { address, image } = await openRegistry(5443, "base:1", true);
    // nerdctl reads Docker's folder besides, where the scene has put the certificate for Docker.
    await shell(host, "mv /etc/docker/certs.d /root/certs.d");
    assert.match((await problemOf(image)) ?? "", /unknown authority/);
    assert.partialDeepStrictEqual(await setup("trust", address, "--ca", `${person.home}/ca.pem`), proved);
    assert.equal(await problemOf(image), null);
    assert.partialDeepStrictEqual(await setup("undo", address), proved);
    assert.match((await problemOf(image)) ?? "", /unknown authority/);
  });

  it("asks a mirror before Docker Hub", async () => {
    const { address } = await openRegistry(5002, "library/base:1", false);
    assert.notEqual(await problemOf("docker.io/library/base:1"), null);
    assert.partialDeepStrictEqual(await setup("mirror", `http://${address}`), proved);
    assert.equal(await problemOf("docker.io/library/base:1"), null);
    assert.partialDeepStrictEqual(await setup("undo", address), proved);
  });
});
