import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { holdFolder } from "../../src/system/folder-hold.ts";
import { repository } from "../support/run-cli.ts";
import { createTempHome } from "../support/temp-home.ts";
import { createDiskWorld } from "./disk-world.ts";

/** Holds the folder and says so, until it is killed. */
const holder = `
  const { holdFolder } = await import(process.argv[1]);
  const held = await holdFolder(process.argv[2]);
  console.log("release" in held ? "held" : held.heldBy);
  setInterval(() => {}, 1000);
`;

function startHolder(path: string) {
  const module = join(repository, "src/system/folder-hold.ts");
  const argv = ["--input-type=module", "--eval", holder, module, path];
  return spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
}

describe("a folder is held by one", () => {
  test("the second one is told who has it; after a release it is free", async () => {
    await using world = await createDiskWorld();
    const first = await world.open();
    await assert.rejects(world.open(), (error) => {
      assert.ok(isRegctlError(error, "STORAGE_LOCKED"));
      assert.equal(error.facts.path, world.path);
      assert.match(error.facts.by, new RegExp(`^process ${process.pid} on `));
      return true;
    });
    await first.close();
    await (await world.open()).close();
  });

  test("a killed holder leaves nothing that holds", async () => {
    await using home = await createTempHome();
    for (let round = 0; round < 3; round += 1) {
      const child = startHolder(home.path);
      const exited = once(child, "exit");
      try {
        const [said] = await once(child.stdout, "data");
        assert.equal(String(said).trim(), "held");
        const held = await holdFolder(home.path);
        assert.ok("heldBy" in held);
        assert.match(held.heldBy, new RegExp(`^process ${child.pid} on `));
      } finally {
        child.kill("SIGKILL");
        await exited;
      }
    }
    const held = await holdFolder(home.path);
    assert.ok("release" in held);
    assert.deepEqual(await readdir(home.path), ["lock.4"]);
    await held.release();
  });

  test("of many who start at the same moment one gets it, round after round", async () => {
    await using home = await createTempHome();
    for (let round = 0; round < 20; round += 1) {
      const all = await Promise.all(Array.from({ length: 8 }, () => holdFolder(home.path)));
      const holds = all.flatMap((one) => ("release" in one ? [one] : []));
      assert.equal(holds.length, 1, `round ${round}`);
      await holds[0]?.release();
    }
    assert.equal((await readdir(home.path)).length, 1);
  });

  test("in a path that is longer than the address of a socket", async () => {
    await using home = await createTempHome();
    const path = join(home.path, "x".repeat(120));
    await mkdir(path);
    const held = await holdFolder(path);
    assert.ok("release" in held);
    assert.ok("heldBy" in (await holdFolder(path)));
    await held.release();
    const again = await holdFolder(path);
    assert.ok("release" in again);
    await again.release();
  });
});
