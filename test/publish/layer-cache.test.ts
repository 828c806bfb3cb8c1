import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openLayerCache } from "../../src/publish/layer-cache.ts";
import type { PackedLayer } from "../../src/publish/packed-layer.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { createFiles } from "../../src/system/files.ts";
import { createTempHome } from "../support/temp-home.ts";

const [one, two] = ["one", "two"].map((text) => computeDigest(text)) as [
  ReturnType<typeof computeDigest>,
  ReturnType<typeof computeDigest>,
];
const layerOf = (digest: typeof one): PackedLayer => ({ digest, size: 1, algorithm: "gzip", unpacked: 1 });

describe("what is known of layers", () => {
  it("keeps what is learnt while it is being written", async () => {
    await using home = await createTempHome();
    const place = { files: createFiles(), folder: home.path, registry: "r:5000", maySave: true };
    const cache = await openLayerCache(place);
    cache.learn(one, layerOf(one), "app");
    const first = cache.save();
    cache.learn(two, layerOf(two), "app");
    assert.equal(cache.formsOf(one).length, 1);
    await Promise.all([first, cache.save()]);
    const again = await openLayerCache(place);
    assert.deepEqual(
      [one, two].map((digest) => again.formsOf(digest).map(({ repositories }) => repositories)),
      [[["app"]], [["app"]]],
    );
  });
});
