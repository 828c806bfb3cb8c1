/** One blob's file against its digest. */
import type { Digest } from "../../registry/digest.ts";
import type { DiskParts } from "./parts.ts";
import { problemOfContent } from "./read-through.ts";

export interface Verification {
  readonly parts: DiskParts;
  readonly readOnly: boolean;
  readonly signal: AbortSignal;
}

/** What is wrong with the file, or null; the storage remembers either. */
export async function verifyBlob(
  { parts, readOnly, signal }: Verification,
  path: string,
  digest: Digest,
): Promise<string | null> {
  const { files, damage } = parts;
  const problem = await problemOfContent(files, path, digest, signal);
  if (problem === null && damage.problemOf(digest) === null) return null;
  if (readOnly) return problem;
  // Healed or deleted while it was read: the file that has the name now decides.
  return await parts.turns.run(digest, async () => {
    const again = await problemOfContent(files, path, digest, signal);
    if (again === null) await damage.clear(digest);
    else await damage.mark(digest, again);
    return again;
  });
}
