/** Blobs that are large enough to be hashed on a thread of their own, through what breaks. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { type CopyWorld, openCopyWorld } from "../support/copy-world.ts";
import type { Fault, Rule } from "../support/fault-proxy.ts";
import { pushLargeImage } from "../support/large-image.ts";
import { digestAt } from "../support/registry-content.ts";

const mib = 2 ** 20;
const sizes = [40 * mib, 36 * mib, 2 * mib];
const always = Number.POSITIVE_INFINITY;

interface Cell {
  readonly title: string;
  readonly side: "source" | "target";
  /** Of the requests that bring the largest blob. */
  readonly faults: readonly Fault[];
  readonly times?: number;
}

const arriving: readonly Cell[] = [
  { title: "nothing breaks", side: "source", faults: [] },
  {
    title: "the source breaks off twice",
    side: "source",
    faults: [
      { kind: "cut", side: "response", at: 33 * mib },
      { kind: "cut", side: "response", at: mib },
    ],
  },
  {
    title: "the destination breaks off",
    side: "target",
    faults: [{ kind: "reset", side: "request", at: 35 * mib }],
  },
  {
    title: "the destination takes no large bodies",
    side: "target",
    faults: [{ kind: "limit", bytes: 17 * mib }],
    times: always,
  },
];

describe("copy of large blobs", { timeout: 120_000 }, () => {
  let world: CopyWorld;
  let digest = "";
  let largest = "";
  before(async () => {
    world = await openCopyWorld();
    digest = await pushLargeImage(world.from, "app", sizes);
    const manifest = await fetch(`http://${world.from}/v2/app/manifests/${digest}`);
    largest = JSON.parse(await manifest.text()).layers[0].digest;
  });
  after(() => world[Symbol.asyncDispose]());

  const begin = ({ side, faults, times }: Omit<Cell, "title">): void => {
    const more = times === undefined ? {} : { times };
    // Two rules that fit would both meet the same request.
    const rules = faults.map((fault, index): Rule => ({ ...more, after: index, fault }));
    world.source.set(...(side === "source" ? rules : []).map((rule) => ({ ...rule, ...fetched() })));
    world.target.set(...(side === "target" ? rules : []).map((rule) => ({ ...rule, ...sent })));
  };
  const fetched = () => ({ method: "GET", path: new RegExp(`/blobs/${largest}`) });
  const sent = { path: /\/blobs\/uploads\/./, leastBytes: 38 * mib };

  for (const [index, cell] of arriving.entries()) {
    it(`arrives when ${cell.title}`, async () => {
      begin(cell);
      const before = cell.faults.map(({ kind }) => world[cell.side].count(kind));
      const { document } = await world.copy({ destination: `${world.target.host}/copy${index}:1` });
      assert.equal(document.items[0]?.digest, digest);
      assert.equal(await digestAt(world.to, `copy${index}`, "1"), digest);
      for (const [at, { kind }] of cell.faults.entries())
        assert.ok(world[cell.side].count(kind) > (before[at] ?? 0), `${kind} did not happen`);
    });
  }

  it("is refused when a byte is another one, and does not arrive", async () => {
    begin({
      side: "source",
      faults: [{ kind: "flip", side: "response", at: 39 * mib }],
      times: always,
    });
    const copying = world.copy({ destination: `${world.target.host}/wrong:1` });
    await assert.rejects(copying, (error) => isRegctlError(error, "DIGEST_MISMATCH"));
    assert.ok(world.source.count("flip") > 0);
    assert.equal(await digestAt(world.to, "wrong", "1"), null);
    const { status } = await fetch(`http://${world.to}/v2/wrong/blobs/${largest}`, { method: "HEAD" });
    assert.equal(status, 404);
  });
});
