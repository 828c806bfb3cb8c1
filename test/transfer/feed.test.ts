/** What becomes of a source's streams once a blob has passed. */
import assert from "node:assert/strict";
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RegctlError } from "../../src/errors.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { createFeed } from "../../src/transfer/feed.ts";
import { makeBytes } from "../support/image-maker.ts";
import { createTempHome } from "../support/temp-home.ts";

const content = makeBytes(300_000, "feed");

for (const [name, parts] of [
  ["as a whole", [300_000]],
  ["in parts", [100_000, 200_000, 300_000]],
] as const) {
  test(`a file that was read ${name} is closed, without the collector of garbage`, {
    timeout: 10_000,
  }, async () => {
    await using home = await createTempHome();
    const path = join(home.path, "blob");
    await writeFile(path, content);
    const opened: Readable[] = [];
    const feed = createFeed({
      digest: computeDigest(content),
      size: content.length,
      what: "a blob",
      open: async (start) => {
        const stream = (await open(path)).createReadStream({ start });
        opened.push(stream);
        return { stream, start, size: null };
      },
      broken: () => new RegctlError("INTERNAL", { what: "it broke" }),
      verify: true,
      ranges: null,
      sleep: (ms, signal) =>
        sleep(ms, undefined, { ref: false, ...(signal === undefined ? {} : { signal }) }),
      now: () => performance.now(),
      onBytes: () => {},
    });
    let start = 0;
    for (const end of parts) {
      assert.deepEqual(await buffer(feed.open(start, end)), content.subarray(start, end));
      start = end;
    }
    feed.verify();
    assert.equal(opened.length, 1);
    for (const stream of opened)
      if (!stream.closed) await new Promise((resolve) => stream.once("close", resolve));
  });
}
