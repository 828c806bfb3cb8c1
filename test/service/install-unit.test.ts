import assert from "node:assert/strict";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { Host } from "../../src/ports.ts";
import {
  installUnit,
  planUnit,
  removeUnit,
  takeBackUnit,
  type UnitWorld,
} from "../../src/service/install-unit.ts";
import { createFiles } from "../../src/system/files.ts";
import { createTempHome } from "../support/temp-home.ts";

const name = "regctl-tunnel-0123456789ab.service";
const facts = {
  description: "A tunnel",
  argv: ["/bin/true"],
  writes: null,
  folder: "regctl",
  asRoot: true,
  lowPort: false,
};

/** A user whose systemctl ends so, and the command lines that it was given. */
function openUser(home: string, answer: (line: string) => string | null = () => null) {
  const lines: string[] = [];
  const run: Host["run"] = async (argv) => {
    const line = argv.join(" ");
    lines.push(line);
    const problem = answer(line);
    return { code: problem === null ? 0 : 1, stdout: Buffer.alloc(0), stderr: Buffer.from(problem ?? "") };
  };
  const never = async () => assert.fail("nothing else is done on the host");
  const host: Host = { name: "localhost", local: true, run, open: never, dial: never };
  const world: UnitWorld = {
    environment: {},
    home,
    files: createFiles(),
    isRoot: false,
    localHost: async () => host,
  };
  return { world, lines };
}

test("where systemd does not answer, nothing is written and nothing is taken away", async () => {
  await using home = await createTempHome();
  const { world } = openUser(home.path, () => "Failed to connect to bus: No medium found\n");
  const plan = await planUnit(name, facts, world);
  const noManager = {
    code: "NO_SERVICE_MANAGER",
    facts: { scope: "user", reason: "Failed to connect to bus: No medium found" },
  };
  await assert.rejects(installUnit(plan, world), noManager);
  await assert.rejects(access(join(home.path, ".config")));
  assert.equal(await removeUnit(name, world, "user"), null);
  await mkdir(dirname(plan.path), { recursive: true });
  await writeFile(plan.path, plan.content);
  await assert.rejects(removeUnit(name, world, "user"), noManager);
  await access(plan.path);
});

test("a new unit is taken back with its file, a changed one to what it was", async () => {
  await using home = await createTempHome();
  const { world, lines } = openUser(home.path);
  const first = await planUnit(name, facts, world);
  assert.equal(first.changed, true);
  await installUnit(first, world);
  assert.equal(await readFile(first.path, "utf8"), first.content);
  assert.equal((await planUnit(name, facts, world)).changed, false);

  const second = await planUnit(name, { ...facts, description: "Another one" }, world);
  assert.equal(second.before, first.content);
  await installUnit(second, world);
  lines.length = 0;
  await takeBackUnit(second, world);
  assert.equal(await readFile(first.path, "utf8"), first.content);
  assert.equal(lines.at(-1), `systemctl --user restart ${name}`);

  lines.length = 0;
  await takeBackUnit(first, world);
  await assert.rejects(access(first.path));
  assert.deepEqual(lines.slice(1), [
    `systemctl --user disable --now ${name}`,
    "systemctl --user daemon-reload",
  ]);
});
