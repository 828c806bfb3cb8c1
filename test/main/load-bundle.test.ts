/** The bundle as bin/run.js loads it, and what it keeps of what was compiled. */
import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Installed, installRegctl } from "../support/installed.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import { runCli } from "../support/run-cli.ts";
import { makeKey, makeLockedKey, startSshServer } from "../support/ssh-server.ts";
import { createTempHome } from "../support/temp-home.ts";

const status = "setup status --json --progress none --ssh node --on";

describe("compiled code", () => {
  let installed: Installed;
  before(async () => {
    installed = await installRegctl();
  });
  after(async () => await installed[Symbol.asyncDispose]());

  const run = (home: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    runCli(args, { program: installed.program, env: { HOME: home, NODE_COMPILE_CACHE: "", ...env } });
  const cachesOf = (home: string): string => join(home, ".cache/regctl/compiled");
  /** The one folder of this build. */
  const keptIn = async (home: string): Promise<string> => {
    const [folder = "", ...others] = await readdir(cachesOf(home));
    assert.deepEqual(others, []);
    return join(cachesOf(home), folder);
  };

  test("is kept after a run, for the user alone, and the next run does the same with it", async () => {
    await using home = await createTempHome();
    const first = await run(home.path, ["use", "registry.example:5000"]);
    const kept = await keptIn(home.path);
    const files = await readdir(kept);
    assert.ok(files.includes("main.js") && files.length > 10, files.join(" "));
    assert.ok(files.every((name) => !name.startsWith(".")));
    assert.equal((await stat(kept)).mode & 0o777, 0o700);
    assert.equal((await stat(join(kept, "main.js"))).mode & 0o777, 0o600);
    const before = await readFile(join(kept, "main.js"));
    assert.deepEqual(await run(home.path, ["use", "registry.example:5000"]), first);
    assert.deepEqual(await readFile(join(kept, "main.js")), before);
  });

  test("that is damaged is made again", async () => {
    await using home = await createTempHome();
    const first = await run(home.path, ["use"]);
    const kept = await keptIn(home.path);
    const files = (await readdir(kept)).map((name) => join(kept, name));
    const before = await readFile(join(kept, "main.js"));
    for (const [index, file] of files.entries()) {
      const size = (await stat(file)).size;
      if (index % 3 === 0) await truncate(file, Math.floor(size / 2));
      else await writeFile(file, index % 3 === 1 ? "" : Buffer.alloc(size));
    }
    assert.deepEqual(await run(home.path, ["use"]), first);
    assert.equal((await readFile(join(kept, "main.js"))).length, before.length);
  });

  test("is not taken from a folder where others may write", async () => {
    await using home = await createTempHome();
    const first = await run(home.path, ["use"]);
    const kept = await keptIn(home.path);
    await writeFile(join(kept, "main.js"), "not ours");
    await chmod(kept, 0o777);
    assert.deepEqual(await run(home.path, ["use"]), first);
    assert.equal(await readFile(join(kept, "main.js"), "utf8"), "not ours");
  });

  test("that cannot be kept is done without", async (context) => {
    if (process.geteuid?.() === 0) return context.skip("root may write anywhere");
    await using home = await createTempHome();
    await mkdir(join(home.path, ".cache"));
    await chmod(join(home.path, ".cache"), 0o500);
    assert.equal((await run(home.path, ["--help"])).code, 0);
    await chmod(join(home.path, ".cache"), 0o700);
  });

  test("is left to Node where options change V8, and kept nowhere where nothing is to be kept", async () => {
    await using home = await createTempHome();
    const env = { NODE_OPTIONS: "--max-old-space-size=512" };
    const run1 = await run(home.path, ["--help"], env);
    assert.equal(run1.code, 0);
    assert.ok((await readdir(cachesOf(home.path))).every((name) => /^v\d/.test(name)));
    await using bare = await createTempHome();
    const run2 = await run(bare.path, ["--help"], { NODE_DISABLE_COMPILE_CACHE: "1" });
    assert.equal(run2.stdout, run1.stdout);
    const made = await readdir(bare.path, { recursive: true });
    assert.ok(!made.some((name) => /-x64|-arm64/.test(name)), made.join(" "));
  });

  test("of former builds goes after a month", async () => {
    await using home = await createTempHome();
    const [old, recent] = ["0123456789abcdef-v1.0.0-x64", "fedcba9876543210-v1.0.0-x64"];
    for (const name of [old, recent]) await mkdir(join(cachesOf(home.path), name), { recursive: true });
    const longAgo = Date.now() / 1000 - 40 * 86_400;
    await utimes(join(cachesOf(home.path), old), longAgo, longAgo);
    await run(home.path, ["--help"]);
    const names = await readdir(cachesOf(home.path));
    assert.deepEqual([names.includes(old), names.includes(recent), names.length], [false, true, 2]);
  });

  test("the bundle speaks HTTP to a registry, twice", async () => {
    await using home = await createTempHome();
    await using registry = await startOwnRegistry();
    for (let time = 1; time <= 2; time += 1) {
      const { code, stdout, stderr } = await run(home.path, ["ping", registry.host, "--json"]);
      assert.equal(code, 0, stderr);
      const { scheme, capabilities } = JSON.parse(stdout);
      assert.deepEqual([scheme, capabilities.catalog, capabilities.delete], ["http", true, true]);
    }
  });

  describe("the bundle speaks SSH", () => {
    /** What stands on the host is of this machine, and may change from one moment to the next. */
    const reach = async (on: string, home: string, more = {}): Promise<string> => {
      // Where OpenSSH's ssh is found it names the known hosts of this account, whatever HOME says.
      const env = { PATH: "/nonexistent", ...more };
      const { code, stdout, stderr } = await run(home, `${status} ${on}`.split(" "), env);
      assert.deepEqual([code, stderr], [0, ""], stdout);
      return JSON.parse(stdout).hosts[0].engineKind;
    };
    const keyIn = async (home: string, text: string): Promise<void> => {
      await mkdir(join(home, ".ssh"), { recursive: true });
      await writeFile(join(home, ".ssh/id_ed25519"), text, { mode: 0o600 });
    };

    for (const kex of ["curve25519-sha256", "ecdh-sha2-nistp256", "diffie-hellman-group14-sha256"]) {
      test(`with a key in a file, by ${kex}`, async () => {
        await using home = await createTempHome();
        const key = makeKey();
        await using server = await startSshServer({ publicKeys: [key.public], kex: [kex] });
        await keyIn(home.path, key.private);
        const [fingerprint] = server.fingerprints;
        const on = `tester@127.0.0.1:${server.port} --accept-host-key ${fingerprint}`;
        assert.equal(typeof (await reach(on, home.path)), "string");
        assert.deepEqual(server.methods.at(-1), "publickey");
      });
    }

    test("with a password, after a locked key that nobody unlocks", async () => {
      await using home = await createTempHome();
      await keyIn(home.path, makeLockedKey("sesame").private);
      await using server = await startSshServer({ publicKeys: [makeKey().public], password: "open" });
      const [fingerprint] = server.fingerprints;
      const on = `tester@127.0.0.1:${server.port} --accept-host-key ${fingerprint}`;
      assert.equal(typeof (await reach(on, home.path, { REGCTL_SSH_PASSWORD: "open" })), "string");
      assert.equal(server.methods.at(-1), "password");
    });
  });
});
