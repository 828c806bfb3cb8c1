/** A registry that was killed and started again, held to everything that it had acknowledged. */
import assert from "node:assert/strict";
import { computeDigest, type Digest, parseDigest } from "../../src/registry/digest.ts";
import type { PlainClient } from "../support/plain-http.ts";
import type { Ledger, OpenUpload } from "./ledger.ts";

const atOnce = 8;

async function each<T>(all: Iterable<T>, action: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const work = async () => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) await action(one);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** What was open is settled by what is found. Resolves to how many things were there, each byte as it was sent. */
export async function assertKept(client: PlainClient, ledger: Ledger): Promise<number> {
  let there = 0;
  await each([...ledger.kept.values()], async ({ key, expected }) => {
    const target = `/v2/${key.repository}/${key.kind}/${key.digest}`;
    const { status, bytes } = await client.ask("GET", target);
    assert.ok(status === 200 || status === 404, `${target}: ${status} ${bytes}`);
    if (status === 200) assert.equal(computeDigest(bytes), key.digest, target);
    if (expected !== "open") assert.equal(status, expected === "there" ? 200 : 404, target);
    ledger.settle(key, status === 200);
    there += status === 200 ? 1 : 0;
  });
  await each([...ledger.tags], async ([name, { acknowledged, later }]) => {
    const [repository, tag] = name.split(":");
    const { status, headers } = await client.ask("HEAD", `/v2/${repository}/manifests/${tag}`);
    assert.ok(status === 200 || status === 404, `${name}: ${status}`);
    const found = status === 200 ? parseDigest(String(headers["docker-content-digest"])) : null;
    const allowed: readonly (Digest | null)[] = [acknowledged, ...later];
    assert.ok(allowed.includes(found), `${name} leads to ${found}, and may lead to ${allowed}`);
    ledger.settleTag(name, found);
  });
  return there;
}

/** Resolves to how many uploads went on where they were. */
export async function assertResumed(client: PlainClient, ledger: Ledger): Promise<number> {
  let resumed = 0;
  await each([...ledger.uploads], async (upload) => {
    resumed += (await resume(client, upload)) ? 1 : 0;
    ledger.uploads.delete(upload);
    ledger.settle({ repository: upload.repository, digest: upload.digest, kind: "blobs" }, true);
  });
  return resumed;
}

async function resume(client: PlainClient, upload: OpenUpload): Promise<boolean> {
  const { repository, location, bytes, digest, acknowledged, sent, finishing } = upload;
  const blob = `/v2/${repository}/blobs/${digest}`;
  const status = await client.ask("GET", location);
  if (status.status === 404) {
    assert.ok(finishing, `${location} is gone although it was never finished`);
    assert.equal((await client.ask("HEAD", blob)).status, 200, `${location} is gone, and so is its blob`);
    return false;
  }
  assert.equal(status.status, 204, `${location}: ${status.status}`);
  const last = Number(/^0-(\d+)$/.exec(String(status.headers.range))?.[1]);
  const offset = last === 0 ? 0 : last + 1;
  assert.ok(offset >= acknowledged, `${offset} bytes are there, and ${acknowledged} were acknowledged`);
  assert.ok(offset <= sent, `${offset} bytes are there, and ${sent} were sent`);
  const body = bytes.subarray(offset);
  if (body.length > 0) {
    const headers = { "content-range": `${offset}-${bytes.length - 1}` };
    const patched = await client.ask("PATCH", location, { headers, body });
    assert.equal(patched.status, 202, `${location}: ${patched.bytes}`);
  }
  const put = await client.ask("PUT", `${location}?digest=${digest}`);
  assert.equal(put.status, 201, `${location}: ${put.bytes}`);
  const got = await client.ask("GET", blob);
  assert.ok(got.bytes.equals(bytes), blob);
  return offset < bytes.length;
}
