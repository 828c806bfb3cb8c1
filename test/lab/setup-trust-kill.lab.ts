/**
 * `setup trust` of a registry that was listed as insecure, and the undo of it, killed before each of their steps: the
 * engine reaches the registry in one way or the other each time, and the same command run again finishes.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { applySteps } from "../../src/platform/apply.ts";
import { createTlsAuthority, type TlsAuthority } from "../support/tls-authority.ts";
import { containerPid, daemonJson, listed, readText, strays, untilUnlocked } from "./fault-host.ts";
import { type DifficultRegistry, listenWithChangingTls } from "./fault-registry.ts";
import { runDriver } from "./fault-run.ts";
import { type LabHost, runContainer, startHost } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { hostOf, openPerson, type Person } from "./regctl-over-ssh.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

describe("setup trust is killed in the middle", { skip, concurrency: 1, timeout: 400_000 }, () => {
  let host: LabHost;
  let person: Person;
  let authority: TlsAuthority;
  let registry: DifficultRegistry;
  let container: string;
  let alive: number;

  before(async () => {
    [host, authority] = await Promise.all([startHost("systemd"), createTlsAuthority("lab authority")]);
    person = await openPerson(host);
    await writeFile(`${person.home}/ca.pem`, authority.ca);
    const tls = await authority.issue({ names: [`IP:${host.gateway}`] });
    registry = await listenWithChangingTls(host.gateway, [tls]);
    container = await runContainer(host, "survivor");
    alive = await containerPid(host, container);
  });
  after(async () => {
    registry?.close();
    await person?.leave();
    await host?.stop();
    await authority?.[Symbol.asyncDispose]();
  });

  const on = () => ["--on", host.name, "--json", "--progress", "none"];
  const insecure = async () =>
    hostOf(await person.regctl(["setup", "insecure", registry.address, "--yes", ...on()]));
  const ca = () => `${person.home}/ca.pem`;
  const trust = async () =>
    hostOf(await person.regctl(["setup", "trust", registry.address, "--ca", ca(), ...on()]));
  const undo = async () => hostOf(await person.regctl(["setup", "undo", registry.address, ...on()]));
  const caFile = () => `/etc/docker/certs.d/${registry.address}/ca.crt`;
  const end = (action: "trust" | "undo", at: string | null) =>
    runDriver(person, { action, registry: registry.address, ca: ca(), on: host.name, ssh: "node", at });

  /** Every step comes; `half` is amid the bytes of each text that is written. */
  const pointsOf = (steps: readonly string[], texts: number): readonly string[] => {
    for (const step of applySteps) assert.ok(steps.includes(`${step}:1`), `${step} never happened`);
    const names: readonly string[] = applySteps;
    const ours = steps.filter((point) => names.includes(point.split(":")[0] ?? ""));
    return [...ours, ...Array.from({ length: texts }, (_, index) => `half:${index + 1}`)];
  };

  const reaches = async (): Promise<boolean> => {
    const { stderr } = await host.run(["docker", "pull", `${registry.address}/none:1`]);
    return /manifest unknown|not found/.test(stderr);
  };

  const assertWhole = async (): Promise<void> => {
    assert.equal(await containerPid(host, container), alive);
    await untilUnlocked(host);
    assert.ok([null, authority.ca].includes(readText(host, caFile())), "a certificate by half");
    JSON.parse(readText(host, daemonJson) ?? "{}");
  };

  const assertGone = async (): Promise<void> => {
    assert.deepEqual([readText(host, caFile()), readText(host, daemonJson)], [null, null]);
    assert.deepEqual(await listed(host), []);
    assert.deepEqual(strays(host, daemonJson), []);
    assert.equal((await host.run(["test", "-e", "/etc/docker/certs.d"])).code, 1);
  };

  it("in place of an insecure entry", async (t) => {
    assert.equal((await insecure()).proved, true);
    const whole = await end("trust", null);
    assert.equal(whole.exitCode, 0);
    const back = await end("undo", null);
    assert.equal(back.exitCode, 0);
    await assertGone();
    // The certificate, and the two texts by which an engine forgets; the undo removes a file and writes none.
    const points = pointsOf(whole.steps, 2);
    for (const point of points) {
      await t.test(`trust killed at ${point}`, async () => {
        assert.equal((await insecure()).proved, true);
        assert.equal((await end("trust", point)).signal, "SIGKILL");
        await assertWhole();
        assert.equal(await reaches(), true, "neither insecure nor trusted");
        const again = await trust();
        assert.equal(again.proved, true);
        await assertWhole();
        assert.deepEqual([readText(host, caFile()), await listed(host)], [authority.ca, []]);
        assert.equal(await reaches(), true);
        assert.equal((await undo()).proved, true);
        await assertGone();
      });
    }
    for (const point of pointsOf(back.steps, 0)) {
      await t.test(`its undo killed at ${point}`, async () => {
        assert.equal((await trust()).proved, true);
        const { signal } = await end("undo", point);
        // Without an insecure entry before, an undo of one file has fewer steps.
        if (signal === null) return await assertGone();
        await assertWhole();
        assert.equal((await undo()).proved, true);
        await assertGone();
      });
    }
  });
});
