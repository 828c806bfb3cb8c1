/**
 * Everything that can go wrong at the source of a copy. Each cell ends in every byte being there, or in an exact error
 * and no tag; and it ends. Time runs 60 times faster: see test/support/hasty-world.ts.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import { type Rule, startFaultProxy } from "../support/fault-proxy.ts";
import {
  always,
  breaks,
  type Cell,
  cell,
  describeCells,
  describeTokens,
  mib,
  passing,
  places,
  requests,
  status,
} from "./fault-cells.ts";

const broken: readonly Cell[] = breaks.flatMap((kind) => [
  // Each piece of content once, at every kind of place.
  ...places.map((at) => cell("source", "big", { kind, side: "response", at }, "arrives")),
  ...(["manifest", "child", "config", "small"] as const).map((what) =>
    cell("source", what, { kind, side: "response", at: 10 }, "arrives"),
  ),
  // Whoever brings a part each time brings all in the end; whoever brings nothing is given up.
  cell("source", "big", { kind, side: "response", at: mib }, "arrives", { times: always }),
  cell("source", "big", { kind, side: "response", at: "head" }, "REGISTRY_UNREACHABLE", { times: always }),
]);

const slow: readonly Cell[] = [
  cell("source", "big", { kind: "slow", side: "response", bytesPerSecond: 6 * mib }, "arrives"),
  cell("source", "any", { kind: "delay", ms: 300 }, "arrives", { times: 3 }),
];

const wrong: readonly Cell[] = [
  ...[10, -10].flatMap((by) => [
    cell("source", "big", { kind: "length", by }, "DIGEST_MISMATCH", { times: always }),
    cell("source", "small", { kind: "length", by }, "DIGEST_MISMATCH", { times: always }),
  ]),
  ...(["big", "small", "config", "child", "manifest"] as const).map((what) =>
    cell("source", what, { kind: "flip", side: "response", at: 20 }, "DIGEST_MISMATCH", { times: always }),
  ),
];

const answers: readonly Cell[] = [
  ...(["manifest", "child", "config", "big"] as const).flatMap((what) => [
    ...passing.map((fault) => cell("source", what, fault, "arrives")),
    cell("source", what, status(500), "arrives", { times: 3 }),
    cell("source", what, status(500, {}, "{oops"), "REGISTRY_ERROR 500", { times: always }),
    cell("source", what, status(429, { "retry-after": "86400" }), "RATE_LIMITED", { times: always }),
    cell("source", what, status(404), "NOT_FOUND", { times: always }),
  ]),
  cell("source", "manifest", status(200, { "content-type": "application/json" }, "{]"), "CONTENT_BROKEN", {
    times: always,
  }),
  cell("source", "child", status(200, { "content-type": "text/html" }, "<html>"), "DIGEST_MISMATCH", {
    times: always,
  }),
  cell("source", "manifest", status(401), "UNAUTHORIZED", { times: always }),
];

const matrix = describeCells("source", [...broken, ...slow, ...wrong, ...answers]);

describeTokens("source", "pull", ({ server, wanted }) => {
  for (const what of ["big", "child"] as const) {
    it(`${what}: a token that is not taken any more is fetched again`, async () => {
      await matrix().tryCell(cell("source", what, wanted(), "arrives"));
      assert.ok(server().requests.length > 0);
    });
  }

  for (const what of ["big", "config", "child"] as const) {
    it(`${what}: another host that a redirect leads to gets none`, async () => {
      await using other = await startFaultProxy(matrix().from);
      const login: Rule = { path: /^\/v2\/.+/, fault: wanted() };
      const redirect: Rule = { ...requests[what], fault: { kind: "redirect", origin: other.url } };
      const rules = [login, redirect];
      const proxy = await matrix().tryCell({ title: "", side: "source", rules, ends: "arrives" });
      assert.ok(proxy.requests.some(({ authorization }) => authorization?.startsWith("Bearer ")));
      assert.ok(other.requests.length > 0);
      for (const { authorization } of other.requests) assert.equal(authorization, undefined);
    });
  }
});
