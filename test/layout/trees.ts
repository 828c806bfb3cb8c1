/** Whole images into files and out of them, by the doors that the copying uses. */
import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { isRegctlError, type RegctlError } from "../../src/errors.ts";
import type { ImageReader, ImageWriter } from "../../src/layout/image-files.ts";
import type { Digest } from "../../src/registry/digest.ts";
import type { MadeTree } from "../support/image-maker.ts";

export async function writeBlob(writer: ImageWriter, digest: Digest, bytes: Buffer, chunk = 700) {
  const blob = await writer.openBlob(digest, bytes.length);
  for (let at = blob.offset; at < bytes.length; at += chunk) await blob.write(bytes.subarray(at, at + chunk));
  await blob.finish();
}

/** Stored, and not yet an entry. */
export async function writeContent(writer: ImageWriter, tree: MadeTree): Promise<void> {
  await Promise.all([...tree.blobs].map(([digest, bytes]) => writeBlob(writer, digest, bytes)));
  for (const [digest, { bytes }] of tree.manifests) await writer.putBytes(digest, bytes);
}

export async function writeTree(writer: ImageWriter, tree: MadeTree, name: string | null): Promise<void> {
  await writeContent(writer, tree);
  await writer.addEntry(tree.manifest.descriptor, name);
}

/** Every byte of it is there and right. */
export async function assertHolds(reader: ImageReader, tree: MadeTree): Promise<void> {
  for (const [digest, { bytes }] of tree.manifests) {
    assert.ok((await reader.readManifest(digest)).equals(bytes), `manifest ${digest}`);
  }
  for (const [digest, bytes] of tree.blobs) {
    assert.equal(await reader.blobSize(digest), bytes.length);
    assert.ok((await buffer(await reader.openBlob(digest))).equals(bytes), `blob ${digest}`);
  }
}

/** For `assert.rejects`: an error of ours with that code, whose facts hold the text. */
export function refuses(code: RegctlError["code"], text = ""): (error: unknown) => true {
  return (error) => {
    assert.ok(isRegctlError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.includes(text), `${error.message} says nothing of ${text}`);
    return true;
  };
}
