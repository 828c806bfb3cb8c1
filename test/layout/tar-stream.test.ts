import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { encodeTarHeader, tarPadding } from "../../src/layout/tar-format.ts";
import { readTarStream } from "../../src/layout/tar-stream.ts";
import { makeBytes, makeTar } from "../support/image-maker.ts";

const files = {
  a: makeBytes(3, "a"),
  empty: Buffer.alloc(0),
  [`${"long/".repeat(60)}name`]: makeBytes(2000, "b"),
  last: makeBytes(70_000, "c"),
};
const tar = makeTar(files);

function cut(bytes: Buffer, size: number): Readable {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
  return Readable.from(parts);
}

async function readAll(source: Readable): Promise<Readonly<Record<string, Buffer>>> {
  const found: Record<string, Buffer> = {};
  for await (const part of readTarStream(source, "a tar")) found[part.path] = await buffer(part.content);
  return found;
}

const isBroken = (pattern: RegExp) => (error: unknown) =>
  isRegctlError(error, "CONTENT_BROKEN") && pattern.test(error.facts.problem);

describe("a tar that comes as a stream", () => {
  for (const size of [7, 511, 512, 513, 65_536, tar.length]) {
    it(`is the same in chunks of ${size} bytes`, async () => {
      assert.deepEqual(await readAll(cut(tar, size)), files);
    });
  }

  it("goes on behind what was not read", async () => {
    const names: string[] = [];
    for await (const part of readTarStream(cut(tar, 1000), "a tar")) {
      names.push(part.path);
      // Of the last one only the beginning.
      for await (const chunk of part.content) {
        assert.ok(chunk.length > 0);
        break;
      }
    }
    assert.deepEqual(names, Object.keys(files));
  });

  it("ends its source when nobody wants more", async () => {
    const source = cut(tar, 1000);
    for await (const part of readTarStream(source, "a tar")) if (part.path === "a") break;
    assert.equal(source.destroyed, true);
  });

  it("is broken where it is cut off, or is none", async () => {
    await assert.rejects(readAll(cut(tar.subarray(0, 300), 100)), isBroken(/cut off/));
    await assert.rejects(readAll(cut(tar.subarray(0, tar.length - 20_000), 1000)), isBroken(/cut off/));
    await assert.rejects(readAll(cut(makeBytes(2000, "x"), 1000)), isBroken(/no tar/));
    const damaged = Buffer.concat([
      encodeTarHeader("a", 3),
      Buffer.alloc(3 + tarPadding(3)),
      makeBytes(512, "y"),
    ]);
    await assert.rejects(readAll(cut(damaged, 1000)), isBroken(/no header at byte 1024/));
  });
});
