/** Manifests: their bytes are blobs of the repository, its `index.json` says which ones and by what tags. */
import type { Descriptor } from "../../registry/descriptor.ts";
import { type Digest, parseDigest } from "../../registry/digest.ts";
import { defined, objectOf, parseJson, textRecordOf } from "../../registry/json.ts";
import type { NewManifest, Storage, StoredManifest } from "../storage.ts";
import { freshSize, publishBlob, readVerified } from "./blobs.ts";
import { pageOf } from "./catalog.ts";
import { damaged } from "./damage.ts";
import {
  emptyIndex,
  type IndexEntry,
  keptAnnotations,
  type RepositoryIndex,
  withManifest,
  withoutManifests,
  withoutTag,
} from "./index-text.ts";
import type { DiskParts } from "./parts.ts";

type Manifests = Pick<
  Storage,
  "getManifest" | "putManifest" | "deleteTag" | "deleteManifest" | "tags" | "referrers"
>;

export function createManifests(parts: DiskParts): Manifests {
  const { indexes } = parts;
  const touched = createTouched(parts);
  return {
    getManifest: async (repository, key) => {
      const found = await getManifest(parts, repository, key);
      if (found !== null) await touched(repository, found.digest);
      return found;
    },
    putManifest: (repository, manifest) => putManifest(parts, repository, manifest),
    deleteTag: (repository, tag) => changed(parts, repository, (index) => withoutTag(index, tag)),
    deleteManifest: (repository, digest) =>
      changed(parts, repository, (index) => withoutManifests(index, new Set([digest]))),
    tags: async (repository, page) => {
      const index = await indexes.read(repository);
      return index === null ? null : pageOf(sortedTags(index), page);
    },
    referrers: async (repository, digest) => {
      const { manifests } = (await indexes.read(repository)) ?? emptyIndex;
      const found = [...manifests.values()].filter(({ subject }) => subject === digest);
      found.sort((one, other) => (one.digest < other.digest ? -1 : 1));
      return await Promise.all(found.map((entry) => describe(parts, repository, entry)));
    },
  };
}

/**
 * Who asked whether a manifest is there will not push it again: it stays for the grace period. Asked for every time,
 * told to the disk now and then.
 */
function createTouched(parts: DiskParts): (repository: string, digest: Digest) => Promise<void> {
  const { clock, graceMs } = parts;
  const last = new Map<string, number>();
  return async (repository, digest) => {
    const now = clock.now().getTime();
    const key = `${repository}@${digest}`;
    if (now - (last.get(key) ?? Number.NEGATIVE_INFINITY) < graceMs / 4) return;
    last.delete(key);
    last.set(key, now);
    for (const oldest of last.keys()) {
      if (last.size <= mostTouched) break;
      last.delete(oldest);
    }
    await freshSize(parts, repository, digest);
  };
}

/** How many touches are remembered; who is forgotten is touched again. */
const mostTouched = 10_000;

async function getManifest(
  parts: DiskParts,
  repository: string,
  key: string,
): Promise<StoredManifest | null> {
  const { indexes, activity } = parts;
  const index = await indexes.read(repository);
  if (index === null) return null;
  const digest = parseDigest(key) ?? index.tags.get(key);
  const entry = digest === undefined ? undefined : index.manifests.get(digest);
  if (digest === undefined || entry === undefined) return null;
  activity.used(digest);
  // Whoever collects garbage has seen this use by now, or has taken it out before: then it is not there.
  if (indexes.isLeaving(repository, digest)) return null;
  if (!(await indexes.read(repository))?.manifests.has(digest)) return null;
  const bytes =
    (await readManifest(parts, repository, digest)) ?? (await readFromStore(parts, repository, digest));
  return bytes === null ? null : { bytes, mediaType: entry.mediaType, digest };
}

async function readManifest(parts: DiskParts, repository: string, digest: Digest): Promise<Buffer | null> {
  const problem = parts.damage.problemOf(digest);
  if (problem !== null) throw damaged(digest, problem);
  const path = parts.paths.repositoryBlob(repository, digest);
  return parts.content.get(digest) ?? (await readVerified(parts, path, digest));
}

/** Its name in the repository is missing: deleted and swept away while it was looked for (null), or lost. */
async function readFromStore(parts: DiskParts, repository: string, digest: Digest): Promise<Buffer | null> {
  if (!(await parts.indexes.read(repository))?.manifests.has(digest)) return null;
  const bytes = await readVerified(parts, parts.paths.blob(digest), digest);
  if (bytes === null) throw damaged(digest, "its file is missing");
  return bytes;
}

async function putManifest(parts: DiskParts, repository: string, manifest: NewManifest): Promise<void> {
  const { files, durable, indexes } = parts;
  const { bytes, digest, mediaType, subject, artifactType, annotations, tags } = manifest;
  const path = await durable.writeTemporary(bytes);
  try {
    await publishBlob(parts, { path, size: bytes.length }, repository, digest);
  } finally {
    await files.remove(path).catch(() => false);
  }
  const size = bytes.length;
  const kept = keptAnnotations(annotations);
  const entry: IndexEntry = { mediaType, digest, size, subject, artifactType, annotations: kept };
  await indexes.change(repository, (index) => withManifest(index, entry, tags));
}

/** Whether there was something to change. */
async function changed(
  { indexes }: DiskParts,
  repository: string,
  edit: (index: RepositoryIndex) => RepositoryIndex,
): Promise<boolean> {
  let found = false;
  await indexes.change(repository, (index) => {
    const next = edit(index);
    found = next !== index;
    return next;
  });
  return found;
}

const sorted = new WeakMap<RepositoryIndex, readonly string[]>();

function sortedTags(index: RepositoryIndex): readonly string[] {
  const known = sorted.get(index);
  if (known !== undefined) return known;
  const tags = [...index.tags.keys()].sort();
  sorted.set(index, tags);
  return tags;
}

async function describe(parts: DiskParts, repository: string, entry: IndexEntry): Promise<Descriptor> {
  const { mediaType, digest, size, artifactType } = entry;
  const annotations = entry.annotations ?? (await readAnnotations(parts, repository, digest));
  const optional = defined({
    artifactType: artifactType ?? undefined,
    annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
  });
  return { mediaType, digest, size, ...optional };
}

async function readAnnotations(
  parts: DiskParts,
  repository: string,
  digest: Digest,
): Promise<Readonly<Record<string, string>>> {
  const bytes = await readManifest(parts, repository, digest);
  return textRecordOf(objectOf(parseJson(bytes ?? ""))?.annotations) ?? {};
}
