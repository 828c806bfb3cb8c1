/** Copies that are interrupted, refused or lied to: what is kept, what is gone on with, what is never tagged. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isRegctlError, RegctlError } from "../../src/errors.ts";
import { linesOf, openCopyWorld } from "../support/copy-world.ts";
import { makeImage } from "../support/image-maker.ts";
import { assertTree, digestAt, pushTree } from "../support/registry-content.ts";
import { createTlsAuthority, withoutOpenssl } from "../support/tls-authority.ts";
import { startTokenServer, type TokenServer } from "../support/token-server.ts";

const mib = 2 ** 20;
const large = makeImage({ seed: "large", layers: [1000, 12 * mib], compression: "none" });
const big = large.layers[1];
assert.ok(big !== undefined);
const always = Number.POSITIVE_INFINITY;

/** What brings the large blob, as a whole (PUT) or a part of it (PATCH). */
const bringing = { path: /\/blobs\/uploads\/./, leastBytes: 100_000 } as const;

interface Passed {
  readonly method: string;
  readonly path: string;
  readonly sent: { readonly bytes: number };
}

const brings = ({ method, path, sent }: Passed): boolean =>
  bringing.path.test(path) && (method === "PATCH" || (method === "PUT" && sent.bytes > 50_000));

/** Bytes of the large blob that went into the registry through the proxy. */
const sentBytes = (requests: readonly Passed[]) =>
  requests.filter(brings).reduce((sum, { sent }) => sum + sent.bytes, 0);

async function openLarge() {
  const world = await openCopyWorld();
  await pushTree(world.from, "app", ["1"], large);
  return world;
}

const notesOf = async (home: string): Promise<readonly string[]> =>
  readdir(join(home, ".local/state/regctl/uploads")).catch(() => []);

describe("a large body that is refused", () => {
  for (const [limit, chunk, least] of [
    [6 * mib, 5 * mib, 3],
    [mib, mib, 13],
  ] as const) {
    test(`above ${limit / mib} MiB: it goes in parts of ${chunk / mib} MiB, said once`, async () => {
      await using world = await openLarge();
      world.target.set({ times: always, fault: { kind: "limit", bytes: limit } });
      await world.copy();
      await assertTree(world.to, "copy", "1", large);
      const parts = world.target.requests.filter(
        ({ method, faults }) => method === "PATCH" && faults.length === 0,
      );
      assert.equal(parts.length, least);
      assert.ok(parts.every(({ sent }) => sent.bytes <= chunk));
      const notes = world.told.flatMap((event) => (event.event === "note" ? event.note : []));
      assert.equal(
        notes.at(-1),
        `it does not take large bodies: from now on in parts of ${chunk / 1024} KiB`,
      );
      assert.equal(new Set(notes).size, notes.length);
      // Each part follows the one before: the source is read again only after a refusal.
      const refused = world.target.requests.filter(
        ({ method, faults }) => (method === "PATCH" || method === "PUT") && faults.length > 0,
      );
      assert.ok(linesOf(world.source, new RegExp(`GET .*${big.digest}`)).length <= refused.length + 1);
    });
  }
});

describe("resuming within a run", () => {
  test("an upload that breaks goes on from the offset that the registry reports", async () => {
    await using world = await openLarge();
    world.target.set({ ...bringing, fault: { kind: "cut", side: "request", at: 7 * mib } });
    await world.copy();
    await assertTree(world.to, "copy", "1", large);
    const bodies = world.target.requests.filter(brings);
    assert.equal(bodies.length, 2);
    assert.ok(bodies[1] !== undefined && bodies[1].sent.bytes < big.bytes.length, "not from the beginning");
    assert.deepEqual(await notesOf(world.home), []);
  });

  test("an upload that the registry has forgotten begins again", async () => {
    await using world = await openLarge();
    world.target.set(
      { ...bringing, fault: { kind: "cut", side: "request", at: 7 * mib } },
      { method: "GET", path: /uploads/, fault: { kind: "status", status: 404 } },
    );
    await world.copy();
    await assertTree(world.to, "copy", "1", large);
    assert.equal(linesOf(world.target, /^POST/).length, large.blobs.size + 1);
  });

  test("a source that breaks goes on by a range", async () => {
    await using world = await openLarge();
    const path = new RegExp(`/blobs/${big.digest}`);
    world.source.set({ path, fault: { kind: "reset", side: "response", at: 5 * mib } });
    await world.copy();
    await assertTree(world.to, "copy", "1", large);
    const gets = world.source.requests.filter(
      (request) => request.method === "GET" && path.test(request.path),
    );
    assert.equal(gets.length, 2);
    assert.ok(gets[1] !== undefined && gets[1].received.bytes <= big.bytes.length - 5 * mib + mib);
    assert.equal(world.target.requests.filter(brings).length, 1, "the target notices nothing");
  });

  test("an answer that is lost at the very end is asked for", async () => {
    await using world = await openLarge();
    const path = new RegExp(`digest=${encodeURIComponent(big.digest)}|digest=${big.digest}`);
    world.target.set({ method: "PUT", path, fault: { kind: "cut", side: "response", at: "head" } });
    await world.copy();
    await assertTree(world.to, "copy", "1", large);
    assert.equal(world.target.requests.filter(brings).length, 1);
  });
});

describe("resuming in the next run", () => {
  /** A run that fails in the middle of the large blob, for good. */
  async function failOnce(world: Awaited<ReturnType<typeof openLarge>>): Promise<void> {
    const path = new RegExp(`/blobs/${big?.digest}`);
    world.source.set(
      { path, fault: { kind: "cut", side: "response", at: 8 * mib } },
      { path, after: 1, times: always, fault: { kind: "status", status: 404 } },
    );
    await assert.rejects(world.copy(), (error) => isRegctlError(error, "NOT_FOUND"));
    world.source.set();
  }

  test("a source that fails for good leaves no tag; what cannot be gone on with is taken back", async () => {
    await using world = await openLarge();
    await failOnce(world);
    assert.equal(await digestAt(world.to, "copy", "1"), null);
    assert.deepEqual(await notesOf(world.home), []);
    assert.equal(linesOf(world.target, /^DELETE/).length, 1);
  });

  test("Ctrl-C keeps a large upload, and the next run sends only what is missing", async () => {
    await using world = await openLarge();
    world.target.set({ ...bringing, fault: { kind: "slow", side: "request", bytesPerSecond: 8 * mib } });
    const controller = new AbortController();
    const reason = new RegctlError("INTERRUPTED", { signal: "SIGINT" });
    const stalled = setInterval(() => {
      if (sentBytes(world.target.requests) >= 5 * mib) controller.abort(reason);
    }, 5);
    await assert.rejects(world.copy({ signal: controller.signal }), (error) => error === reason);
    clearInterval(stalled);
    assert.equal((await notesOf(world.home)).length, 1);
    assert.equal(await digestAt(world.to, "copy", "1"), null);
    const before = world.target.requests.length;
    world.target.set();
    await world.copy();
    await assertTree(world.to, "copy", "1", large);
    const later = world.target.requests.slice(before);
    assert.deepEqual(linesOf({ ...world.target, requests: later }, /^POST/), [], "the same upload");
    const parts = later.filter(brings);
    assert.ok(parts.length > 0 && parts.every(({ sent }) => sent.bytes <= big.bytes.length - 5 * mib));
    assert.deepEqual(await notesOf(world.home), []);
  });

  test("two copies at once do not share an upload", async () => {
    await using world = await openLarge();
    await Promise.all([world.copy(), world.copy({ destination: `${world.target.host}/copy:2` })]);
    await assertTree(world.to, "copy", "1", large);
    await assertTree(world.to, "copy", "2", large);
  });
});

describe("wrong bytes", () => {
  for (const [name, layer] of [
    ["large", big],
    ["small", large.layers[0]],
  ] as const) {
    test(`of a ${name} blob: nothing is tagged, and the upload is taken back`, async () => {
      await using world = await openLarge();
      const path = new RegExp(`/blobs/${layer?.digest}`);
      world.source.set({ path, times: always, fault: { kind: "flip", side: "response", at: 700 } });
      await assert.rejects(world.copy(), (error) => isRegctlError(error, "DIGEST_MISMATCH"));
      assert.equal(await digestAt(world.to, "copy", "1"), null);
      assert.deepEqual(linesOf(world.target, /^PUT .*manifests/), []);
      assert.deepEqual(
        linesOf(world.target, new RegExp(`^PUT .*${layer?.digest}`)),
        [],
        "it is not even offered",
      );
      assert.deepEqual(await notesOf(world.home), []);
    });
  }
});

test("a slow source is fetched in ranges", async () => {
  await using world = await openCopyWorld();
  const slow = makeImage({ seed: "slow", layers: [40 * mib], compression: "none" });
  await pushTree(world.from, "app", ["1"], slow);
  // Time runs 60 times faster: 8 MiB a second look like a 60th of it.
  world.source.set({
    path: /blobs/,
    times: always,
    fault: { kind: "slow", side: "response", bytesPerSecond: 8 * mib },
  });
  await world.copy();
  await assertTree(world.to, "copy", "1", slow);
  const blob = new RegExp(`GET .*${slow.layers[0]?.digest}`);
  assert.ok(linesOf(world.source, blob).length > 4);
});

describe("a token that is not taken any more", { skip: withoutOpenssl }, () => {
  let server: TokenServer;
  before(async () => {
    await using authority = await createTlsAuthority();
    server = await startTokenServer({ signer: await authority.issue(), issuer: "test", users: {} });
  });
  after(() => server[Symbol.asyncDispose]());

  test("in the middle of a copy: the body is sent again from where it began", async () => {
    await using world = await openLarge();
    const headers = {
      "www-authenticate": `Bearer realm="${server.url}",service="t",scope="repository:copy:pull,push"`,
    };
    world.target.set({ ...bringing, fault: { kind: "status", status: 401, headers } });
    await world.copy();
    await assertTree(world.to, "copy", "1", large);
    assert.ok(server.requests.length > 0);
    const authorized = world.target.requests.filter(brings).at(-1);
    assert.match(authorized?.authorization ?? "", /^Bearer /);
  });
});
