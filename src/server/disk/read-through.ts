/** Files read from their beginning to their end by one small buffer, however large they are. */
import { algorithmOf, type Digest, type DigestAlgorithm, openHash } from "../../registry/digest.ts";
import { codeOf } from "./failure.ts";
import type { StoreFile, StoreFiles } from "./files.ts";

const bufferBytes = 256 * 1024;

/** Null when there is no such file. `signal` ends it between two reads. */
export async function digestOfFile(
  files: StoreFiles,
  path: string,
  algorithm: DigestAlgorithm,
  signal?: AbortSignal,
): Promise<Digest | null> {
  let file: StoreFile;
  try {
    file = await files.open(path, "read");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
  const hash = openHash(algorithm);
  const buffer = Buffer.allocUnsafe(bufferBytes);
  try {
    for (let position = 0; ; ) {
      signal?.throwIfAborted();
      const bytes = await file.read(buffer, position);
      if (bytes === 0) return `${algorithm}:${hash.digest("hex")}`;
      hash.update(buffer.subarray(0, bytes));
      position += bytes;
    }
  } finally {
    await file.close();
  }
}

/** Null when it is what it says, else what is wrong in words. A file that is not there is nothing wrong. */
export async function problemOfContent(
  files: StoreFiles,
  path: string,
  digest: Digest,
  signal?: AbortSignal,
): Promise<string | null> {
  try {
    const actual = await digestOfFile(files, path, algorithmOf(digest), signal);
    return actual === null || actual === digest ? null : `its content has the digest ${actual}`;
  } catch (error) {
    signal?.throwIfAborted();
    return `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
