/** Every parser of what strangers write, with good inputs to spoil and what must hold whatever comes. */
import assert from "node:assert/strict";
import { authenticationsOf, parseChallenges } from "../../src/registry/challenge.ts";
import { parseImageConfig } from "../../src/registry/config.ts";
import { parseContentRange, parseUploadedBytes } from "../../src/registry/content-range.ts";
import { embeddedContent } from "../../src/registry/descriptor.ts";
import { computeDigest, parseDigest } from "../../src/registry/digest.ts";
import { meansNotFound, parseErrorBody, renderFaults } from "../../src/registry/error-body.ts";
import { compileGlob } from "../../src/registry/glob.ts";
import { nextPageOf, parseLinks } from "../../src/registry/link-header.ts";
import { parseManifest } from "../../src/registry/manifest.ts";
import { parsePlatform, renderPlatform } from "../../src/registry/platform.ts";
import { imageEntries, matchPlatform } from "../../src/registry/platform-match.ts";
import { redactText, redactUrl } from "../../src/registry/redact.ts";
import {
  parseReference,
  parseRepository,
  renderFamiliar,
  renderReference,
} from "../../src/registry/reference.ts";
import { parseRetryAfter } from "../../src/registry/retry-after.ts";
import { schema1Payload } from "../../src/registry/schema1.ts";
import { mergeScopes, parseScopes, renderScope } from "../../src/registry/scope.ts";
import { rankName } from "../../src/registry/search-rank.ts";
import { compareTags } from "../../src/registry/semver.ts";
import { parseTagFilter, parseTagPattern } from "../../src/registry/tag-filter.ts";
import { parseWarnings } from "../../src/registry/warning-header.ts";
import { deflateTarget } from "./deflate-target.ts";
import { serverTargets } from "./server-targets.ts";

export interface Target {
  readonly name: string;
  readonly seeds: readonly string[];
  /** Throws RegctlError for what it refuses; anything else that it throws is a finding. */
  readonly run: (input: Buffer) => void;
}

const digest = computeDigest("x");
const descriptor = { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: 1, data: "eA==" };
const platform = { os: "linux", architecture: "arm", variant: "v7" };
const image = {
  schemaVersion: 2,
  config: descriptor,
  layers: [{ ...descriptor, urls: ["https://x.test/"] }],
};
const index = { schemaVersion: 2, manifests: [{ ...descriptor, platform }], subject: descriptor };
const schema1 = {
  schemaVersion: 1,
  name: "a/b",
  tag: "1",
  architecture: "amd64",
  fsLayers: [{ blobSum: digest }],
  history: [{ v1Compatibility: '{"throwaway":true}' }],
  signatures: [
    { protected: Buffer.from('{"formatLength":9,"formatTail":"fQ"}').toString("base64url"), signature: "x" },
  ],
};
const imageConfig = {
  created: "2026-01-02T03:04:05.123456789+01:00",
  ...platform,
  config: { Env: ["A=b"], Cmd: ["sh"], Entrypoint: "sh", Labels: { a: "b" }, ExposedPorts: { "80/tcp": {} } },
  rootfs: { type: "layers", diff_ids: [digest] },
  history: [{ created: "0001-01-01T00:00:00Z", created_by: "RUN x", empty_layer: true }],
};

/** For parsers of text. */
function onText(name: string, seeds: readonly string[], run: (text: string) => void): Target {
  return { name, seeds, run: (input) => run(input.toString("utf8")) };
}

function isShown(text: string): void {
  assert.ok(text.length <= 301, "it is bounded");
  assert.doesNotMatch(text, /\p{Cc}/u);
}

export const targets: readonly Target[] = [
  onText(
    "reference",
    [
      "alpine",
      "team/app:1.0",
      `[::1]:5000/x:y@${digest}`,
      "Foo/bar",
      "docker.io/library/a",
      "https://u:p@h.test/x",
    ],
    (text) => {
      const reference = parseReference(text);
      assert.deepEqual(parseReference(renderReference(reference)), reference);
      for (const defaultRegistry of ["docker.io", "localhost", "r.test:5000"]) {
        const familiar = renderFamiliar(reference, { defaultRegistry });
        assert.deepEqual(parseReference(familiar, { defaultRegistry }), reference);
      }
      assert.ok(URL.canParse(`https://${reference.registry}/v2/${reference.repository}/`));
      parseRepository(text);
    },
  ),
  onText("digest", [digest, computeDigest("x", "sha512")], (text) => {
    const parsed = parseDigest(text);
    assert.ok(parsed === null || parsed === text);
  }),
  {
    name: "manifest",
    seeds: [image, index, schema1].map((value) => JSON.stringify(value)),
    run: (input) => {
      schema1Payload(input);
      const manifest = parseManifest(input, "text/plain", "the manifest");
      if (manifest.kind === "image") embeddedContent(manifest.config);
      if (manifest.kind !== "index") return;
      const found = matchPlatform(manifest.manifests, platform);
      assert.ok(found === null || imageEntries(manifest.manifests).includes(found.entry));
    },
  },
  {
    name: "image config",
    seeds: [JSON.stringify(imageConfig), '{"config":null}'],
    run: (input) => {
      const { created } = parseImageConfig(input, "the config");
      assert.ok(created === undefined || new Date(created).toISOString() === created);
    },
  },
  onText("platform", ["linux/arm/v7", "windows(10.0.17763)/amd64", "aarch64"], (text) => {
    const parsed = parsePlatform(text);
    assert.deepEqual(parsePlatform(renderPlatform(parsed)), parsed);
  }),
  onText(
    "challenge",
    [
      'Bearer realm="https://a.test/token",service="r,s",scope="repository:a/b:pull,push"',
      'Negotiate YII==, Basic realm="x\\"y", bearer realm=z',
    ],
    (text) => {
      for (const { scheme } of parseChallenges(text)) assert.equal(scheme, scheme.toLowerCase());
      for (const { kind, realm } of authenticationsOf(text)) assert.ok(kind === "basic" || realm !== "");
    },
  ),
  onText("scope", ["repository:h:5000/a:pull,push registry:catalog:*"], (text) => {
    const merged = mergeScopes(parseScopes(text));
    assert.deepEqual(parseScopes(merged.map(renderScope).join(" ")), merged);
  }),
  onText(
    "link",
    ['</v2/_catalog?last=a%2Fb&n=100>; rel="next"', "<https://h.test/?a,b>;x=y; rel=next,<b>"],
    (text) => {
      parseLinks(text);
      const next = nextPageOf(text, "https://r.test/v2/_catalog");
      assert.ok(next === null || URL.canParse(next));
    },
  ),
  {
    name: "error body",
    seeds: [
      '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"m","detail":{"Tag":"x"}}]}',
      "<html><head><title>413</title></head></html>",
      '{"error":{"code":403,"message":"denied"}}',
      "text https://h.test/?secret=1",
    ],
    run: (input) => {
      const faults = parseErrorBody(input);
      for (const { message, detail } of faults) [message, detail ?? ""].forEach(isShown);
      renderFaults(faults);
      meansNotFound(400, faults);
    },
  },
  onText("warning", ['299 - "old \\"x\\"" "date", 299 h "b"', '110 - "stale"'], (text) => {
    parseWarnings(text).forEach(isShown);
  }),
  onText("retry after", ["120", "Wed, 21 Oct 2026 07:28:00 GMT", "Wed Oct 21 07:28:00 2026"], (text) => {
    const wait = parseRetryAfter(text, new Date(0));
    assert.ok(wait === null || (Number.isFinite(wait) && wait >= 0));
  }),
  onText("ranges", ["bytes 0-99/200", "bytes */5", "0-1023", "bytes=0-0"], (text) => {
    const range = parseContentRange(text)?.range ?? null;
    assert.ok(range === null || range.start <= range.end);
    const uploaded = parseUploadedBytes(text);
    assert.ok(uploaded === null || Number.isSafeInteger(uploaded));
  }),
  onText(
    "redaction",
    ["https://u:p@h.test/a?n=1&sig=s#f", "/v2/x?_state=abc&digest=d", "see https://h/?k=v."],
    (text) => {
      const shown = redactUrl(text);
      assert.equal(redactUrl(shown), shown);
      assert.equal(redactText(redactText(text)), redactText(text));
    },
  ),
  onText("filter", ["v1.*", "[!a-c]?{x,{y,z}*}", "/^v[0-9]+$/i", "a*a*a*a*b"], (text) => {
    const glob = compileGlob(text);
    if (typeof glob !== "string") glob("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    // A regular expression is the user's own, and so is the time it takes: compiled only.
    parseTagFilter(text);
    parseTagPattern(text);
  }),
  onText("versions", ["v1.2.3-rc.1 1.2.3", "1.25-alpine_x 20261231", "latest 1"], (text) => {
    const [one = "", other = ""] = text.split(" ");
    assert.equal(compareTags(one, other), -compareTags(other, one) || 0);
  }),
  onText("search", ["app team/app", "tap team/application"], (text) => {
    const [term = "", name = ""] = text.split(" ");
    const rank = rankName(term, name);
    assert.ok(rank === null || rank.cost >= 0);
  }),
  ...serverTargets,
  deflateTarget,
];
