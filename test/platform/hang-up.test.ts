/** The signal for a reload, sent for real: to the daemon that was seen, and to no other process. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import type { HostFacts } from "../../src/platform/facts.ts";
import { hangUp } from "../../src/platform/hang-up.ts";
import { readStartTicks } from "../../src/platform/prove.ts";
import type { Child } from "../../src/ports.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { createTempHome } from "../support/temp-home.ts";
import { daemonProcess, hostFacts } from "./hosts.ts";

const local = createLocalHost(spawn);

/** A program of this name that waits for its input; what it does is seen from how it ended. */
async function withProgram(name: string, work: (pid: number, child: Child, folder: string) => Promise<void>) {
  await using home = await createTempHome();
  await writeFile(`${home.path}/${name}`, "#!/bin/sh\necho up; read x; exit 0\n", { mode: 0o755 });
  const child = spawn([`${home.path}/${name}`]);
  try {
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await work(child.pid ?? assert.fail("it did not start"), child, home.path);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

async function factsOf(pid: number, given: Partial<HostFacts> = {}): Promise<HostFacts> {
  const startTicks = (await readStartTicks(local, pid)) ?? "";
  return hostFacts({ daemons: [daemonProcess(["dockerd"], { pid, startTicks })], pidFile: null, ...given });
}

/** Lets the program end by itself, which it does only if no signal came. */
async function assertUnharmed(child: Child): Promise<void> {
  child.stdin.end("\n");
  assert.deepEqual(await child.exited, { code: 0, signal: null });
}

describe("hang up", { timeout: 60_000 }, () => {
  test("reaches the daemon by its pid", () =>
    withProgram("dockerd", async (pid, child) => {
      assert.equal((await local.run(hangUp(await factsOf(pid)))).code, 0);
      assert.equal((await child.exited).signal, "SIGHUP");
    }));

  test("spares a later process of the same pid", () =>
    withProgram("dockerd", async (pid, child) => {
      const earlier = daemonProcess(["dockerd"], { pid, startTicks: "1" });
      const { code } = await local.run(hangUp(await factsOf(pid, { daemons: [earlier] })));
      assert.notEqual(code, 0);
      await assertUnharmed(child);
    }));

  const byPidFile = async (facts: HostFacts, folder: string, content: string | null) => {
    if (content !== null) await writeFile(`${folder}/docker.pid`, content);
    const argv = hangUp(facts).map((word) => word.replaceAll("/var/run/docker.pid", `${folder}/docker.pid`));
    assert.match(argv.join(" "), new RegExp(`${folder}/docker.pid`));
    return (await local.run(argv)).code;
  };

  test("asks the pid file where it is the daemon's, and where no daemon is seen", () =>
    withProgram("dockerd", async (pid, child, folder) => {
      const facts = await factsOf(pid, { pidFile: pid });
      assert.notEqual(await byPidFile({ ...facts, daemons: [] }, folder, null), 0);
      assert.notEqual(await byPidFile({ ...facts, daemons: [] }, folder, "\n"), 0);
      assert.equal(await byPidFile(facts, folder, `${pid}\n`), 0);
      assert.equal((await child.exited).signal, "SIGHUP");
    }));

  test("spares what the pid file names and is no daemon", () =>
    withProgram("postgres", async (pid, child, folder) => {
      assert.notEqual(await byPidFile(hostFacts({ daemons: [], pidFile: null }), folder, `${pid}\n`), 0);
      await assertUnharmed(child);
    }));

  test("never means the group of whoever runs it", () => {
    const unit = hostFacts().unit;
    for (const facts of [
      hostFacts({ daemons: [], pidFile: null, unit: null }),
      hostFacts({ daemons: [], pidFile: null, unit: unit && { ...unit, mainPid: 0 } }),
    ])
      assert.doesNotMatch(hangUp(facts).join(" "), /-HUP 0/);
  });

  test("is refused where several daemons run and nobody sees which one is asked", () => {
    const daemons = [1, 2].map((pid) =>
      daemonProcess(["dockerd", `--label=n=${pid}`], { pid, ownsSocket: "unknown" }),
    );
    assert.throws(
      () => hangUp(hostFacts({ daemons, pidFile: 1 })),
      (error) => isRegctlError(error, "ENGINE_UNREACHABLE") && /pid 1, 2/.test(error.facts.reason),
    );
  });
});
