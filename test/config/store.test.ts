import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { readSettings, updateSettings } from "../../src/config/store.ts";
import { isRegctlError } from "../../src/errors.ts";
import type { Clock } from "../../src/ports.ts";
import { createClock } from "../../src/system/clock.ts";
import { createFiles } from "../../src/system/files.ts";

const files = createFiles();
const clock = createClock();

async function using(use: (config: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "regctl-config-"));
  try {
    await use(join(folder, "regctl"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("updateSettings", () => {
  it("makes the file, private folder included, and leaves no lock", async () => {
    await using(async (config) => {
      assert.deepEqual(await readSettings(files, { config }), {});
      const saved = await updateSettings(files, { config }, () => ({ defaultRegistry: "reg:5000" }), clock);
      assert.deepEqual(saved, { defaultRegistry: "reg:5000" });
      assert.deepEqual(await readSettings(files, { config }), saved);
      assert.deepEqual(await readdir(config), ["config.json"]);
      assert.equal((await stat(config)).mode & 0o777, 0o700);
    });
  });

  it("touches nothing when nothing changes", async () => {
    await using(async (config) => {
      await mkdir(config, { recursive: true });
      const path = join(config, "config.json");
      await writeFile(path, '{"defaultRegistry":"a","future":1}');
      await updateSettings(files, { config }, (settings) => ({ ...settings }), clock);
      assert.equal(await readFile(path, "utf8"), '{"defaultRegistry":"a","future":1}');
    });
  });

  it("does not touch a broken file, and lets go of the lock", async () => {
    await using(async (config) => {
      await mkdir(config, { recursive: true });
      const path = join(config, "config.json");
      await writeFile(path, "{broken");
      const change = () => ({ defaultRegistry: "x" });
      await assert.rejects(updateSettings(files, { config }, change, clock), (error: unknown) =>
        isRegctlError(error, "STATE_UNREADABLE"),
      );
      assert.equal(await readFile(path, "utf8"), "{broken");
      assert.deepEqual(await readdir(config), ["config.json"]);
    });
  });

  it("loses no entry of many at once, in this process", async () => {
    await using(async (config) => {
      const names = Array.from({ length: 20 }, (_, index) => `reg${index}:5000`);
      await Promise.all(names.map((name) => add(config, name)));
      assert.deepEqual(
        Object.keys((await readSettings(files, { config })).registries ?? {}).sort(),
        names.sort(),
      );
    });
  });

  it("loses no entry of other processes", async () => {
    await using(async (config) => {
      const program = fileURLToPath(new URL("add-registries.ts", import.meta.url));
      const children = ["a", "b", "c"].map((name) =>
        spawn(process.execPath, [program, config, name, "8"], { stdio: ["ignore", "ignore", "inherit"] }),
      );
      const ends = await Promise.all(children.map((child) => once(child, "exit")));
      assert.deepEqual(
        ends.map(([code]) => code),
        [0, 0, 0],
      );
      assert.equal(Object.keys((await readSettings(files, { config })).registries ?? {}).length, 24);
      assert.deepEqual(await readdir(config), ["config.json"]);
    });
  });

  it("takes over the lock of a process that was killed", async () => {
    await using(async (config) => {
      await mkdir(config, { recursive: true });
      const lock = join(config, "config.json.lock");
      await writeFile(lock, "token of a dead process");
      const longAgo = new Date(Date.now() - 60_000);
      await utimes(lock, longAgo, longAgo);
      await Promise.all(["a:1", "b:1", "c:1"].map((name) => add(config, name)));
      assert.equal(Object.keys((await readSettings(files, { config })).registries ?? {}).length, 3);
      assert.deepEqual(await readdir(config), ["config.json"]);
    });
  });

  it("gives up on a lock that is held on and on", async () => {
    await using(async (config) => {
      await mkdir(config, { recursive: true });
      const lock = join(config, "config.json.lock");
      await writeFile(lock, "somebody");
      let now = Date.now();
      const fast: Clock = {
        now: () => new Date(now),
        sleep: async () => {
          now += 5_000;
          await utimes(lock, new Date(now), new Date(now));
        },
      };
      await assert.rejects(
        updateSettings(files, { config }, () => ({ defaultRegistry: "x" }), fast),
        (error: unknown) => isRegctlError(error, "LOCKED"),
      );
      assert.equal(await readFile(lock, "utf8"), "somebody");
      assert.deepEqual(await readSettings(files, { config }), {});
    });
  });

  it("writes nothing when it slept until the lock was another's", async () => {
    await using(async (config) => {
      const lock = join(config, "config.json.lock");
      const slow = {
        ...files,
        read: async (path: string) => {
          await writeFile(lock, "another");
          return files.read(path);
        },
      };
      await assert.rejects(
        updateSettings(slow, { config }, () => ({ defaultRegistry: "x" }), clock),
        (error: unknown) => isRegctlError(error, "LOCKED"),
      );
      assert.deepEqual(await readdir(config), ["config.json.lock"]);
      assert.equal(await readFile(lock, "utf8"), "another");
    });
  });

  it("says what the file system refused", {
    skip: process.geteuid?.() === 0 && "root may write everywhere",
  }, async () => {
    await using(async (config) => {
      await mkdir(config, { recursive: true });
      await chmod(config, 0o500);
      await assert.rejects(add(config, "a:1"), (error: unknown) => isRegctlError(error, "HOST_FILE_FAILED"));
    });
  });

  it("says that the settings cannot be read", async () => {
    await using(async (config) => {
      await mkdir(join(config, "config.json"), { recursive: true });
      await assert.rejects(readSettings(files, { config }), (error: unknown) =>
        isRegctlError(error, "STATE_UNREADABLE"),
      );
    });
  });
});

function add(config: string, name: string) {
  return updateSettings(
    files,
    { config },
    (settings) => ({ ...settings, registries: { ...settings.registries, [name]: { insecure: true } } }),
    clock,
  );
}
