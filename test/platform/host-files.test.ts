/** The scripts that change files, hold the lock and keep the journal, run for real on this machine. No root needed. */
import assert from "node:assert/strict";
import { chmod, lstat, readdir, readFile, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { applyEdit, sha256 } from "../../src/platform/host-files.ts";
import { type JournalEntry, parseJournal, readBackup, writeEntry } from "../../src/platform/journal.ts";
import { lockHost } from "../../src/platform/lock.ts";
import type { FileEdit } from "../../src/platform/plan.ts";
import type { Host, Spawn } from "../../src/ports.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { untilGone } from "../contract/host.ts";
import { createTempHome } from "../support/temp-home.ts";

const timeout = 60_000;
const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;
const local = createLocalHost(spawn);

/** Runs our scripts by busybox, as small hosts do. */
const busybox: Host = {
  ...local,
  run: (argv, options) => local.run(argv[0] === "sh" ? ["busybox", ...argv] : argv, options),
  open: (argv) => local.open(argv[0] === "sh" ? ["busybox", ...argv] : argv),
};
const hasBusybox = (await local.run(["busybox", "sh", "-c", "true"])).code === 0;
const hosts = { sh: local, ...(hasBusybox ? { "busybox sh": busybox } : {}) };

function edit(target: string, before: string | null, after: string | null, mode = "644"): FileEdit {
  return { path: target, target, before, after, mode, uid, gid };
}

test("busybox sh", { skip: hasBusybox ? false : "busybox is not installed" }, () => {});

for (const [shell, host] of Object.entries(hosts)) {
  describe(`files, by ${shell}`, { timeout }, () => {
    test("a new file, below folders that are not there yet", async () => {
      await using home = await createTempHome();
      const target = `${home.path}/etc/docker/daemon.json`;
      await applyEdit(host, edit(target, null, "{}\n", "640"));
      assert.equal(await readFile(target, "utf8"), "{}\n");
      const { mode, uid: owner } = await stat(target);
      assert.deepEqual([mode & 0o7777, owner], [0o640, uid]);
      assert.equal((await stat(`${home.path}/etc`)).mode & 0o777, 0o755);
      assert.deepEqual(
        await readdir(`${home.path}/etc/docker`),
        ["daemon.json"],
        "nothing temporary is left",
      );
    });

    test("an old file is replaced as a whole; its mode stays, whatever the plan says", async () => {
      await using home = await createTempHome();
      const target = `${home.path}/it's "a" $(file)`;
      await writeFile(target, "old\n");
      await chmod(target, 0o604);
      const { ino } = await stat(target);
      const after = "new \u0001 'q' $x `y` \\n é\r\nno final end";
      await applyEdit(host, edit(target, "old\n", after, "777"));
      assert.equal(await readFile(target, "utf8"), after);
      const now = await stat(target);
      assert.equal(now.mode & 0o7777, 0o604);
      assert.notEqual(now.ino, ino, "replaced, not written into");
      assert.equal((await readdir(home.path)).length, 1);
    });

    test("a link stays a link, and what it leads to changes", async () => {
      await using home = await createTempHome();
      const target = `${home.path}/real`;
      await writeFile(target, "old");
      await symlink("real", `${home.path}/link`);
      await applyEdit(host, { ...edit(target, "old", "new"), path: `${home.path}/link` });
      assert.equal(await readlink(`${home.path}/link`), "real");
      assert.equal(await readFile(`${home.path}/link`, "utf8"), "new");
    });

    test("a file that is not as it was planned is left alone: changed, gone, or there now", async () => {
      await using home = await createTempHome();
      const target = `${home.path}/f`;
      const refused = (promise: Promise<void>) =>
        assert.rejects(
          promise,
          (error) => isRegctlError(error, "CHANGED_SINCE_PLANNED") && error.facts.path === target,
        );
      await writeFile(target, "theirs");
      await refused(applyEdit(host, edit(target, "old", "new")));
      await refused(applyEdit(host, edit(target, null, "new")));
      await refused(applyEdit(host, edit(target, "old", null)));
      assert.deepEqual([await readFile(target, "utf8"), await readdir(home.path)], ["theirs", ["f"]]);
      await assert.rejects(applyEdit(host, edit(`${target}2`, "old", "new")), (error) =>
        isRegctlError(error),
      );
      assert.deepEqual(await readdir(home.path), ["f"]);
    });

    test("a file is taken away, and nothing is done where nothing changes", async () => {
      await using home = await createTempHome();
      const target = `${home.path}/f`;
      await writeFile(target, "old");
      await applyEdit(host, edit(target, "old", "old"));
      await applyEdit(host, edit(`${home.path}/none`, null, null));
      assert.equal(await readFile(target, "utf8"), "old");
      await applyEdit(host, edit(target, "old", null));
      assert.deepEqual(await readdir(home.path), []);
    });

    test("a text that arrives cut is refused, and the old file stays", async () => {
      await using home = await createTempHome();
      const target = `${home.path}/f`;
      await writeFile(target, "old");
      const cut: Host = {
        ...host,
        run: (argv, options) => host.run(argv, { ...options, input: String(options?.input).slice(0, 5) }),
      };
      await assert.rejects(
        applyEdit(cut, edit(target, "old", "a long new text")),
        /HOST_FILE_FAILED.*did not arrive whole/,
      );
      assert.deepEqual([await readFile(target, "utf8"), await readdir(home.path)], ["old", ["f"]]);
    });

    test("what a killed run left is cleared away, other files are not", async () => {
      await using home = await createTempHome();
      for (const name of ["f", ".f.regctl.123", ".f.swp", ".g.regctl.1"])
        await writeFile(`${home.path}/${name}`, "old");
      await applyEdit(host, edit(`${home.path}/f`, "old", "new"));
      assert.deepEqual((await readdir(home.path)).sort(), [".f.swp", ".g.regctl.1", "f"]);
    });

    test("killed while the text is on its way: the old file is whole", async () => {
      await using home = await createTempHome();
      const target = `${home.path}/f`;
      await writeFile(target, "old");
      const started: { pid: number }[] = [];
      const watched: Spawn = (argv, options) => {
        const child = spawn(host === busybox && argv[0] === "sh" ? ["busybox", ...argv] : argv, options);
        if (child.pid !== undefined) started.push({ pid: child.pid });
        // The last byte never comes.
        const { stdin } = child;
        stdin.end = ((data: string) => {
          stdin.write(data.slice(0, -1));
          return stdin;
        }) as typeof stdin.end;
        return child;
      };
      const writing = applyEdit(createLocalHost(watched), edit(target, "old", "x".repeat(10_000)));
      const failed = assert.rejects(writing);
      await untilThere(home.path, /\.f\.regctl/);
      const [child] = started;
      assert.ok(child);
      process.kill(-child.pid, "SIGKILL");
      await failed;
      assert.equal(await readFile(target, "utf8"), "old");
      await applyEdit(host, edit(target, "old", "new"));
      assert.deepEqual(await readdir(home.path), ["f"], "the next run cleans up");
    });

    test("a folder that cannot be written is told with the system's words", async (context) => {
      if (uid === 0) return context.skip("root writes everywhere");
      await using home = await createTempHome();
      await writeFile(`${home.path}/f`, "old");
      await chmod(home.path, 0o555);
      await assert.rejects(
        applyEdit(host, edit(`${home.path}/f`, "old", "new")),
        /HOST_FILE_FAILED.*[Pp]ermission denied/,
      );
      await chmod(home.path, 0o755);
      assert.equal(await readFile(`${home.path}/f`, "utf8"), "old");
    });
  });

  describe(`journal, by ${shell}`, { timeout }, () => {
    const entry = (folder: string, target: string, before: string): JournalEntry => ({
      version: 1,
      id: "20260101T000000000Z-1",
      at: "2026-01-01T00:00:00.000Z",
      by: "me@here",
      action: "insecure",
      registry: "reg.test:5000",
      state: "begun",
      edits: [
        {
          path: target,
          target,
          beforeSha: sha256(before),
          afterSha: sha256("new"),
          backup: `${folder}/backups/20260101T000000000Z-1-0`,
          mode: "644",
          uid,
          gid,
        },
      ],
    });

    test("folders are 0700, backups 0600 and never overwritten, entries readable again", async (context) => {
      if (uid !== 0) return context.skip("backups are given to root");
      await using home = await createTempHome();
      const folder = `${home.path}/state dir`;
      const target = `${home.path}/f`;
      await writeFile(target, "http_proxy=http://u:secret@proxy\n", { mode: 0o644 });
      const begun = entry(folder, target, await readFile(target, "utf8"));
      await writeEntry(host, folder, begun);
      await writeFile(target, "new");
      await writeEntry(host, folder, begun);
      await writeEntry(host, folder, { ...begun, state: "done" });
      for (const path of [folder, `${folder}/journal`, `${folder}/backups`]) {
        assert.equal((await stat(path)).mode & 0o777, 0o700, path);
      }
      const backup = begun.edits[0]?.backup ?? "";
      assert.equal((await stat(backup)).mode & 0o777, 0o600);
      assert.equal(await readBackup(host, backup), "http_proxy=http://u:secret@proxy\n");
      assert.equal(await readBackup(host, `${backup}x`), null);
      const name = `${begun.id}.json`;
      assert.deepEqual(await readdir(`${folder}/journal`), [name]);
      assert.equal((await stat(`${folder}/journal/${name}`)).mode & 0o777, 0o600);
      const read = parseJournal({ [name]: await readFile(`${folder}/journal/${name}`, "utf8") });
      assert.deepEqual(read, [{ ...begun, state: "done" }]);
    });

    test("an entry that arrives cut is none", async () => {
      await using home = await createTempHome();
      const cut: Host = {
        ...host,
        run: (argv, options) => host.run(argv, { ...options, input: String(options?.input).slice(0, 40) }),
      };
      const begun = { ...entry(home.path, `${home.path}/f`, ""), edits: [] };
      await assert.rejects(writeEntry(cut, home.path, begun), (error) =>
        isRegctlError(error, "HOST_FILE_FAILED"),
      );
      assert.deepEqual(await readdir(`${home.path}/journal`), []);
    });
  });

  describe(`lock, by ${shell}`, { timeout }, () => {
    test("one holder at a time; who waits is told for whom, once", async () => {
      await using home = await createTempHome();
      const order: string[] = [];
      const first = await lockHost(host, home.path, "ann@laptop for a:1", timeout, () =>
        assert.fail("nobody else is there"),
      );
      const told: string[] = [];
      const waiting = lockHost(host, home.path, "bob@desk for b:2", timeout, (by) => told.push(by)).then(
        (lock) => {
          order.push("second");
          return lock;
        },
      );
      await until(() => told.length > 0);
      order.push("release");
      await first.release();
      const second = await waiting;
      assert.deepEqual(order, ["release", "second"]);
      assert.deepEqual(told, ["ann@laptop for a:1"]);
      await second.release();
      await until(async () => (await readdir(home.path)).length === 0);
    });

    test("five at once: each has it alone", async () => {
      await using home = await createTempHome();
      let holders = 0;
      const work = async (who: string) => {
        const lock = await lockHost(host, home.path, who, timeout, () => {});
        holders += 1;
        assert.equal(holders, 1);
        await new Promise((resolve) => setTimeout(resolve, 30));
        holders -= 1;
        await lock.release();
      };
      await Promise.all(["a", "b", "c", "d", "e"].map(work));
      assert.equal(holders, 0);
    });

    test("it is not free in time: LOCKED, and by whom", async () => {
      await using home = await createTempHome();
      const first = await lockHost(host, home.path, "ann for a:1", timeout, () => {});
      await assert.rejects(
        lockHost(host, home.path, "bob", 700, () => {}),
        (error) => isRegctlError(error, "LOCKED") && error.facts.by === "ann for a:1",
      );
      await first.release();
      const later = await lockHost(host, home.path, "bob", timeout, () => assert.fail("it is free"));
      await later.release();
    });

    test("it goes with the holder's stream, and with the holder's shell killed", async () => {
      await using home = await createTempHome();
      const streams: { destroy(): void }[] = [];
      const watched: Host = {
        ...host,
        open: async (argv) => {
          const stream = await host.open(argv);
          streams.push(stream);
          stream.on("error", () => {});
          return stream;
        },
      };
      await lockHost(watched, home.path, "ann", timeout, () => {});
      streams[0]?.destroy();
      await lockHost(watched, home.path, "bob", timeout, () => {});
      const pid = Number((await readlink(`${home.path}/lock`)).split(" ")[0]);
      process.kill(pid, "SIGKILL");
      await untilGone(pid);
      assert.ok(await lstat(`${home.path}/lock`), "the killed shell could not take it away");
      const third = await lockHost(host, home.path, "cy", timeout, () => {});
      await third.release();
    });

    test("a lock of before a power cut is taken over: its pid is nobody, or somebody else by now", async () => {
      await using home = await createTempHome();
      for (const stale of ["4194303 12345 ann for a:1", `${process.pid} 1 ann for a:1`, "garbage"]) {
        await symlink(stale, `${home.path}/lock`);
        const lock = await lockHost(host, home.path, "bob", timeout, () => assert.fail(`waits for ${stale}`));
        assert.match(await readlink(`${home.path}/lock`), / bob$/);
        await lock.release();
        await until(async () => (await readdir(home.path)).length === 0);
      }
    });

    test("a folder that cannot be made says so", async () => {
      await using home = await createTempHome();
      await writeFile(`${home.path}/file`, "");
      await assert.rejects(
        lockHost(host, `${home.path}/file/state`, "ann", timeout, () => {}),
        (error) => isRegctlError(error, "HOST_FILE_FAILED") && /cannot make/.test(error.facts.problem),
      );
    });

    test("what is no lock of ours is not waited for", async () => {
      await using home = await createTempHome();
      await writeFile(`${home.path}/lock`, "");
      await assert.rejects(
        lockHost(host, home.path, "ann", timeout, () => {}),
        (error) => isRegctlError(error, "HOST_FILE_FAILED") && /in the way/.test(error.facts.problem),
      );
    });

    test("the folder is nobody else's business", async () => {
      await using home = await createTempHome();
      const folder = `${home.path}/state`;
      const lock = await lockHost(host, folder, "ann", timeout, () => {});
      assert.equal((await stat(folder)).mode & 0o777, 0o700);
      await lock.release();
    });
  });
}

/** Waits for a condition; the test's deadline is the limit. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

function untilThere(folder: string, name: RegExp): Promise<void> {
  return until(async () => (await readdir(folder)).some((each) => name.test(each)));
}
