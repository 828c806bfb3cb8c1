/**
 * README.md followed line by line in a fresh clone of what is committed, on a machine that has npm and nothing else. There
 * is no network: the dependencies are there as `npm ci` leaves them. readme-walk.long.ts lets npm fetch them.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { repository } from "../support/run-cli.ts";
import { makeSavedTar, makeUnpacked } from "../support/saved-tar.ts";
import { createTempHome, type TempHome } from "../support/temp-home.ts";
import { type CleanRoot, homes, openCleanRoot } from "./clean-root.ts";
import { linkNpm, noNpm, placeNpm } from "./own-npm.ts";
import { openLab } from "./prerequisites.ts";
import { cloneRepository, readTypedLines } from "./readme.ts";

const ability = await openLab();
const skip = ability.can ? noNpm : ability.reason;

/** Lines that wait for something that this machine does not have, and what has it. */
const elsewhere: readonly (readonly [line: RegExp, why: string])[] = [
  [/^npm ci$/, "readme-walk.long.ts"],
  [/^npx docker-regctl /, "packed.lab.ts, with the tarball in place of the registry"],
  [/# .*your engine/, "publish.lab.ts and pull.lab.ts have an engine"],
];

/** What a line has to show besides a good end. */
const shows: readonly (readonly [line: RegExp, told: RegExp])[] = [
  [/quickstart\b.*#/, /fetched again:/],
  [/^regctl init /, /127\.0\.0\.1:5000 is your default registry/],
  [/^regctl publish /, /team\/app:1\.0 -> sha256:/],
  [/^regctl search /, /^team\/app /m],
  [/^regctl pull /, /sha256:/],
  [/^regctl serve status/, /127\.0\.0\.1:5000/],
];

/** README says how in running text: in a clone it is `npx regctl`. */
function typedInClone(line: string): string {
  return line.replace("npm ci && ", "").replace(/^regctl /, "npx regctl ");
}

const sections = ["Five minutes", "Install", "Serve a registry"];
const lines = (await Promise.all(sections.map(readTypedLines))).flat();

for (const user of ["nosudo", "root"] as const) {
  describe(`README.md, as ${user}`, { skip, timeout: 300_000 }, () => {
    let made: TempHome;
    let machine: CleanRoot;
    const clone = `${homes[user]}/regctl`;

    before(async () => {
      made = await createTempHome();
      await cloneRepository(`${made.path}/regctl`);
      await writeFile(
        `${made.path}/regctl/app.tar`,
        makeSavedTar("docker-28", makeUnpacked([20_000, 30_000])),
      );
      machine = await openCleanRoot({
        network: "loopback",
        placed: [
          ...placeNpm(),
          { how: "copied", from: `${made.path}/regctl`, to: clone, owner: user },
          { how: "layered", from: `${repository}/node_modules`, to: `${clone}/node_modules`, owner: user },
        ],
      });
      assert.equal((await machine.type("root", linkNpm)).code, 0);
    });
    after(async () => {
      await machine?.[Symbol.asyncDispose]();
      await made?.[Symbol.asyncDispose]();
    });

    for (const line of lines) {
      const why = elsewhere.find(([pattern]) => pattern.test(line))?.[1];
      it(line, { skip: why ?? false }, async () => {
        const { code, stdout, stderr } = await machine.type(user, typedInClone(line), { cwd: clone });
        assert.equal(code, 0, stdout + stderr);
        const told = shows.find(([pattern]) => pattern.test(line))?.[1] ?? /./;
        assert.match(stdout + stderr, told);
        assert.doesNotMatch(stdout + stderr, /[^\p{ASCII}]/u);
      });
    }
  });
}

it("README.md has its lines where they are looked for", () => {
  assert.ok(lines.length >= 12, lines.join("\n"));
  for (const [pattern] of [...elsewhere, ...shows]) {
    assert.ok(
      lines.some((line) => pattern.test(line)),
      `${pattern} is about some line`,
    );
  }
});
