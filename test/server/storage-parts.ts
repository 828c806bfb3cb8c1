/** What the contract of the storages is tested with. */
import assert from "node:assert/strict";
import { computeDigest, type Digest } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import type { NewManifest, Storage } from "../../src/server/storage.ts";

/** Opens an empty storage, hands it over and closes it. */
export type Using = (use: (storage: Storage) => Promise<void>) => Promise<void>;

/** No upload of these tests is larger, in bytes. */
export const most = 1024 * 1024;
export const none: Digest = computeDigest("nobody stored this");

export async function* bodyOf(...parts: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

export async function* brokenBody(part: string, error: Error): AsyncGenerator<Buffer> {
  yield Buffer.from(part);
  throw error;
}

/** A body that stops behind its first part until it is let go on. */
export function heldBody(first: string, rest: string) {
  const begun = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  async function* parts(): AsyncGenerator<Buffer> {
    yield Buffer.from(first);
    begun.resolve();
    await held.promise;
    yield Buffer.from(rest);
  }
  return { body: parts(), begun: begun.promise, release: held.resolve };
}

export async function putBlob(
  storage: Storage,
  repository: string,
  content: string | Buffer,
): Promise<Digest> {
  const digest = computeDigest(content);
  const { id } = await storage.startUpload(repository);
  await storage.appendUpload(repository, id, 0, bodyOf(content), most);
  assert.equal(await storage.finishUpload(repository, id, digest), "stored");
  return digest;
}

export async function readBlob(storage: Storage, repository: string, digest: Digest): Promise<string | null> {
  const reader = await storage.openBlob(repository, digest);
  if (reader === null) return null;
  try {
    const bytes = Buffer.alloc(reader.size);
    for (let done = 0; done < reader.size; ) {
      const got = await reader.read(bytes.subarray(done), done);
      assert.ok(got > 0, "the end came too early");
      done += got;
    }
    return bytes.toString();
  } finally {
    await reader.close();
  }
}

export function manifestOf(text: string, more: Partial<NewManifest> = {}): NewManifest {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, text }));
  const digest = computeDigest(bytes);
  const mediaType = mediaTypes.ociManifest;
  return { bytes, digest, mediaType, tags: [], subject: null, artifactType: null, annotations: {}, ...more };
}
