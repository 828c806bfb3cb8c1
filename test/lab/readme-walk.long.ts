/**
 * The two commands of README.md and all that documents and help tell to type, in a fresh clone of what is committed, on a
 * machine with npm, an empty home and no cache; of the network it wants the package registry alone.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createTempHome, type TempHome } from "../support/temp-home.ts";
import { type CleanRoot, homes, openCleanRoot } from "./clean-root.ts";
import { linkNpm, noNpm, placeNpm, placeRegistries } from "./own-npm.ts";
import { openLab } from "./prerequisites.ts";
import { cloneRepository, readTypedLines } from "./readme.ts";

const ability = await openLab();
const skip = ability.can ? noNpm : ability.reason;
const [first = ""] = await readTypedLines("Five minutes");
const tenMinutes = 600_000;

for (const user of ["nosudo", "root"] as const) {
  describe(`a fresh clone, as ${user}`, { skip, timeout: 2 * tenMinutes }, () => {
    let made: TempHome;
    let machine: CleanRoot;
    const clone = `${homes[user]}/regctl`;

    before(async () => {
      made = await createTempHome();
      await cloneRepository(`${made.path}/regctl`);
      const { placed, env } = await placeRegistries();
      machine = await openCleanRoot({
        network: "machine",
        placed: [
          ...placeNpm(),
          ...placed,
          { how: "copied", from: `${made.path}/regctl`, to: clone, owner: user },
        ],
        env,
      });
      assert.equal((await machine.type("root", linkNpm)).code, 0);
    });
    after(async () => {
      await machine?.[Symbol.asyncDispose]();
      await made?.[Symbol.asyncDispose]();
    });

    async function must(line: string): Promise<string> {
      const options = { cwd: clone, timeoutMs: tenMinutes };
      const { code, stdout, stderr } = await machine.type(user, line, options);
      assert.equal(code, 0, `${line}: ${stdout.slice(-8000)}${stderr.slice(-4000)}`);
      return stdout + stderr;
    }

    it("the first line of README.md", async () => {
      assert.match(first, /^npm ci && npm run quickstart\b/);
      assert.match(await must(first), /Published, found, copied and fetched again:/);
    });

    it("every line of README.md, docs/ and --help that can be carried out", async () => {
      const told = await must("npx node --test test/docs/*.test.ts");
      assert.match(told, /^(# |ℹ )pass \d{3,}$/m);
    });
  });
}
