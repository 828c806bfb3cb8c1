/** What is decided before anything is fetched, as tables. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProbeVerdict } from "../../src/engine/probe.ts";
import { chooseWay, type Way, type WayFacts } from "../../src/pull/choose-way.ts";
import { readsZstd } from "../../src/pull/engine-facts.ts";
import { type Chain, countKnown } from "../../src/pull/known-layers.ts";
import { localNamesOf, missingNames, parseLocalNames, splitName } from "../../src/pull/local-names.ts";
import { judgeUnpackedSize } from "../../src/pull/unpacked.ts";

const facts = (verdict: ProbeVerdict | null, more: Partial<WayFacts> = {}): WayFacts => ({
  asked: null,
  loopback: false,
  engineHere: true,
  byDigest: false,
  verdict,
  ...more,
});

describe("the way", () => {
  const elsewhere = { loopback: true, engineHere: false };
  const table: readonly (readonly [WayFacts, Way, RegExp])[] = [
    [facts("trusted"), "engine", /trusts the registry$/],
    [facts("trusted", { byDigest: true }), "engine", /trusts/],
    [facts("protocol"), "direct", /plain HTTP/],
    [facts("trust"), "direct", /certificate/],
    [facts("unreachable"), "direct", /does not reach/],
    [facts("unsupported"), "direct", /cannot be asked/],
    [facts("unknown"), "direct", /nobody can tell/],
    [facts(null), "direct", /nobody can tell/],
    [facts("protocol", { byDigest: true }), "direct", /plain HTTP/],
    [facts("unreachable", { byDigest: true }), "direct", /does not reach/],
    [facts("unsupported", { byDigest: true }), "engine", /digest/],
    [facts("unknown", { byDigest: true }), "engine", /digest/],
    [facts("trusted", { loopback: true }), "engine", /trusts/],
    [facts("trusted", { engineHere: false }), "engine", /trusts/],
    [facts("trusted", elsewhere), "direct", /another machine/],
    [facts("unknown", { ...elsewhere, byDigest: true }), "direct", /another machine/],
    [facts("trusted", { asked: "direct" }), "direct", /--via direct/],
    [facts("protocol", { asked: "engine" }), "engine", /--via engine/],
    [facts(null, { ...elsewhere, asked: "engine" }), "engine", /--via engine/],
  ];
  for (const [given, way, why] of table) {
    test(JSON.stringify(given), () => {
      const chosen = chooseWay(given);
      assert.equal(chosen.way, way);
      assert.match(chosen.why, why);
    });
  }
});

test("layers are known only with everything below them", () => {
  const chains: readonly Chain[] = [["a", "b", "c"], ["x"], []];
  const table: readonly (readonly [Chain, number])[] = [
    [["a", "b", "c"], 3],
    [["a", "b"], 2],
    [["a", "b", "d"], 2],
    [["b", "c"], 0],
    [["x", "b"], 1],
    [["a", "b", "c", "d"], 3],
    [[], 0],
  ];
  for (const [diffIds, known] of table) assert.equal(countKnown(diffIds, chains), known, diffIds.join());
  assert.equal(countKnown(["a"], []), 0);
});

test("the size that a gzip member ends with counts where it can be right", () => {
  assert.equal(judgeUnpackedSize(490_000_000, 177_000_000), 490_000_000);
  // Bytes that do not pack.
  assert.equal(judgeUnpackedSize(999_000, 1_000_000), 999_000);
  // The empty member at the end of an eStargz layer, and what is left of 4.1 GiB.
  assert.equal(judgeUnpackedSize(0, 1_000_000), null);
  assert.equal(judgeUnpackedSize(107_374_182, 2_000_000_000), null);
});

test("zstd is read since 23.0", () => {
  for (const version of ["20.10.24+dfsg1", "1.6.2", "22.06.0-beta.0"])
    assert.equal(readsZstd(version), false, version);
  for (const version of ["23.0.0", "28.5.2+dfsg1", "v29.0", "library-import"])
    assert.equal(readsZstd(version), true, version);
});

test("local names", () => {
  const registry = "r:5000";
  const digest = `sha256:${"0".repeat(64)}` as const;
  assert.deepEqual(parseLocalNames(["app", "docker.io/library/app:latest", "team/app:1"]), [
    "app:latest",
    "team/app:1",
  ]);
  assert.throws(() => parseLocalNames([`app@${digest}`]), /no digest/);
  assert.throws(() => parseLocalNames(["App"]), /BAD_REFERENCE/);
  const own = { registry, repository: "app" };
  assert.deepEqual(localNamesOf({ ...own, tag: "1" }, ["x:1"]), ["r:5000/app:1", "x:1"]);
  assert.deepEqual(localNamesOf({ ...own, digest }, []), []);
  assert.deepEqual(localNamesOf({ ...own, tag: "1", digest }, ["x:1"]), ["x:1"]);
  assert.deepEqual(missingNames(["app:1", "r:5000/app:1"], ["docker.io/library/app:1"]), ["r:5000/app:1"]);
  assert.deepEqual(missingNames(["app:1"], ["localhost/app:1"]), []);
  assert.deepEqual(missingNames(["app:1"], ["<none>:<none>"]), ["app:1"]);
  assert.deepEqual(splitName("app:1"), { repository: "docker.io/library/app", tag: "1" });
  assert.deepEqual(splitName("r:5000/team/app:1"), { repository: "r:5000/team/app", tag: "1" });
});
