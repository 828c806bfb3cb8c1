/** The lock where runs overtake each other, and who is interrupted while waiting. No root needed. */
import assert from "node:assert/strict";
import { readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { isRegctlError, RegctlError } from "../../src/errors.ts";
import { lockHost } from "../../src/platform/lock.ts";
import { readStartTicks } from "../../src/platform/prove.ts";
import { settleUndone } from "../../src/platform/settle.ts";
import type { Host } from "../../src/ports.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { createTempHome } from "../support/temp-home.ts";

const local = createLocalHost(spawn);
const forever = 60_000;
/** A lock of a process that lives: this one. */
const living = `${process.pid} ${await readStartTicks(local, process.pid)}`;
const stale = "4194303 12345 ann for a:1";

function isHeldBy(error: unknown, by: string): boolean {
  return isRegctlError(error, "LOCKED") && error.facts.by === by;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("lock", { timeout: 120_000 }, () => {
  test("a holder takes away its own lock only", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/lock`;
    const first = await lockHost(local, home.path, "ann", forever, () => {});
    await rm(path);
    await symlink(`${living} bob`, path);
    await first.release();
    await until(async () => !(await lives(local, home.path)));
    assert.equal(await readlink(path), `${living} bob`);
  });

  test("a lock made while a stale one is taken away stays, and is waited for", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/lock`;
    await symlink(stale, path);
    // Two other runs, each at the worst moment: right after we read the stale lock, and once more after that.
    const readlinkScript = `#!/bin/sh
said=$(/usr/bin/env PATH="$OLD_PATH" readlink "$@"); code=$?
[ -e "${home.path}/first" ] && [ ! -L "${path}" ] && ln -s "${living} second" "${path}" && : > "${home.path}/second"
[ -e "${home.path}/first" ] || { ln -sfn "${living} first" "${path}"; : > "${home.path}/first"; }
[ $code = 0 ] && printf '%s\\n' "$said"; exit $code
`;
    await writeFile(`${home.path}/readlink`, readlinkScript, { mode: 0o755 });
    const env = { OLD_PATH: process.env.PATH, PATH: `${home.path}:${process.env.PATH}` };
    const raced = createLocalHost((argv, options) => spawn(argv, { ...options, env }));
    await assert.rejects(
      lockHost(raced, home.path, "me", 1500, () => {}),
      (error) => {
        const names = ["first", "second"].filter((name) => isHeldBy(error, name));
        return names.length === 1;
      },
    );
    const made = (await readdir(home.path)).filter((name) => name === "first" || name === "second");
    assert.equal(await readlink(path), `${living} ${made.includes("second") ? "second" : "first"}`);
  });

  test("a stale lock is taken away by one run at a time", async () => {
    await using home = await createTempHome();
    await symlink(stale, `${home.path}/lock`);
    await symlink(`${living} bob`, `${home.path}/lock.taker`);
    await assert.rejects(
      lockHost(local, home.path, "me", 700, () => {}),
      (error) => isRegctlError(error, "LOCKED"),
    );
    assert.equal(await readlink(`${home.path}/lock`), stale);
    await rm(`${home.path}/lock.taker`);
    await symlink("4194303 1 bob", `${home.path}/lock.taker`);
    const lock = await lockHost(local, home.path, "me", forever, () => {});
    assert.deepEqual(await readdir(home.path), ["lock"], "one that was killed while it did is no hindrance");
    await lock.release();
  });

  test("whoever waits is interrupted at once, and leaves the lock to its holder", async () => {
    await using home = await createTempHome();
    const first = await lockHost(local, home.path, "ann", forever, () => {});
    const ways = [
      (signal: AbortSignal, onWait: () => void) => lockHost(local, home.path, "me", forever, onWait, signal),
      (signal: AbortSignal, onWait: () => void) => {
        setTimeout(onWait, 100);
        return settleUndone(local, home.path, [], "me", signal);
      },
    ];
    for (const wait of ways) {
      const controller = new AbortController();
      const interrupted = new RegctlError("INTERRUPTED", { signal: "SIGINT" });
      await assert.rejects(
        wait(controller.signal, () => controller.abort(interrupted)),
        (error) => error === interrupted,
      );
    }
    assert.match(await readlink(`${home.path}/lock`), / ann$/);
    await assert.rejects(
      lockHost(local, home.path, "me", forever, () => {}, AbortSignal.abort(new Error("before"))),
      /before/,
    );
    await first.release();
    const next = await lockHost(local, home.path, "me", forever, () => {});
    await next.release();
  });
});

/** Whether a shell of ours still runs for this folder. */
async function lives(host: Host, folder: string): Promise<boolean> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return host.local && lines.some((line) => line.includes("regctl-lock") && line.includes(folder));
}
