/** One repository against its own list: manifests that are there and whole, and all that they name. */
import type { Descriptor } from "../../registry/descriptor.ts";
import { type Digest, parseDigest } from "../../registry/digest.ts";
import { parseManifest } from "../../registry/manifest.ts";
import { isForeignLayer } from "../../registry/media-types.ts";
import { isContentOf } from "./content.ts";
import { type IndexEntry, parseIndex, type RepositoryIndex } from "./index-text.ts";
import { type Verification, verifyBlob } from "./verify-blob.ts";

interface Found {
  readonly digest: Digest | null;
  readonly problem: string;
}

export async function verifyRepository(
  verification: Verification,
  repository: string,
): Promise<readonly Found[]> {
  const { files, paths } = verification.parts;
  const copies = await verifyCopies(verification, repository);
  const bytes = await files.read(paths.index(repository));
  if (bytes === null) return copies;
  const index = parseIndex(bytes);
  if (typeof index === "string") return [...copies, { digest: null, problem: `its index.json ${index}` }];
  return [...copies, ...(await verifyManifests(verification, repository, index))];
}

/** Blobs that are no name of the store's file: put there by another tool, or left over when a file has too many names. */
async function verifyCopies(verification: Verification, repository: string): Promise<readonly Found[]> {
  const { files, paths } = verification.parts;
  const found: Found[] = [];
  for (const algorithm of await files.list(paths.repositoryBlobs(repository))) {
    for (const name of await files.list(paths.repositoryBlobFolder(repository, algorithm))) {
      const digest = parseDigest(`${algorithm}:${name}`);
      if (digest === null) continue;
      const path = paths.repositoryBlob(repository, digest);
      const [mine, stored] = [await files.stat(path), await files.stat(paths.blob(digest))];
      if (mine === null || mine.inode === stored?.inode) continue;
      const problem = await verifyBlob(verification, path, digest);
      if (problem !== null) found.push({ digest, problem });
    }
  }
  return found;
}

async function verifyManifests(
  verification: Verification,
  repository: string,
  index: RepositoryIndex,
): Promise<readonly Found[]> {
  const { files, paths, indexes } = verification.parts;
  const found: Found[] = [];
  for (const [tag, digest] of index.tags) {
    if (!index.manifests.has(digest))
      found.push({ digest, problem: `the tag ${tag} points to it, and it is not listed` });
  }
  for (const entry of index.manifests.values()) {
    verification.signal.throwIfAborted();
    const problems = await verifyManifest(verification, repository, entry);
    // Deleted while it was looked at: no damage.
    if (problems.length === 0 || !(await indexes.look(repository))?.manifests.has(entry.digest)) continue;
    for (const problem of problems) {
      const path = paths.repositoryBlob(repository, problem.digest);
      if (problem.missing && (await files.stat(path)) !== null) continue;
      found.push({ digest: problem.digest, problem: problem.problem });
    }
  }
  return found;
}

interface ManifestProblem extends Found {
  readonly digest: Digest;
  readonly missing: boolean;
}

async function verifyManifest(
  { parts: { files, paths } }: Verification,
  repository: string,
  { digest, size, mediaType }: IndexEntry,
): Promise<readonly ManifestProblem[]> {
  const bytes = await files.read(paths.repositoryBlob(repository, digest));
  if (bytes === null)
    return [{ digest, problem: `it is a manifest of ${repository}, and missing`, missing: true }];
  // Its content was looked at already.
  if (!isContentOf(digest, bytes)) return [];
  if (bytes.length !== size) {
    return [
      {
        digest,
        problem: `it has ${bytes.length} bytes, and ${size} in the list of ${repository}`,
        missing: false,
      },
    ];
  }
  const found: ManifestProblem[] = [];
  for (const part of partsOf(bytes, mediaType)) {
    const there = await files.stat(paths.repositoryBlob(repository, part.digest));
    if (there === null) {
      found.push({
        digest: part.digest,
        problem: `${digest} in ${repository} names it, and it is missing`,
        missing: true,
      });
    } else if (there.size !== part.size && part.size > 0) {
      const problem = `it has ${there.size} bytes, and ${part.size} by ${digest}`;
      found.push({ digest: part.digest, problem, missing: false });
    }
  }
  return found;
}

/** What must be there for it to be of use; an index may name images that were not pushed along. */
function partsOf(bytes: Buffer, mediaType: string): readonly Descriptor[] {
  try {
    const manifest = parseManifest(bytes, mediaType, "it");
    if (manifest.kind !== "image") return [];
    const layers = manifest.layers.filter((layer) => !isForeignLayer(layer.mediaType));
    return [manifest.config, ...layers];
  } catch {
    return [];
  }
}
