/** What can go wrong on the way of a copy, a cell of the matrix each, and how one is tried. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { copyImages } from "../../src/transfer/copy.ts";
import { type FaultProxy, type Rule, startFaultProxy } from "../support/fault-proxy.ts";
import { openHastyWorld } from "../support/hasty-world.ts";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import { assertTree, digestAt, pushTree } from "../support/registry-content.ts";
import { createTempHome } from "../support/temp-home.ts";
import { createTlsAuthority, withoutOpenssl } from "../support/tls-authority.ts";
import { startTokenServer, type TokenServer } from "../support/token-server.ts";

const deadlineMs = 60_000;
export const always = Number.POSITIVE_INFINITY;
export const mib = 2 ** 20;

const image = makeImage({ seed: "fault", layers: [50_000, 6 * mib] });
const tree = makeIndex([image, makeImage({ seed: "fault arm", platform: "linux/arm64", layers: [60_000] })]);
const [small, big] = image.layers;
assert.ok(small !== undefined && big !== undefined);

/** Requests that a rule can be about. */
export const requests = {
  manifest: { method: "GET", path: /\/manifests\/1$/ },
  child: { method: "GET", path: new RegExp(`/manifests/${image.manifest.digest}`) },
  config: { method: "GET", path: new RegExp(`/blobs/${image.config.digest}`) },
  small: { method: "GET", path: new RegExp(`/blobs/${small.digest}`) },
  big: { method: "GET", path: new RegExp(`/blobs/${big.digest}`) },
  begin: { method: "POST", path: /\/uploads\// },
  /** Whatever brings the large blob, as a whole or in parts. */
  bytes: { path: /\/blobs\/uploads\/./, leastBytes: 100_000 },
  part: { path: /\/blobs\/uploads\/./, leastBytes: 100_000 },
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

export interface Cell {
  readonly title: string;
  readonly side: "source" | "destination";
  readonly rules: readonly Rule[];
  /** An error's code, and its status where it has one. */
  readonly ends: "arrives" | string;
}

export function cell(
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

export const breaks = ["cut", "reset", "half-close", "stall"] as const;
/** Where in a body. */
export const places = ["head", 0, mib] as const;

export const status = (
  code: number,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): Rule["fault"] => ({
  kind: "status",
  status: code,
  headers,
  body,
});
export const passing: readonly Rule["fault"][] = [status(429, { "retry-after": "1" }), status(503)];

const plainly = {
  trust: {},
  sourceTrust: {},
  referrers: false,
  allTags: false,
  dryRun: false,
  overwrite: false,
};

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

export interface Matrix extends AsyncDisposable {
  /** HOST:PORT of the registries that stand behind the proxies. */
  readonly from: string;
  readonly to: string;
  /** Fails unless it ends as it should, all bytes there or no tag. */
  tryCell(cell: Cell): Promise<FaultProxy>;
}

async function openMatrix(): Promise<Matrix> {
  const [from, to] = await Promise.all([startOwnRegistry(), startOwnRegistry()]);
  await pushTree(from.host, "app", ["1"], tree);
  let count = 0;
  return {
    from: from.host,
    to: to.host,
    tryCell: async ({ side, rules, ends }) => {
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
    },
    [Symbol.asyncDispose]: async () => {
      await from[Symbol.asyncDispose]();
      await to[Symbol.asyncDispose]();
    },
  };
}

/** A test for each cell; the registries stand while the tests of the file run. */
export function describeCells(side: Cell["side"], cells: readonly Cell[]): () => Matrix {
  let matrix: Matrix;
  before(async () => {
    matrix = await openMatrix();
  });
  after(() => matrix?.[Symbol.asyncDispose]());
  describe(`copy, when something goes wrong at the ${side}`, { concurrency: 12 }, () => {
    for (const each of cells) it(each.title, async () => void (await matrix.tryCell(each)));
  });
  return () => matrix;
}

export interface Tokens {
  server(): TokenServer;
  /** An answer that wants a token of it. */
  wanted(): Rule["fault"];
}

/** Tests beside a token server, which gives tokens for these actions on the repository. */
export function describeTokens(side: Cell["side"], actions: string, tests: (tokens: Tokens) => void): void {
  describe(`copy: where the ${side}'s credentials go`, { skip: withoutOpenssl }, () => {
    let server: TokenServer;
    before(async () => {
      await using authority = await createTlsAuthority();
      server = await startTokenServer({ signer: await authority.issue(), issuer: "test", users: {} });
    });
    after(() => server?.[Symbol.asyncDispose]());
    tests({
      server: () => server,
      wanted: () => {
        const scope = `repository:app:${actions}`;
        const realm = `Bearer realm="${server.url}",service="test",scope="${scope}"`;
        return status(401, { "www-authenticate": realm });
      },
    });
  });
}
