/**
 * Setup on an engine ≥ 28, with each way of keeping images: what newer engines take and older ones do not. What all
 * engines have in common is told by setup-kinds.lab.ts.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, must, registriesOf } from "./conduct.ts";
import { exchangesImages, shell, startSurvivor, survivorPidOf } from "./engine-state.ts";
import { daemonJson, readText, writeText } from "./fault-host.ts";
import { type LabHost, type LabKind, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { hostOf, statusOf } from "./regctl-over-ssh.ts";
import type { LabRegistry } from "./registry.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

/** Unique local addresses, on the loopback interface of the host. */
const address6 = "fd00:231::5";
const network6 = "fd00:231::/64";

/** The default of the engine's version does not matter: the text chooses. */
const storageOf = { sid: "overlay2", "sid-store": "io.containerd.snapshotter.v1" } as const satisfies Partial<
  Record<LabKind, string>
>;

describe("setup on an engine ≥ 28", { skip, concurrency: 2, timeout: 300_000 }, () => {
  for (const kind of Object.keys(storageOf) as (keyof typeof storageOf)[])
    describe(`that keeps images in ${storageOf[kind]}`, { concurrency: 1 }, () => describeEngine(kind));
});

function describeEngine(kind: keyof typeof storageOf): void {
  let host: LabHost;
  let registry: LabRegistry;
  let port: string;
  let running: number;
  const chosen = () => readText(host, daemonJson) ?? assert.fail();
  const setup = (...args: readonly string[]) =>
    host.regctl(["setup", ...args, "--json", "--progress", "none"], {
      env: { XDG_CONFIG_HOME: "/tmp/config" },
    });

  before(async () => {
    host = await startHost(kind);
    registry = await startRegistry(host);
    port = registry.address.split(":")[1] ?? assert.fail();
    await shell(host, `ip -6 addr add ${address6}/64 dev lo; echo '127.0.0.1 reg.test' >>/etc/hosts`);
    running = await startSurvivor(host);
  });
  after(() => host?.stop());

  /** Told, seen by status, used by a push and a pull, forgotten; the text and the container are as they were. */
  async function toldAndForgotten(entry: string, image = entry): Promise<void> {
    const text = chosen();
    assert.equal(await exchangesImages(host, image), false);
    const done = hostOf(await setup("insecure", entry));
    assert.partialDeepStrictEqual(done, { changed: true, applied: "reload", proved: true, path: daemonJson });
    assert.deepEqual(done.warnings, []);
    assert.deepEqual(await listedBy(host), [entry]);
    const { registries } = statusOf(await setup("status", entry));
    assert.deepEqual(registries, [{ registry: entry, configured: true, effective: true }]);
    assert.equal(await exchangesImages(host, image), true);
    assert.partialDeepStrictEqual(hostOf(await setup("undo", entry)), { changed: true, proved: true });
    assert.deepEqual(await listedBy(host), []);
    assert.equal(chosen(), text);
    assert.equal(await survivorPidOf(host), running);
  }

  it("is that engine", async () => {
    const version = await must(host, "docker", "version", "-f", "{{.Server.Version}}");
    assert.match(version, /^(2[89]|[3-9]\d)\./);
    const status = await must(host, "docker", "info", "-f", "{{.Driver}} {{.DriverStatus}}");
    assert.ok(status.includes(storageOf[kind]), status);
    assert.equal(statusOf(await setup("status")).engine?.version, version.trim());
  });

  it("an address of IPv6 in an image name", () => toldAndForgotten(`[${address6}]:${port}`));

  it("a network of IPv6", () => toldAndForgotten(network6, `[${address6}]:${port}`));

  it("trusts both loopback addresses by itself, and setup has nothing to do", async () => {
    const text = chosen();
    for (const name of [`[::1]:${port}`, `127.0.0.1:${port}`, `localhost:${port}`]) {
      assert.equal(await exchangesImages(host, name), true, name);
      const outcome = hostOf(await setup("insecure", name));
      assert.partialDeepStrictEqual(outcome, { changed: false, applied: "none", steps: [] }, name);
    }
    assert.equal(chosen(), text);
  });

  it("a name of a loopback address, whichever way the engine judges it", async () => {
    const name = `reg.test:${port}`;
    // The engine looks a name up; containerd's loader believes only the literal ones, while nobody is listed.
    assert.equal(await exchangesImages(host, name), kind === "sid");
    // Asked over the API the engine trusts it either way; that is no certificate, and setup does not take it for one.
    const done = hostOf(await setup("insecure", name));
    assert.partialDeepStrictEqual(done, { changed: true, applied: "reload", proved: true });
    assert.equal(await exchangesImages(host, name), true);
    assert.partialDeepStrictEqual(hostOf(await setup("undo", name)), { changed: true, proved: true });
  });

  for (const [what, text] of [
    ["an empty file", ""],
    ["a file of blanks", " \n"],
    ["a byte order mark", '\uFEFF{\n  "debug": true\n}\n'],
  ] as const) {
    it(`${what} is no broken one, for setup and for the engine`, async () => {
      const before = chosen();
      await writeText(host, daemonJson, text);
      await must(host, "dockerd", "--validate", "--config-file", daemonJson);
      hostOf(await setup("insecure", registry.address));
      assert.deepEqual(await listedBy(host), [registry.address]);
      assert.equal(chosen().startsWith("\uFEFF"), text.startsWith("\uFEFF"));
      await must(host, "dockerd", "--validate", "--config-file", daemonJson);
      hostOf(await setup("undo", registry.address));
      assert.deepEqual(await listedBy(host), []);
      assert.equal(chosen(), text);
      await writeText(host, daemonJson, before);
    });
  }

  it("starts again with what setup wrote behind a byte order mark", async () => {
    const before = chosen();
    await writeText(host, daemonJson, `\uFEFF${before}`);
    hostOf(await setup("insecure", registry.address));
    await must(host, "systemctl", "restart", "docker");
    await eventually("the engine", async () => (await host.run(["docker", "info"])).code === 0);
    assert.deepEqual(await listedBy(host), [registry.address]);
    const status = await must(host, "docker", "info", "-f", "{{.Driver}} {{.DriverStatus}}");
    assert.ok(status.includes(storageOf[kind]), status);
    hostOf(await setup("undo", registry.address));
    assert.equal(chosen(), `\uFEFF${before}`);
  });
}

/** Names and networks that were told, without what the engine trusts by itself. */
async function listedBy(host: LabHost): Promise<readonly string[]> {
  const format = "{{json .RegistryConfig.InsecureRegistryCIDRs}}";
  const networks: readonly string[] = JSON.parse(await must(host, "docker", "info", "-f", format));
  const told = networks.filter((network) => network !== "127.0.0.0/8" && network !== "::1/128");
  return [...(await registriesOf(host)), ...told];
}
