/** Documented lines as tests: each is carried out as it stands, or its reason for not being is told. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type DocumentedLine, readDocumentedLines } from "./documented-lines.ts";
import { openSandbox } from "./sandbox.ts";
import { givenLines, goingOn, unrunLines } from "./unrun-lines.ts";

/** A line that stands in several places is run once, in the file that has the first of them. */
async function readRunLines(pick: (where: string) => boolean): Promise<readonly DocumentedLine[]> {
  const typed = (await readDocumentedLines()).filter(({ printed }) => !printed);
  const first = typed.filter(({ line }, index) => typed.findIndex((other) => other.line === line) === index);
  return first.filter(({ where }) => pick(where));
}

/** Names of hosts that are not the sandbox's. */
const elsewhere = /\b[\w-]+\.(example|io|com|org|net)\b|\b(?!127\.)\d+\.\d+\.\d+\.\d+(?!\/)\b/;

async function carryOut(line: string): Promise<void> {
  await using sandbox = await openSandbox(line);
  for (const { first } of givenLines.filter(({ when }) => when.test(line))) {
    const { code, output } = await sandbox.run(sandbox.translate(first));
    assert.equal(code, 0, `${first}: ${output}`);
  }
  const here = sandbox.translate(line);
  assert.doesNotMatch(here, elsewhere, "it would leave this machine");
  const until = goingOn.find(({ when }) => when.test(line))?.until;
  const { code, output } = await sandbox.run(here, until);
  assert.equal(code, until === undefined ? 0 : 130, `${here}: ${output}`);
}

export async function testLines(name: string, pick: (where: string) => boolean): Promise<void> {
  const lines = await readRunLines(pick);
  describe(name, { concurrency: 2 }, () => {
    test("has lines", () => assert.ok(lines.length > 0));
    for (const { where, line } of lines) {
      const unrun = unrunLines.find(({ when }) => when.test(line));
      test(`${where}: ${line}`, { skip: unrun?.why ?? false }, () => carryOut(line));
    }
  });
}
