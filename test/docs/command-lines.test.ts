import assert from "node:assert/strict";
import { describe, test } from "node:test";
import manifest from "../../oclif.manifest.json" with { type: "json" };
import { linesOfPage, readDocumentedLines, readPages } from "./documented-lines.ts";
import { parseWords, routeOf } from "./parse-line.ts";
import { callsOfRegctl, splitCommands } from "./shell-words.ts";
import { givenLines, goingOn, unrunLines } from "./unrun-lines.ts";

const lines = await readDocumentedLines();
const pages = await readPages();

describe("lines are read as a shell reads them", () => {
  for (const [line, commands] of [
    ["regctl tags app --filter '1.*' # all", [["regctl", "tags", "app", "--filter", "1.*"]]],
    [
      "a b 2>&1 | c -",
      [
        ["a", "b"],
        ["c", "-"],
      ],
    ],
    ['a "b \\"c\\" $D" < e > f && g', [["a", 'b "c" $D'], ["g"]]],
    ["A=$(b -c | d) e", [["A=SUBSTITUTED", "e"], ["b", "-c"], ["d"]]],
  ] as const) {
    test(line, () => assert.deepEqual(splitCommands(line), commands));
  }

  test("a quote that is not closed is an error", () => assert.throws(() => splitCommands("a 'b")));

  test("regctl is found under each of its names", () => {
    const line =
      "sudo A=b regctl ping; npx docker-regctl ping | docker regctl ping && npm run -s regctl -- ping";
    assert.deepEqual(callsOfRegctl(line), [["ping"], ["ping"], ["ping"], ["ping"]]);
    assert.deepEqual(callsOfRegctl("docker ps; npx other; # regctl ping"), []);
  });

  test("of a console what is typed and what is offered counts, of other blocks every line", () => {
    const text = [
      ...["```console", "$ regctl a", "✖ no", "  → regctl b", "regctl takes", "```"],
      ...["```sh", "regctl c \\", "  d", "regctl.json", "```", "regctl e", "```json", "regctl f", "```"],
    ].join("\n");
    assert.deepEqual(linesOfPage({ path: "p.md", text }), [
      { where: "p.md:2", line: "regctl a", printed: false },
      { where: "p.md:4", line: "regctl b", printed: true },
      { where: "p.md:5", line: "regctl takes", printed: true },
      { where: "p.md:8", line: "regctl c d", printed: false },
    ]);
  });
});

describe("every line of ours in documents and help is a command that there is", () => {
  test("there are lines of every kind", () => {
    const kinds = lines.map(({ where }) =>
      where.replace(/^docs\/.*|:\d+$/, "").replace(/.* --help$/, "--help"),
    );
    for (const kind of ["README.md", "", "--help", "help tunnels"]) assert.ok(kinds.includes(kind), kind);
  });

  for (const { where, line } of lines) {
    test(`${where}: ${line}`, async () => {
      for (const words of callsOfRegctl(line)) await parseWords(words);
    });
  }

  test("a line that is none would be found", async () => {
    for (const words of [["nope"], ["ping", "--nope"], ["ping", "a", "b"], ["tags"], ["serve", "--log", "x"]])
      await assert.rejects(parseWords(words), words.join(" "));
  });
});

describe("the tables about lines", () => {
  const typed = lines.filter(({ printed }) => !printed);
  for (const { when } of [...unrunLines, ...givenLines, ...goingOn]) {
    test(`${when} is about some line`, () => assert.ok(typed.some(({ line }) => when.test(line))));
  }
});

/** `regctl …` between backticks: forms such as `regctl tags NAME`, of which commands and flags must exist. */
function formsOf(text: string): readonly string[] {
  const prose = text.replace(/^ *```.*?^ *```/gms, "");
  return [...prose.matchAll(/`(regctl [a-z][^`]*)`/g)].map(([, form = ""]) => form);
}

const known: Readonly<Record<string, { readonly flags: object }>> = manifest.commands;
const everywhere = ["--help", "--json", "--progress", "--verbose", "--version"];

describe("every form of a command in running text", () => {
  for (const { path, text } of pages) {
    test(path, () => {
      for (const form of formsOf(text)) {
        const [call = ""] = form.split(" -- ");
        const words = call.split(/\s+/).slice(1);
        // What is more than a name is for the parser, which wants whole lines.
        const route = routeOf(words.filter((word) => /^[a-z][a-z-]*$/.test(word)));
        const flags = words.flatMap((word) => /^\[?(--[a-z-]+)/.exec(word)?.[1] ?? []);
        const has = route.kind === "command" ? Object.keys(known[route.id]?.flags ?? {}) : [];
        for (const flag of flags) {
          const name = flag.replace(/^--(no-)?/, "");
          assert.ok(everywhere.includes(flag) || has.includes(name) || has.includes(flag.slice(2)), form);
        }
      }
    });
  }
});
