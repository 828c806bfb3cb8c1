/** The pictures of docs/pictures/: made by `npm run recordings`, light, whole, and shown somewhere. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { parseRows, textOf, trimRows } from "../../scripts/recordings/cells.ts";
import { columns, pictures } from "../../scripts/recordings/pictures.ts";
import { renderSvg } from "../../scripts/recordings/svg.ts";
import { openTerminal } from "../../scripts/recordings/terminal.ts";
import { repository } from "../support/run-cli.ts";
import { noScreen } from "../support/screen.ts";
import { readPages } from "./documented-lines.ts";

const most = 60_000;
const names = Object.keys(pictures);
const pages = await readPages();
const shown = pages.flatMap(({ path, text }) =>
  [...text.matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)].map(([, words = "", target = ""]) => ({
    path,
    words,
    target,
  })),
);
const read = (name: string) => readFile(`${repository}/docs/pictures/${name}.svg`, "utf8");

const markup =
  /<(\/?)([a-z][\w:-]*)((?:\s+[a-z][\w:-]*="[^"<]*")*)\s*(\/?)>|<[^>]*>|&(?:#\d+|amp|lt|gt|quot);|[&<]/gi;

/** What is wrong with a text as XML of elements, attributes and characters alone; null when nothing is. */
function faultOfXml(text: string): string | null {
  const open: string[] = [];
  for (const { 0: found, 1: end, 2: name, 4: empty, index } of text.matchAll(markup)) {
    const fault = `${found} at ${index}`;
    if (name === undefined) {
      if (found.length === 1 || found.startsWith("<")) return fault;
    } else if (end === "/") {
      if (open.pop() !== name) return fault;
    } else if (empty === "") open.push(name);
    if (open.length === 0 && text.slice(index + found.length).trim() !== "") return `more behind ${fault}`;
  }
  return open.length === 0 ? null : `${open.join(" ")} without an end`;
}

describe("a picture", () => {
  test("a captured screen is read with its colours, which go on until they end", () => {
    const rows = parseRows("\u001b[1m\u001b[32mok\u001b[0m then\u001b[2m\nmore\u001b[22m.\n\n");
    const plain = { colour: null, bold: false, dim: false };
    assert.deepEqual(trimRows(rows), [
      [
        { text: "ok", colour: 2, bold: true, dim: false },
        { ...plain, text: " then" },
      ],
      [
        { ...plain, dim: true, text: "more" },
        { ...plain, text: "." },
      ],
    ]);
    assert.equal(textOf(rows[0] ?? []), "ok then");
  });

  test("what a terminal shows is text in the file, never markup", () => {
    const rows = parseRows('a <b> & "c"');
    const svg = renderSvg([{ rows, seconds: 0 }], { title: "<t>", columns: 80 });
    assert.equal(faultOfXml(svg), null);
    assert.ok(svg.includes("a &#60;b&#62; &#38; &#34;c&#34;"));
  });

  test("whoever shows no film sees its last screen", () => {
    const screens = ["first", "last"].map((text) => ({ rows: parseRows(text), seconds: 1 }));
    const svg = renderSvg(screens, { title: "t", columns: 10 });
    const [, first, last] =
      /translate\((\d+)\).*translate\((\d+)\)/s.exec(svg.split('class="film"')[1] ?? "") ?? [];
    assert.ok(Number(first) >= 10 * 8);
    assert.equal(last, "0");
  });

  test("a line is typed, and seen until the shell asks for the next one", { skip: noScreen }, async () => {
    await using terminal = await openTerminal({ columns: 40, rows: 10, place: ["env", "HOME=/"] });
    const screens = await terminal.enter("printf 'one\\n\\033[31mtwo\\033[0m\\n'");
    const told = trimRows(screens.at(-1)?.rows ?? []);
    assert.deepEqual(told.map(textOf).slice(1), ["one", "two", "$"]);
    assert.equal(told[2]?.[0]?.colour, 1);
    assert.ok((screens[0]?.rows.map(textOf) ?? []).join("").startsWith("$ printf"));
  });

  for (const [text, fault] of [
    ['<a b="c"><d/>&amp;</a>', null],
    ["<a><b></a></b>", "</a> at 6"],
    ["<a>&nbsp;</a>", "& at 3"],
    ["<a b=c></a>", "<a b=c> at 0"],
    ["<a>", "a without an end"],
    ["<a/><b/>", "more behind <a/> at 0"],
  ] as const) {
    test(`as XML ${text} is ${fault === null ? "whole" : "not"}`, () =>
      assert.equal(faultOfXml(text), fault));
  }
});

describe("docs/pictures", () => {
  test("has what the script makes, and nothing else", async () => {
    const files = (await readdir(`${repository}/docs/pictures`)).sort();
    assert.deepEqual(files, names.map((name) => `${name}.svg`).sort(), "run: npm run recordings");
  });

  for (const name of names) {
    test(`${name} is whole, light, and needs nothing from elsewhere`, async () => {
      const svg = await read(name);
      assert.equal(faultOfXml(svg), null);
      assert.ok(svg.length < most, `${svg.length} characters`);
      assert.doesNotMatch(
        svg.replace('xmlns="http://www.w3.org/2000/svg"', ""),
        /https?:\/\/[^ ]*["')]|<script|@import|url\(/,
      );
      const told = /<desc>(.*?)<\/desc>/s.exec(svg)?.[1] ?? "";
      assert.match(told, /regctl/);
      for (const line of told.replace(/&#\d+;/g, "x").split("\n")) assert.ok(line.length <= columns, line);
    });

    test(`${name} is shown by some page`, () => {
      assert.ok(shown.some(({ target }) => target.endsWith(`pictures/${name}.svg`)));
    });
  }
});

describe("pages", () => {
  test("README.md shows two or three", () => {
    const own = shown.filter(({ path }) => path === "README.md").length;
    assert.ok(own === 2 || own === 3, `${own}`);
  });

  test("show only pictures of the script, with words for whoever does not see them", () => {
    for (const { path, words, target } of shown) {
      const place =
        path === "README.md"
          ? "docs/pictures/"
          : path.startsWith("docs/guides/")
            ? "../pictures/"
            : "pictures/";
      assert.ok(
        names.some((name) => target === `${place}${name}.svg`),
        `${path}: ${target}`,
      );
      assert.ok(words.length > 20, `${path}: ${words}`);
    }
  });
});
