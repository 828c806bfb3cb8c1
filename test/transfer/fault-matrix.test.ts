/**
 * Everything that can go wrong on the way, on either side of a copy. Each cell ends in every byte being there, or in
 * an exact error and no tag; and it ends. Time runs 60 times faster: see test/support/hasty-world.ts.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { copyImages } from "../../src/transfer/copy.ts";
import { type FaultProxy, type Rule, startFaultProxy } from "../support/fault-proxy.ts";
import { openHastyWorld } from "../support/hasty-world.ts";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { type OwnRegistry, startOwnRegistry } from "../support/own-registry.ts";
import { assertTree, digestAt, pushTree } from "../support/registry-content.ts";
import { createTempHome } from "../support/temp-home.ts";
import { createTlsAuthority, withoutOpenssl } from "../support/tls-authority.ts";
import { startTokenServer, type TokenServer } from "../support/token-server.ts";

const deadlineMs = 60_000;
const always = Number.POSITIVE_INFINITY;
const mib = 2 ** 20;

const image = makeImage({ seed: "fault", layers: [50_000, 6 * mib] });
const tree = makeIndex([image, makeImage({ seed: "fault arm", platform: "linux/arm64", layers: [60_000] })]);
const [small, big] = image.layers;
assert.ok(small !== undefined && big !== undefined);

/** Requests that a rule can be about. */
const requests = {
  manifest: { method: "GET", path: /\/manifests\/1$/ },
  child: { method: "GET", path: new RegExp(`/manifests/${image.manifest.digest}`) },
  config: { method: "GET", path: new RegExp(`/blobs/${image.config.digest}`) },
  small: { method: "GET", path: new RegExp(`/blobs/${small.digest}`) },
  big: { method: "GET", path: new RegExp(`/blobs/${big.digest}`) },
  begin: { method: "POST", path: /\/uploads\// },
  bytes: { method: "PATCH" },
  commit: {
    method: "PUT",
    path: new RegExp(`digest=${encodeURIComponent(big.digest)}|digest=${big.digest}`),
  },
  whole: {
    method: "PUT",
    path: new RegExp(`digest=${encodeURIComponent(small.digest)}|digest=${small.digest}`),
  },
  putChild: { method: "PUT", path: /\/manifests\/sha256/ },
  putTag: { method: "PUT", path: /\/manifests\/1$/ },
  any: {},
} as const;

type What = keyof typeof requests;

interface Cell {
  readonly title: string;
  readonly side: "source" | "destination";
  readonly rules: readonly Rule[];
  /** An error's code, and its status where it has one. */
  readonly ends: "arrives" | string;
}

function cell(
  side: Cell["side"],
  what: What,
  fault: Rule["fault"],
  ends: Cell["ends"],
  more: Partial<Rule> = {},
): Cell {
  const { times = 1, after: skipped = 0 } = more;
  const often = times === always ? "always" : `${times} ×`;
  const { kind, ...details } = fault;
  const title = `${side}: ${what}: ${kind} ${JSON.stringify(details)} ${often}${skipped > 0 ? ` after ${skipped}` : ""}`;
  return { title, side, rules: [{ ...requests[what], ...more, fault }], ends };
}

const breaks = ["cut", "reset", "half-close", "stall"] as const;
const places = ["head", 0, mib] as const;

const broken: readonly Cell[] = breaks.flatMap((kind) => [
  // Each piece of content once, at every kind of place.
  ...places.map((at) => cell("source", "big", { kind, side: "response", at }, "arrives")),
  ...(["manifest", "child", "config", "small"] as const).map((what) =>
    cell("source", what, { kind, side: "response", at: 10 }, "arrives"),
  ),
  // Whoever brings a part each time brings all in the end; whoever brings nothing is given up.
  cell("source", "big", { kind, side: "response", at: mib }, "arrives", { times: always }),
  cell("source", "big", { kind, side: "response", at: "head" }, "REGISTRY_UNREACHABLE", { times: always }),
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

const slow: readonly Cell[] = [
  cell("source", "big", { kind: "slow", side: "response", bytesPerSecond: 6 * mib }, "arrives"),
  cell("destination", "bytes", { kind: "slow", side: "request", bytesPerSecond: 6 * mib }, "arrives"),
  cell("source", "any", { kind: "delay", ms: 300 }, "arrives", { times: 3 }),
  cell("destination", "any", { kind: "delay", ms: 300 }, "arrives", { times: 3 }),
];

const wrong: readonly Cell[] = [
  ...[10, -10].flatMap((by) => [
    cell("source", "big", { kind: "length", by }, "DIGEST_MISMATCH", { times: always }),
    cell("source", "small", { kind: "length", by }, "DIGEST_MISMATCH", { times: always }),
  ]),
  ...(["big", "small", "config", "child", "manifest"] as const).map((what) =>
    cell("source", what, { kind: "flip", side: "response", at: 20 }, "DIGEST_MISMATCH", { times: always }),
  ),
  cell("destination", "bytes", { kind: "flip", side: "request", at: 20 }, "arrives"),
  cell("destination", "bytes", { kind: "flip", side: "request", at: 20 }, "REGISTRY_ERROR 400", {
    times: always,
  }),
  cell("destination", "putTag", { kind: "flip", side: "request", at: 2 }, "REGISTRY_ERROR 400", {
    times: always,
  }),
];

const status = (code: number, headers: Readonly<Record<string, string>> = {}, body = ""): Rule["fault"] => ({
  kind: "status",
  status: code,
  headers,
  body,
});
const passing: readonly Rule["fault"][] = [status(429, { "retry-after": "1" }), status(503)];
const answers: readonly Cell[] = [
  ...(["manifest", "child", "config", "big"] as const).flatMap((what) => [
    ...passing.map((fault) => cell("source", what, fault, "arrives")),
    cell("source", what, status(500), "arrives", { times: 3 }),
    cell("source", what, status(500, {}, "{oops"), "REGISTRY_ERROR 500", { times: always }),
    cell("source", what, status(429, { "retry-after": "86400" }), "RATE_LIMITED", { times: always }),
    cell("source", what, status(404), "NOT_FOUND", { times: always }),
  ]),
  ...(["begin", "bytes", "commit", "whole", "putChild", "putTag"] as const).flatMap((what) => [
    ...passing.map((fault) => cell("destination", what, fault, "arrives")),
    cell("destination", what, status(500), "arrives", { times: 3 }),
    cell("destination", what, status(500, {}, "{oops"), "REGISTRY_ERROR 500", { times: always }),
    cell("destination", what, status(429, { "retry-after": "86400" }), "RATE_LIMITED", { times: always }),
    cell("destination", what, status(403), "DENIED", { times: always }),
  ]),
  cell("source", "manifest", status(200, { "content-type": "application/json" }, "{]"), "CONTENT_BROKEN", {
    times: always,
  }),
  cell("source", "child", status(200, { "content-type": "text/html" }, "<html>"), "DIGEST_MISMATCH", {
    times: always,
  }),
  cell("source", "manifest", status(401), "UNAUTHORIZED", { times: always }),
  cell("destination", "begin", status(202, {}, "{]"), "REGISTRY_ERROR 202", { times: always }),
  cell("destination", "begin", status(401), "UNAUTHORIZED", { times: always }),
  ...[mib, 3 * mib, 300_000].map((bytes) =>
    cell("destination", "any", { kind: "limit", bytes }, "arrives", { times: always }),
  ),
  cell("destination", "bytes", { kind: "limit", bytes: 0 }, "REGISTRY_ERROR 413", { times: always }),
];

let from: OwnRegistry;
let to: OwnRegistry;
before(async () => {
  [from, to] = await Promise.all([startOwnRegistry(), startOwnRegistry()]);
  await pushTree(from.host, "app", ["1"], tree);
});
after(async () => {
  await from?.[Symbol.asyncDispose]();
  await to?.[Symbol.asyncDispose]();
});

const plainly = {
  trust: {},
  sourceTrust: {},
  referrers: false,
  allTags: false,
  dryRun: false,
  overwrite: false,
};

let count = 0;

/** `arrives`, or the error's code and status. */
async function runCopy(source: string, destination: string): Promise<string> {
  await using home = await createTempHome();
  const { context } = openHastyWorld({ home: home.path });
  const deadline = AbortSignal.timeout(deadlineMs);
  const hangs = new Promise<string>((resolve) => deadline.addEventListener("abort", () => resolve("hangs")));
  const copied = copyImages({ ...plainly, source, destination }, context).then(
    () => "arrives",
    (error: unknown) => {
      if (!isRegctlError(error)) throw error;
      return "status" in error.facts ? `${error.code} ${error.facts.status}` : error.code;
    },
  );
  return await Promise.race([copied, hangs]);
}

async function tryCell({ side, rules, ends }: Cell): Promise<FaultProxy> {
  count += 1;
  const repository = `cell-${count}`;
  await using proxy = await startFaultProxy((side === "source" ? from : to).host, ...rules);
  const source = `${side === "source" ? proxy.host : from.host}/app:1`;
  const destination = `${side === "destination" ? proxy.host : to.host}/${repository}:1`;
  const ended = await runCopy(source, destination);
  assert.equal(ended, ends);
  assert.ok(
    proxy.requests.some(({ faults }) => faults.length > 0),
    "the fault was met",
  );
  if (ends === "arrives") await assertTree(to.host, repository, "1", tree);
  else assert.equal(await digestAt(to.host, repository, "1"), null);
  return proxy;
}

describe("copy, when something goes wrong", { concurrency: 12 }, () => {
  for (const each of [...broken, ...slow, ...wrong, ...answers]) {
    it(each.title, async () => void (await tryCell(each)));
  }
});

describe("copy: where credentials go", { skip: withoutOpenssl }, () => {
  let server: TokenServer;
  before(async () => {
    await using authority = await createTlsAuthority();
    server = await startTokenServer({ signer: await authority.issue(), issuer: "test", users: {} });
  });
  after(() => server?.[Symbol.asyncDispose]());

  const wanted = (scope: string) =>
    status(401, { "www-authenticate": `Bearer realm="${server.url}",service="test",scope="${scope}"` });

  for (const [side, what] of [
    ["source", "big"],
    ["source", "child"],
    ["destination", "begin"],
    ["destination", "bytes"],
    ["destination", "commit"],
    ["destination", "putTag"],
  ] as const) {
    it(`${side}: ${what}: a token that is not taken any more is fetched again`, async () => {
      await tryCell(cell(side, what, wanted("repository:app:pull,push"), "arrives"));
      assert.ok(server.requests.length > 0);
    });
  }

  const login = () => ({ path: /^\/v2\/.+/, fault: wanted("repository:app:pull,push") });
  for (const what of ["big", "config", "child"] as const) {
    it(`source: ${what}: another host that a redirect leads to gets none`, async () => {
      await using other = await startFaultProxy(from.host);
      const redirect: Rule = { ...requests[what], fault: { kind: "redirect", origin: other.url } };
      const proxy = await tryCell({ title: "", side: "source", rules: [login(), redirect], ends: "arrives" });
      assert.ok(proxy.requests.some(({ authorization }) => authorization?.startsWith("Bearer ")));
      assert.ok(other.requests.length > 0);
      for (const { authorization } of other.requests) assert.equal(authorization, undefined);
    });
  }

  for (const what of ["bytes", "whole", "putTag"] as const) {
    it(`destination: ${what}: nothing goes where a redirect leads, neither login nor content`, async () => {
      await using other = await startFaultProxy(to.host);
      const redirect: Rule = { ...requests[what], fault: { kind: "redirect", origin: other.url } };
      await tryCell({
        title: "",
        side: "destination",
        rules: [login(), redirect],
        ends: "REGISTRY_ERROR 307",
      });
      assert.deepEqual(other.requests, []);
    });
  }
});
