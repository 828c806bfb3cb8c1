/**
 * Everything that can go wrong at the destination of a copy. Each cell ends in every byte being there, or in an exact
 * error and no tag; and it ends. Time runs 60 times faster: see test/support/hasty-world.ts.
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
  ...places.map((at) => cell("destination", "bytes", { kind, side: "request", at }, "arrives")),
  ...(["begin", "bytes", "commit", "whole", "putChild", "putTag"] as const).map((what) =>
    // The server did it, and its answer is lost.
    cell("destination", what, { kind, side: "response", at: "head" }, "arrives"),
  ),
  cell("destination", "whole", { kind, side: "request", at: 100 }, "arrives"),
  cell("destination", "bytes", { kind, side: "request", at: "head" }, "REGISTRY_UNREACHABLE", {
    times: always,
  }),
]);

/** Too long as a whole, so it comes in parts. */
const inParts: readonly Cell[] = breaks.flatMap((kind) =>
  (
    [
      ["request", "head"],
      ["request", 0],
      ["request", mib],
      ["response", "head"],
    ] as const
  ).map(([side, at]): Cell => {
    const { title, rules, ...rest } = cell("destination", "part", { kind, side, at }, "arrives", {
      after: 1,
    });
    const limit: Rule = { times: always, fault: { kind: "limit", bytes: 3 * mib } };
    return { ...rest, title: `${title}, in parts`, rules: [...rules, limit] };
  }),
);

const slow: readonly Cell[] = [
  cell("destination", "bytes", { kind: "slow", side: "request", bytesPerSecond: 6 * mib }, "arrives"),
  cell("destination", "any", { kind: "delay", ms: 300 }, "arrives", { times: 3 }),
];

const wrong: readonly Cell[] = [
  cell("destination", "bytes", { kind: "flip", side: "request", at: 20 }, "arrives"),
  cell("destination", "bytes", { kind: "flip", side: "request", at: 20 }, "REGISTRY_ERROR 400", {
    times: always,
  }),
  cell("destination", "putTag", { kind: "flip", side: "request", at: 2 }, "REGISTRY_ERROR 400", {
    times: always,
  }),
];

const answers: readonly Cell[] = [
  ...(["begin", "bytes", "commit", "whole", "putChild", "putTag"] as const).flatMap((what) => [
    ...passing.map((fault) => cell("destination", what, fault, "arrives")),
    cell("destination", what, status(500), "arrives", { times: 3 }),
    cell("destination", what, status(500, {}, "{oops"), "REGISTRY_ERROR 500", { times: always }),
    cell("destination", what, status(429, { "retry-after": "86400" }), "RATE_LIMITED", { times: always }),
    cell("destination", what, status(403), "DENIED", { times: always }),
  ]),
  cell("destination", "begin", status(202, {}, "{]"), "REGISTRY_ERROR 202", { times: always }),
  cell("destination", "begin", status(401), "UNAUTHORIZED", { times: always }),
  ...[mib, 3 * mib, 300_000].map((bytes) =>
    cell("destination", "any", { kind: "limit", bytes }, "arrives", { times: always }),
  ),
  cell("destination", "any", { kind: "limit", bytes: 0 }, "REGISTRY_ERROR 413", { times: always }),
];

const matrix = describeCells("destination", [...broken, ...inParts, ...slow, ...wrong, ...answers]);

describeTokens("destination", "pull,push", ({ server, wanted }) => {
  for (const what of ["begin", "bytes", "commit", "putTag"] as const) {
    it(`${what}: a token that is not taken any more is fetched again`, async () => {
      await matrix().tryCell(cell("destination", what, wanted(), "arrives"));
      assert.ok(server().requests.length > 0);
    });
  }

  for (const what of ["bytes", "whole", "putTag"] as const) {
    it(`${what}: nothing goes where a redirect leads, neither login nor content`, async () => {
      await using other = await startFaultProxy(matrix().to);
      const login: Rule = { path: /^\/v2\/.+/, fault: wanted() };
      const redirect: Rule = { ...requests[what], fault: { kind: "redirect", origin: other.url } };
      const rules = [login, redirect];
      await matrix().tryCell({ title: "", side: "destination", rules, ends: "REGISTRY_ERROR 307" });
      assert.deepEqual(other.requests, []);
    });
  }
});
