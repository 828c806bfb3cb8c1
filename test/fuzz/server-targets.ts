/** What clients send to the embedded registry. */
import assert from "node:assert/strict";
import { isDigest } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { problemOfRepository } from "../../src/registry/reference-grammar.ts";
import { parseChunkRange, parseRange } from "../../src/server/byte-range.ts";
import { usualRegistryLimits } from "../../src/server/core.ts";
import { judgeManifest } from "../../src/server/manifest-check.ts";
import { isResponse, parsePage } from "../../src/server/page.ts";
import { parseRoute } from "../../src/server/route.ts";
import type { Target } from "./targets.ts";

const hex = "0123456789abcdef".repeat(4);
const digest = `sha256:${hex}`;
const blob = { mediaType: mediaTypes.ociConfig, digest, size: 1 };

/** Bytes of any kind as a text: paths and headers are no UTF-8. */
function onBytes(name: string, seeds: readonly string[], run: (text: string) => void): Target {
  return { name, seeds, run: (input) => run(input.toString("latin1")) };
}

export const serverTargets: readonly Target[] = [
  onBytes(
    "server path",
    [
      "/v2/team/app/manifests/latest",
      `/v2/a/blobs/${digest}`,
      `/v2/a/blobs/sha256%3A${hex}`,
      "/v2/a/b/c/blobs/uploads/0-a_b",
      "/v2/a/tags/list",
      "/v2/_catalog",
      `/v2/a/referrers/${digest}`,
      "/v1/search",
      "/v2/../%2e%2e/%2f/manifests/x",
    ],
    (path) => {
      const route = parseRoute(path);
      if ("refused" in route) return assert.ok(route.reason !== "");
      const { repository, reference, resource } = route;
      assert.ok(path.length <= 1024);
      if (repository === "") return assert.equal(reference, "");
      assert.equal(problemOfRepository(repository), null);
      assert.ok(path.startsWith(`/v2/${repository}/`), "the name stands in the path as it is");
      assert.equal(reference === "", resource === "tags" || resource === "uploads");
    },
  ),
  onBytes("server range", ["bytes=0-99", "bytes=5-", "bytes=-7", "bytes=0-1,2-3", "lines=1-2"], (header) => {
    for (const size of [0, 1, 100, Number.MAX_SAFE_INTEGER]) {
      const part = parseRange(header, size);
      if (typeof part === "string") continue;
      assert.ok(part.length > 0 && part.start >= 0 && part.start + part.length <= size);
    }
  }),
  onBytes("server chunk range", ["0-99", "100-199", "bytes 0-9/100", "bytes=5-5"], (header) => {
    const part = parseChunkRange(header);
    assert.ok(part === null || (part.length > 0 && Number.isSafeInteger(part.start + part.length)));
  }),
  onBytes("server page", ["n=10&last=a%2Fb", "n=0", "n=-1", "last=%00&n=1e9"], (query) => {
    const page = parsePage(new URLSearchParams(query), usualRegistryLimits);
    if (isResponse(page)) return assert.equal(page.status, 400);
    assert.ok(page.limit >= 0 && page.limit <= usualRegistryLimits.longestPage);
  }),
  {
    name: "server manifest",
    seeds: [
      { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: blob, layers: [blob], subject: blob },
      { schemaVersion: 2, manifests: [blob], annotations: { a: "b" }, artifactType: "application/x" },
      { mediaType: "application/vnd.x+json", blobs: [blob], config: blob },
      { schemaVersion: 1, fsLayers: [{ blobSum: digest }], history: [{ v1Compatibility: "{}" }] },
    ].map((manifest) => JSON.stringify(manifest)),
    run: (input) => {
      for (const type of [undefined, mediaTypes.ociManifest, "application/vnd.x+json"]) {
        const judged = judgeManifest(input, type, usualRegistryLimits);
        if (typeof judged === "string") {
          assert.ok(judged.length > 0 && judged.length < 1000);
          continue;
        }
        assert.match(judged.mediaType, /^application\/[!-~]+$/);
        assert.ok([...judged.blobs, ...judged.children].every(isDigest));
        assert.ok(judged.subject === null || isDigest(judged.subject));
      }
    },
  },
];
