import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { findMissing } from "../scripts/complete-lock.ts";
import { readManifestText } from "../scripts/manifest.ts";
import { commandTable } from "../src/command-table.ts";
import {
  effectPackages,
  effectPlaces,
  longFiles,
  mostLines,
  mostTestLines,
  pureNodeModules,
  zones,
} from "./support/house-rules.ts";
import { repository } from "./support/run-cli.ts";
import { parseImports, readSourceFiles, type SourceFile } from "./support/source-files.ts";

const source = await readSourceFiles("src/**/*.ts");
const everything = await readSourceFiles("src/**/*.ts", "scripts/**/*.ts", "test/**/*.ts");

const covers = (place: string, path: string) =>
  place.endsWith("/") ? path.startsWith(place) : path === place;

function zoneOf(path: string): string {
  const found = Object.entries(zones).find(([, { files }]) => files.some((place) => covers(place, path)));
  assert.ok(found !== undefined, `${path} is in no zone of test/support/house-rules.ts`);
  return found[0];
}

/** The package of a specifier: `@scope/name/sub` is `@scope/name`. */
function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** The files of a circle of imports that exist at run time, or undefined. */
function findCircle(files: readonly SourceFile[]): readonly string[] | undefined {
  const targets = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.filter(({ typeOnly, dynamic }) => !typeOnly && !dynamic).map(({ target }) => target),
    ]),
  );
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const target of targets.get(path) ?? []) {
      const circle = visit(target, [...trail, path]);
      if (circle !== undefined) return circle;
    }
    done.add(path);
    return undefined;
  };
  for (const { path } of files) {
    const circle = visit(path, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

describe("imports", () => {
  test("are recognised in every form that we write", () => {
    const text = [
      'import a from "./a.ts";',
      'import type { B } from "../b.ts";',
      'import {\n  c,\n  type D,\n} from "./c.ts";',
      'import "./effect.ts";',
      'export { e } from "./e.ts";',
      'const f = await import("./f.ts");',
      'type G = typeof import("g");',
    ].join("\n");
    const found = parseImports("src/x/file.ts", text).map(({ target, typeOnly, dynamic }) =>
      [target, typeOnly && "type", dynamic && "dynamic"].filter(Boolean).join(" "),
    );
    assert.deepEqual(found, [
      "src/x/a.ts",
      "src/b.ts type",
      "src/x/c.ts",
      "src/x/effect.ts",
      "src/x/e.ts",
      "src/x/f.ts dynamic",
      "g type dynamic",
    ]);
    assert.ok(source.length > 20, "the source files are found");
  });

  for (const file of source) {
    test(`${file.path} imports what its zone may`, () => {
      const zone = zoneOf(file.path);
      const { may = [], mayType = [], why } = zones[zone] ?? {};
      for (const { target, typeOnly } of file.imports.filter(({ target: path }) => path.startsWith("src/"))) {
        const other = zoneOf(target);
        const allowed = other === zone || may.includes(other) || (typeOnly && mayType.includes(other));
        assert.ok(
          allowed,
          `${zone} (${why}) may not import ${typeOnly ? "types of" : ""} ${target} (${other})`,
        );
      }
    });
  }

  test("go in no circle", () => assert.equal(findCircle(everything), undefined));

  test("a circle would be found", () => {
    const file = (path: string, target: string): SourceFile => ({
      path,
      text: "",
      lines: 0,
      imports: [{ target, typeOnly: false, dynamic: false }],
    });
    assert.deepEqual(findCircle([file("a", "b"), file("b", "c"), file("c", "b")]), ["b", "c", "b"]);
  });

  test("each package that touches the world has one importer", () => {
    for (const { path, imports } of source) {
      for (const { target, typeOnly } of imports) {
        const importer = effectPackages[packageOf(target)];
        if (typeOnly || importer === undefined) continue;
        assert.equal(path, importer, `${path} imports ${target}`);
      }
    }
  });

  test("Node modules that reach the world stay in their places", () => {
    for (const { path, imports } of source) {
      if (Object.keys(effectPlaces).some((place) => covers(place, path))) continue;
      for (const { target, typeOnly } of imports) {
        if (typeOnly || !target.startsWith("node:") || pureNodeModules.includes(target)) continue;
        assert.fail(`${path} imports ${target}`);
      }
    }
  });

  test("oclif stays in the shell, and its barrel is never loaded", () => {
    for (const { path, imports } of source) {
      for (const { target, typeOnly } of imports.filter(
        ({ target: name }) => packageOf(name) === "@oclif/core",
      )) {
        assert.ok(["shell", "base", "flags", "commands"].includes(zoneOf(path)), `${path} imports ${target}`);
        assert.ok(typeOnly || target !== "@oclif/core", `${path} loads all of oclif`);
      }
    }
  });
});

describe("text", () => {
  const banned: readonly (readonly [what: RegExp, except: readonly string[]])[] = [
    [/\bconsole\.\w/, []],
    // The second is the text of a program that ssh starts.
    [/\bprocess\.exit\(/, ["src/main.ts", "src/ssh/openssh/askpass.ts"]],
    [/\bprocess\.exitCode\b/, ["src/main.ts"]],
    [/\b(TODO|FIXME|XXX)\b/, []],
    [/:\s*any\b|\bas any\b|<any>/, []],
    [/@ts-(ignore|nocheck)/, []],
  ];
  for (const [what, except] of banned) {
    test(`has no ${what.source}`, () => {
      const guilty = source.filter(({ path, text }) => !except.includes(path) && what.test(text));
      assert.deepEqual(
        guilty.map(({ path }) => path),
        [],
      );
    });
  }

  test("no module is mocked", () => {
    const guilty = everything.filter(({ text }) => /\bmock\.module\(/.test(text));
    assert.deepEqual(
      guilty.map(({ path }) => path),
      [],
    );
  });

  test("no file is too long without a reason", () => {
    const most = (path: string) => (path.startsWith("test/") ? mostTestLines : mostLines);
    const long = everything.filter(({ path, lines }) => lines > most(path) && longFiles[path] === undefined);
    assert.deepEqual(
      long.map(({ path, lines }) => `${path}: ${lines}`),
      [],
    );
    const lengths = new Map(everything.map(({ path, lines }) => [path, lines]));
    for (const path of Object.keys(longFiles)) {
      assert.ok((lengths.get(path) ?? 0) > most(path), `${path} is not long: take it off the list`);
    }
  });

  test("files are named in kebab-case after what they do", () => {
    for (const { path } of everything) {
      assert.match(path, /^([a-z0-9-]+\/)*[a-z0-9-]+(\.(test|lab|long|interop|bench|contract))?\.ts$/);
      assert.doesNotMatch(path, /\b(utils?|helpers?|common|misc)\b/);
    }
  });
});

describe("documents", () => {
  /** Targets of relative links, `[words](target#part)` and `[name]: target`, outside of code. */
  function parseLinks(text: string): readonly string[] {
    const prose = text.replace(/^```.*?^```/gms, "").replace(/`[^`\n]*`/g, "");
    return [...prose.matchAll(/\]\(<?([^)\s>]+)[^)]*\)|^\[[^\]]+\]:\s+(\S+)/gm)]
      .map(([, inline, reference]) => (inline ?? reference ?? "").replace(/#.*/, ""))
      .filter((target) => target !== "" && !/^([a-z]+:|\/\/)/i.test(target));
  }

  test("links are recognised in every form that we write", () => {
    const text = "[a](b.md) ![c](d/e.png) [f](g.md#h) [i](#j) [k](https://l) `[m](n)` [o][p]\n\n[p]: q.md\n";
    assert.deepEqual(parseLinks(`${text}\n\`\`\`sh\n[r](s)\n\`\`\`\n`), ["b.md", "d/e.png", "g.md", "q.md"]);
  });

  test("no relative link is dead", async () => {
    const dead: string[] = [];
    let links = 0;
    for await (const path of glob(["*.md", "docs/**/*.md"], { cwd: repository })) {
      for (const target of parseLinks(await readFile(join(repository, path), "utf8"))) {
        links += 1;
        if (!existsSync(join(repository, dirname(path), target))) dead.push(`${path}: ${target}`);
      }
    }
    assert.ok(links > 0, "links are found");
    assert.deepEqual(dead, []);
  });
});

describe("commands", () => {
  test("oclif.manifest.json is what the commands say", async () => {
    const committed = await readFile(`${repository}/oclif.manifest.json`, "utf8");
    assert.equal(committed, await readManifestText(), "run: npm run manifest");
  });

  test("the table has every file of src/commands and nothing else", async () => {
    const files = source
      .filter(({ path }) => path.startsWith("src/commands/"))
      .map(({ path }) => path.replace(/^src\/commands\/|(\/index)?\.ts$/g, "").replaceAll("/", ":"));
    assert.deepEqual(Object.keys(commandTable).sort(), files.sort());
    const table = source.find(({ path }) => path === "src/command-table.ts");
    for (const [id, load] of Object.entries(commandTable)) {
      assert.equal(typeof (await load()).default, "function", id);
      const file = `src/commands/${id.replaceAll(":", "/")}`;
      assert.ok(
        table?.imports.some(({ target }) => [`${file}.ts`, `${file}/index.ts`].includes(target)),
        id,
      );
    }
  });
});

describe("packages", () => {
  test("every version is exact", async () => {
    const pjson = JSON.parse(await readFile(`${repository}/package.json`, "utf8"));
    for (const kind of ["dependencies", "devDependencies", "optionalDependencies"]) {
      for (const [name, version] of Object.entries(pjson[kind])) {
        assert.match(String(version), /^\d+\.\d+\.\d+$/, name);
      }
    }
  });

  test("the lock file names no server, and a checksum for all but native packages of other systems", async () => {
    const lock = JSON.parse(await readFile(`${repository}/package-lock.json`, "utf8"));
    for (const [path, entry] of Object.entries<Record<string, unknown>>(lock.packages)) {
      assert.equal(entry.resolved, undefined, path);
      const elsewhere = entry.optional === true && entry.cpu !== undefined && entry.integrity === undefined;
      if (path !== "" && !elsewhere) assert.match(String(entry.integrity), /^sha512-/, path);
      if (elsewhere) assert.doesNotMatch(path, /linux-(x64|arm64)(-gnu)?$/);
    }
  });

  test("npm ci takes the lock file: it has every optional package (npm run lock)", async () => {
    const lock = JSON.parse(await readFile(`${repository}/package-lock.json`, "utf8"));
    assert.deepEqual([...findMissing(lock)], []);
  });
});
