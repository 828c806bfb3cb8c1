/** Blobs that are larger than the memory that may be used for them; `npm run soak` does the same with 3 GiB. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { installRegctl } from "../support/installed.ts";
import { pushLargeImage } from "../support/large-image.ts";
import { digestAt } from "../support/registry-content.ts";
import { startDistribution } from "../support/start-distribution.ts";
import { withoutGo } from "./peers.ts";

const mib = 2 ** 20;

describe("memory", { skip: withoutGo }, () => {
  it("copy of a layer of 384 MiB and of eight of 32 MiB stays below 150 MiB", async () => {
    await using from = await startDistribution();
    await using to = await startDistribution();
    await using regctl = await installRegctl();
    const sizes = [384, 32, 32, 32, 32, 32, 32, 32, 32].map((size) => size * mib);
    const digest = await pushLargeImage(from.host, "large", sizes);
    await regctl.run(["copy", `${from.host}/large:1`, `${to.host}/large:1`]);
    assert.equal(await digestAt(to.host, "large", "1"), digest);
    assert.ok(regctl.peak() > 20 * mib && regctl.peak() < 150 * mib, `${regctl.peak() / mib} MiB`);
  });
});
