import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { RegctlError } from "../../../src/errors.ts";
import { createDeflate } from "../../../src/system/deflate-threads.ts";
import type { BlockOptions } from "../../../src/transfer/compression/blocks.ts";
import {
  type Algorithm,
  compress,
  compressionId,
  layerMediaTypeOf,
  parseCompression,
} from "../../../src/transfer/compression/compression.ts";
import { deflateByZlib, gzip } from "../../../src/transfer/compression/gzip.ts";
import { zstd } from "../../../src/transfer/compression/zstd.ts";

/** Node reads the first of several frames alone, unlike every container engine: each is given to it by itself. */
const unpack: Readonly<Record<"gzip" | "zstd", (packed: readonly Uint8Array[]) => Buffer>> = {
  gzip: (packed) => gunzipSync(Buffer.concat(packed)),
  zstd: (packed) => Buffer.concat(packed.map((frame) => zstdDecompressSync(frame))),
};
const deflate = createDeflate(2);
type Pack = (input: AsyncIterable<Uint8Array>, options: BlockOptions) => AsyncIterable<Buffer>;
const packers: Readonly<Record<string, Pack>> = {
  "gzip:1": (input, options) => gzip(input, deflate, options),
  "gzip:6": (input, options) => gzip(input, deflateByZlib(6), options),
  "zstd:1": (input, options) => zstd(input, 1, options),
};

async function* pieces(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function collectChunks(stream: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await collectChunks(stream));
}

for (const [title, pack] of Object.entries(packers)) {
  const name = title.startsWith("gzip") ? "gzip" : "zstd";
  describe(title, () => {
    test("whatever goes in comes out, however it is cut", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }),
          fc.integer({ min: 1, max: 700 }),
          fc.integer({ min: 1, max: 4 }),
          async (parts, blockBytes, inFlight) => {
            const packed = await collectChunks(pack(pieces(parts), { blockBytes, inFlight }));
            assert.deepEqual(unpack[name](packed), Buffer.concat(parts));
          },
        ),
        { numRuns: 150 },
      );
    });

    test("the same input gives the same bytes, cut otherwise and with other threads", async () => {
      const content = Buffer.concat([randomBytes(70_000), Buffer.alloc(90_000, "layer "), randomBytes(333)]);
      const whole = await collect(pack(pieces([content]), { blockBytes: 50_000, inFlight: 1 }));
      const cut = [content.subarray(0, 7), content.subarray(7, 99_999), content.subarray(99_999)];
      const parts = await collect(pack(pieces(cut), { blockBytes: 50_000, inFlight: 4 }));
      assert.deepEqual(parts, whole);
    });

    test("the system's own program reads it", {
      skip: hasProgram(name) ? false : `${name} is not installed`,
    }, async () => {
      const content = Buffer.concat([randomBytes(200_000), Buffer.alloc(200_000)]);
      const packed = await collect(pack(pieces([content]), { blockBytes: 65_536, inFlight: 3 }));
      const { stdout, status } = spawnSync(name, ["-dc"], { input: packed, maxBuffer: 2 ** 24 });
      assert.equal(status, 0);
      assert.ok(content.equals(stdout));
    });

    test("no more blocks are held than may be under way", async () => {
      let asked = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) {
          asked += 1;
          yield Buffer.alloc(1000);
        }
      }
      const stream = pack(endless(), { blockBytes: 1000, inFlight: 3 })[Symbol.asyncIterator]();
      // gzip's head comes before the first block.
      for (let count = 0; count < 3; count += 1) await stream.next();
      assert.ok(asked <= 6, `${asked} blocks were read for two that were taken`);
      await stream.return?.();
    });

    test("a failure of the input comes through", async () => {
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield Buffer.alloc(5000);
        throw new Error("the source is gone");
      }
      await assert.rejects(collect(pack(broken(), { blockBytes: 1000, inFlight: 2 })), /the source is gone/);
    });
  });
}

test("blocks lose little against one piece", async () => {
  const content = Buffer.from(
    Array.from({ length: 60_000 }, (_, line) => `${line} words in a line\n`).join(""),
  );
  const blocks = await collect(gzip(pieces([content]), deflate, { blockBytes: 128 * 1024, inFlight: 2 }));
  const whole = await collect(gzip(pieces([content]), deflate, { blockBytes: content.length, inFlight: 1 }));
  assert.ok(blocks.length < whole.length * 1.03, `${blocks.length} against ${whole.length}`);
});

function hasProgram(name: string): boolean {
  return spawnSync(name, ["--version"]).status === 0;
}

test("none leaves the bytes as they are", async () => {
  const content = randomBytes(1000);
  assert.deepEqual(
    await collect(compress(pieces([content]), { algorithm: "none", level: 0 }, { threads: 2, deflate })),
    content,
  );
});

test("--compression", () => {
  assert.deepEqual(parseCompression("gzip"), { algorithm: "gzip", level: 1 });
  assert.deepEqual(parseCompression("zstd:19"), { algorithm: "zstd", level: 19 });
  assert.deepEqual(parseCompression("none"), { algorithm: "none", level: 0 });
  for (const bad of [
    "",
    "brotli",
    "gzip:0",
    "gzip:10",
    "zstd:20",
    "none:1",
    "gzip:1:2",
    "gzip:",
    "toString",
  ]) {
    assert.throws(
      () => parseCompression(bad),
      (error) => error instanceof RegctlError && error.code === "USAGE",
      bad,
    );
  }
});

test("what decides on the bytes is in the name", () => {
  const versions = { zlib: "1.3.1", zstd: "1.5.7" };
  const names = (["gzip:1", "gzip:6", "zstd:1", "none"] as const).map((text) =>
    compressionId(parseCompression(text), versions),
  );
  assert.equal(new Set(names).size, names.length);
  assert.notEqual(compressionId(parseCompression("gzip:6"), { zlib: "1.3.2" }), names[1]);
  assert.equal(compressionId(parseCompression("gzip"), { ...versions, zstd: "9" }), names[0]);
});

test("media types", () => {
  const types = (["gzip", "zstd", "none"] as const satisfies readonly Algorithm[]).map(layerMediaTypeOf);
  assert.deepEqual(
    types.map((type) => type.replace("application/vnd.oci.image.layer.v1.tar", "")),
    ["+gzip", "+zstd", ""],
  );
});
