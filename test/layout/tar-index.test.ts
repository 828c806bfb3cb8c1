/** Where files lie in a tar: what tar programs write, what nobody should write, and sizes beyond 8 GiB. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { link, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isRegctlError } from "../../src/errors.ts";
import { decodePax, encodeTarHeader, tarBlock, tarEnd, tarPadding } from "../../src/layout/tar-format.ts";
import { type RandomAccess, readTarIndex } from "../../src/layout/tar-index.ts";
import { makeBytes, makeTar } from "../support/image-maker.ts";
import { createTempHome } from "../support/temp-home.ts";
import { refuses } from "./trees.ts";

function inMemory(bytes: Buffer): RandomAccess {
  return {
    size: bytes.length,
    read: async (position, length) => bytes.subarray(position, position + length),
  };
}

async function contentOf(tar: Buffer, path: string): Promise<Buffer | null> {
  const found = (await readTarIndex(inMemory(tar), "the tar")).find(path);
  return found === null ? null : tar.subarray(found.offset, found.offset + found.size);
}

const refused = (tar: Buffer, problem: string, path = "x") =>
  assert.rejects(contentOf(tar, path), refuses("CONTENT_BROKEN", problem));

/** A header that no honest program writes: fields by their offset, and a right sum over them. */
function makeHeader(fields: Readonly<Record<number, string>>, path = "x", size = 0): Buffer {
  const block = encodeTarHeader(path, size).subarray(-tarBlock);
  for (const [offset, text] of Object.entries(fields)) block.write(text, Number(offset), "latin1");
  block.write("        ", 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

const type = (flag: string) => ({ 156: flag });
const linkTo = (path: string, target: string, flag = "2") => makeHeader({ ...type(flag), 157: target }, path);
const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(tarPadding(bytes.length))]);

function paxEntry(...records: readonly string[]): Buffer {
  const body = Buffer.from(records.map(paxRecord).join(""));
  return Buffer.concat([makeHeader(type("x"), "PaxHeader", body.length), padded(body)]);
}

function paxRecord(record: string): string {
  const rest = Buffer.byteLength(record) + 2;
  const digits = [1, 2, 3, 4].find((count) => String(rest + count).length === count) ?? assert.fail();
  return `${rest + digits} ${record}\n`;
}

const segment = fc.stringMatching(/^[a-zA-Z0-9_é-]{1,130}$/);
const pathsOf = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

describe("tar index", { timeout: 60_000 }, () => {
  test("finds what our own headers describe, whatever the names and sizes", async () => {
    const files = fc.uniqueArray(fc.tuple(pathsOf, fc.nat(2000)), {
      selector: ([path]) => path,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(files, async (list) => {
        const content = Object.fromEntries(list.map(([path, size]) => [path, makeBytes(size, path)]));
        const tar = makeTar(content);
        for (const [path, bytes] of Object.entries(content)) {
          assert.ok((await contentOf(tar, path))?.equals(bytes), path);
          assert.ok((await contentOf(tar, `./${path}`))?.equals(bytes), path);
        }
        assert.equal(await contentOf(tar, "no such file"), null);
      }),
      { numRuns: 100 },
    );
  });

  test("damage gives CONTENT_BROKEN or what is still whole, never another failure", async () => {
    const tar = Buffer.concat([
      paxEntry("path=long/name", "size=3", "mtime=1.5"),
      makeTar({ a: makeBytes(600, "a"), [`${"b".repeat(90)}/${"c".repeat(120)}`]: makeBytes(10, "b") }),
    ]);
    const change = fc.tuple(fc.nat(tar.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), fc.nat(tar.length), async (changes, length) => {
        const damaged = Buffer.from(tar.subarray(0, length));
        for (const [at, byte] of changes) if (at < length) damaged[at] = byte;
        try {
          const index = await readTarIndex(inMemory(damaged), "the tar");
          const { offset = 0, size = 0 } = index.find("a") ?? {};
          assert.ok(offset + size <= damaged.length);
        } catch (error) {
          assert.ok(isRegctlError(error, "CONTENT_BROKEN"), String(error));
        }
      }),
      { numRuns: 500 },
    );
  });

  for (const format of ["gnu", "pax", "ustar", "v7"]) {
    test(`reads what GNU tar writes as ${format}`, async () => {
      await using home = await createTempHome();
      const long = format === "gnu" || format === "pax";
      const folder = `${"d".repeat(long ? 120 : 40)}/${"e".repeat(long ? 120 : 30)}`;
      await mkdir(`${home.path}/in/${folder}`, { recursive: true });
      await writeFile(`${home.path}/in/${folder}/file`, makeBytes(70_000, format));
      await link(`${home.path}/in/${folder}/file`, `${home.path}/in/${folder}/hard`);
      await symlink(`${folder}/file`, `${home.path}/in/soft`);
      await writeFile(`${home.path}/in/other`, "");
      execFileSync("tar", [`--format=${format}`, "-cf", `${home.path}/t`, "-C", `${home.path}/in`, "."]);
      const tar = await readFile(`${home.path}/t`);
      for (const path of [`${folder}/file`, `${folder}/hard`, "soft"]) {
        assert.ok((await contentOf(tar, path))?.equals(makeBytes(70_000, format)), path);
      }
      assert.equal((await contentOf(tar, "other"))?.length, 0);
    });
  }

  test("of two files with one name the last counts, and a lone block of zeros is an end", async () => {
    const [first, second] = [makeTar({ x: Buffer.from("1") }), makeTar({ x: Buffer.from("22") })];
    const whole = Buffer.concat([first.subarray(0, 2 * tarBlock), second]);
    assert.equal(String(await contentOf(whole, "x")), "22");
    assert.equal(String(await contentOf(Buffer.concat([first.subarray(0, 3 * tarBlock), second]), "x")), "1");
  });

  test("pax records are read by their lengths: what looks like one inside a value is none", async () => {
    const tar = Buffer.concat([
      paxEntry("SCHILY.xattr.user.x=\n9 size=1\n11 path=evil\n", "path=good"),
      makeTar({ x: Buffer.from("1234") }),
    ]);
    assert.equal(String(await contentOf(tar, "good")), "1234");
    assert.equal(await contentOf(tar, "evil"), null);
    assert.equal(decodePax(Buffer.from("9 size=1")), null);
    assert.equal(decodePax(Buffer.from("99 size=1\n")), null);
  });

  test("a name in pax stands for the whole one, whatever the header's prefix; global headers say nothing", async () => {
    const prefixed = Buffer.concat([
      makeHeader({ 345: "some/prefix" }, "short", 2),
      padded(Buffer.from("ok")),
    ]);
    const global = makeHeader(type("g"), "PaxHeader", 11);
    const tar = Buffer.concat([
      global,
      padded(Buffer.from("11 path=no\n")),
      paxEntry("path=pax/name"),
      prefixed,
      prefixed,
      tarEnd,
    ]);
    assert.equal(String(await contentOf(tar, "pax/name")), "ok");
    assert.equal(String(await contentOf(tar, "some/prefix/short")), "ok");
  });

  test("files of more than 8 GiB, by base-256 and by pax, as we write them ourselves", async () => {
    const size = 9 * 1024 ** 3 + 5;
    const behind = makeTar({ behind: Buffer.from("found") });
    const octal = Buffer.concat([paxEntry(`size=${size}`), makeHeader({}, "large", 0)]);
    const binary = encodeTarHeader("large", size).subarray(-tarBlock);
    for (const header of [octal, binary, encodeTarHeader("large", size)]) {
      const at = header.length + size + tarPadding(size);
      const source: RandomAccess = {
        size: at + behind.length,
        read: async (position, length) => {
          const part = position >= at ? behind.subarray(position - at) : header.subarray(position);
          return part.subarray(0, length);
        },
      };
      const index = await readTarIndex(source, "the tar");
      assert.deepEqual(index.find("large"), { offset: header.length, size });
      assert.deepEqual(index.find("behind"), { offset: at + tarBlock, size: 5 });
    }
  });

  const lies: Readonly<Record<string, readonly [tar: Buffer, problem: string]>> = {
    "a name that climbs out": [makeTar({ "../x": Buffer.alloc(1) }), "outside"],
    "an absolute name": [makeTar({ "/etc/passwd": Buffer.alloc(1) }), "outside"],
    "a link that climbs out": [Buffer.concat([linkTo("a/x", "../../b"), tarEnd]), "outside"],
    "an absolute link": [Buffer.concat([linkTo("x", "/etc/passwd"), tarEnd]), "outside"],
    "links in a circle": [Buffer.concat([linkTo("x", "y"), linkTo("y", "x"), tarEnd]), "circle"],
    "a hard link to itself": [Buffer.concat([linkTo("x", "x", "1"), tarEnd]), "circle"],
    "a sparse file of GNU": [Buffer.concat([makeHeader(type("S")), tarEnd]), "sparse"],
    "a sparse file of pax": [
      Buffer.concat([paxEntry("GNU.sparse.major=1", "GNU.sparse.minor=0"), makeTar({ x: Buffer.alloc(1) })]),
      "sparse",
    ],
    "no tar": [makeBytes(2000, "noise"), "no tar archive"],
    "a short text": [Buffer.from("FROM scratch\n"), "no tar archive"],
    nothing: [Buffer.alloc(0), "it is empty"],
    "half a header": [makeTar({ x: Buffer.alloc(1) }).subarray(0, 300), "cut off"],
    "half a file": [makeTar({ x: Buffer.alloc(1000) }).subarray(0, 1200), "cut off"],
    "a damaged header": [
      Buffer.concat([makeTar({ x: Buffer.alloc(1) }).subarray(0, 1024), makeBytes(512, "noise")]),
      "at byte 1024",
    ],
    "a size that is none": [Buffer.concat([makeHeader({ 124: "not a number" }), tarEnd]), "no tar archive"],
    "a negative size": [
      Buffer.concat([makeHeader({ 124: `\xff${"\xff".repeat(11)}` }), tarEnd]),
      "no tar archive",
    ],
    "a size beyond numbers": [
      Buffer.concat([makeHeader({ 124: `\x80${"\x7f".repeat(11)}` }), tarEnd]),
      "no tar",
    ],
    "an endless pax header": [
      Buffer.concat([makeHeader(type("x"), "p", 2 * 1024 * 1024), Buffer.alloc(2 * 1024 * 1024)]),
      "without end",
    ],
    "an endless name": [
      Buffer.concat([
        makeHeader(type("L"), "L", 8192),
        Buffer.alloc(8192, "n"),
        makeTar({ x: Buffer.alloc(1) }),
      ]),
      "endless name",
    ],
    "a pax header that is none": [
      Buffer.concat([makeHeader(type("x"), "p", 5), padded(Buffer.from("hello")), tarEnd]),
      "pax",
    ],
  };
  for (const [name, [tar, problem]] of Object.entries(lies)) {
    test(`${name} is refused in a sentence`, () => refused(tar, problem));
  }

  test("an archive of endless empty files is not indexed to its end", async () => {
    const header = encodeTarHeader("x", 0);
    let reads = 0;
    const endless: RandomAccess = {
      size: Number.MAX_SAFE_INTEGER,
      read: async (_position, length) => {
        reads += 1;
        return Buffer.concat(Array.from({ length: Math.ceil(length / tarBlock) }, () => header));
      },
    };
    await assert.rejects(readTarIndex(endless, "the tar"), refuses("CONTENT_BROKEN", "more files"));
    assert.ok(reads < 10_000);
  });
});
