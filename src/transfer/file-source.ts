/** Images in a file as the place where images come from. */
import { isRegctlError, RegctlError } from "../errors.ts";
import { readArchiveName } from "../layout/archive-name.ts";
import type { ImageEntry, ImageReader } from "../layout/image-files.ts";
import { isReferrersTag } from "../registry/companion-tags.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import { type Digest, parseDigest } from "../registry/digest.ts";
import { parseManifest } from "../registry/manifest.ts";
import type { ImageSource, ReadManifest, ReadRoot } from "./image-source.ts";

/** Closes the reader when it is closed. */
export function createFileSource(reader: ImageReader, path: string): ImageSource {
  const readManifest = async ({ digest, mediaType }: Descriptor): Promise<ReadManifest> => ({
    bytes: await reader.readManifest(digest),
    contentType: mediaType,
    digest,
  });
  let subjects: Promise<ReadonlyMap<Digest, readonly Descriptor[]>> | null = null;
  return {
    name: reader.name,
    place: null,
    ranges: false,
    readRoot: (key) => readRoot(reader, readManifest, key),
    readManifest,
    blobSize: (digest) => reader.blobSize(digest),
    openBlob: async (digest, start) => ({ stream: await reader.openBlob(digest, start), start, size: null }),
    broken: (error) => toBroken(error, path),
    referrers: async (digest) => {
      subjects ??= readSubjects(reader, readManifest);
      return (await subjects).get(digest) ?? [];
    },
    names: async () => [...new Set(reader.entries.flatMap(({ names }) => names.slice(0, 1)))],
    close: () => reader.close(),
  };
}

async function readRoot(
  reader: ImageReader,
  readManifest: (descriptor: Descriptor) => Promise<ReadManifest>,
  key: string | null,
): Promise<ReadRoot> {
  const digest = parseDigest(key);
  if (digest !== null) {
    const entry = reader.entries.find(({ descriptor }) => descriptor.digest === digest);
    return await readManifest(entry?.descriptor ?? { digest, mediaType: "", size: 0 });
  }
  const entry = key === null ? onlyEntry(reader) : namedEntry(reader, key);
  if (entry !== undefined) return { ...(await readManifest(entry.descriptor)), name: entry.names[0] };
  const names = namesOf(reader.entries);
  const reason = names.length === 0 ? "its images have no names" : `it holds ${names.join(", ")}`;
  throw new RegctlError("NOT_FOUND", { what: `${reader.name}:${key}`, reason });
}

/** Engines call an image of an archive `app:latest` that somebody types as `app`. */
function namedEntry({ entries, kind }: ImageReader, key: string): ImageEntry | undefined {
  const spelt = kind === "docker-archive" ? (readArchiveName(key) ?? key) : key;
  return entries.find(({ names }) => names.includes(key) || names.includes(spelt));
}

function onlyEntry({ entries: all, name }: ImageReader): ImageEntry {
  // What speaks about an image came with it.
  const entries = all.filter(({ names }) => names.length === 0 || !names.every(isReferrersTag));
  const [first] = entries;
  // Several names of one image are still one image.
  if (
    first !== undefined &&
    entries.every(({ descriptor }) => descriptor.digest === first.descriptor.digest)
  ) {
    return first;
  }
  if (first === undefined) throw new RegctlError("NOT_FOUND", { what: name, reason: "it holds no image" });
  const [example = first.descriptor.digest] = namesOf(entries);
  throw new RegctlError("USAGE", {
    problem: `${name} holds ${entries.length} images, and none of them is named`,
    type: example === first.descriptor.digest ? `${name}@${example}` : `${name}:${example}`,
  });
}

function namesOf(entries: readonly ImageEntry[]): readonly string[] {
  return entries.flatMap(({ names }) => names.slice(0, 1)).slice(0, 20);
}

/** A layout keeps no list of them: every manifest that is an entry is asked what it speaks of. */
async function readSubjects(
  reader: ImageReader,
  readManifest: (descriptor: Descriptor) => Promise<ReadManifest>,
): Promise<ReadonlyMap<Digest, readonly Descriptor[]>> {
  const found = new Map<Digest, Descriptor[]>();
  for (const { descriptor } of reader.entries) {
    const { bytes, contentType } = await readManifest(descriptor);
    const manifest = parseManifest(bytes, contentType, `${descriptor.digest} in ${reader.name}`);
    if (manifest.kind === "schema1" || manifest.subject === undefined) continue;
    const { digest } = manifest.subject;
    found.set(digest, [...(found.get(digest) ?? []), descriptor]);
  }
  return found;
}

function toBroken(error: unknown, path: string): RegctlError {
  if (isRegctlError(error)) return error;
  const problem = error instanceof Error ? error.message : String(error);
  return new RegctlError("FILE_FAILED", { path, problem }, { cause: error });
}
