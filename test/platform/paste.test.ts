/** The lines of `--print`, pasted into a shell: they must make exactly the texts that were planned. */
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { quoteLine } from "../../src/explain/quote.ts";
import { renderPaste } from "../../src/platform/paste.ts";
import type { ChangePlan, FileEdit, Plan } from "../../src/platform/plan.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { createTempHome } from "../support/temp-home.ts";

const local = createLocalHost(spawn);

function planOf(edits: readonly FileEdit[]): ChangePlan {
  const activation = { kind: "reload", command: ["touch", "reloaded it's"] } as const;
  const phase = { why: "", edits, activation, expect: { listed: {} } };
  const about = {
    host: "h",
    platform: "systemd",
    evidence: [],
    engineVersion: null,
    notes: [],
    consents: [],
  };
  return { ...about, kind: "change", owner: "file", path: "p", phases: [phase] };
}

const pieces = [
  "{",
  "\n",
  "\t",
  "\r\n",
  "'",
  '"',
  "\\",
  "\\n",
  "%s",
  "$HOME",
  "`id`",
  " ",
  "é",
  "\u0001",
  "!",
  "#",
  "-n",
  "\uFEFF",
  "0",
  "END",
];
const texts = fc
  .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join(""));

test("pasted lines write the planned bytes, keep the old file beside, and run the command", async () => {
  const shells = ["sh", ...((await local.run(["bash", "-c", "true"])).code === 0 ? ["bash"] : [])];
  const property = fc.asyncProperty(
    texts,
    fc.option(texts),
    fc.constantFrom(...shells),
    async (after, before, shell) => {
      await using home = await createTempHome();
      const path = `${home.path}/etc/an odd 'folder'/daemon.json`;
      if (before !== null) {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, before);
      }
      const edit = { path, target: path, before, after, mode: "644", uid: 0, gid: 0 };
      const lines = renderPaste(planOf([edit]), quoteLine);
      for (const line of lines) assert.doesNotMatch(line, /\p{Cc}/u, "what a terminal would act on");
      const script = `cd ${home.path}\nsudo() { "$@"; }\n${lines.join("\n")}\n`;
      const { code, stderr } = await local.run([shell, "-s"], { input: script });
      assert.equal(code, 0, stderr.toString());
      assert.equal(await readFile(path, "utf8"), after);
      if (before !== null) assert.equal(await readFile(`${path}.before-regctl`, "utf8"), before);
      await readFile(`${home.path}/reloaded it's`);
    },
  );
  await fc.assert(property, { numRuns: 60, interruptAfterTimeLimit: 60_000 });
});

test("a file that goes is taken away; nothing to do is no line", async () => {
  const edit = { path: "/a b", target: "/a b", before: "x", after: null, mode: "644", uid: 0, gid: 0 };
  assert.deepEqual(renderPaste(planOf([edit]), quoteLine).slice(0, 2), [
    "sudo cp -p '/a b' '/a b.before-regctl'",
    "sudo rm '/a b'",
  ]);
  const { phases: _, consents: __, ...about } = planOf([]);
  const nothing: Plan = { ...about, kind: "nothing", why: "already", detail: "r" };
  assert.deepEqual(renderPaste(nothing, quoteLine), []);
});
