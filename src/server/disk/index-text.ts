/** The list of a repository's manifests and tags as `index.json` of an OCI image layout, read and written. Pure. */

import { readDescriptor } from "../../registry/descriptor.ts";
import type { Digest } from "../../registry/digest.ts";
import { parseDigest } from "../../registry/digest.ts";
import { listOf, objectOf, parseJson, textOf, textRecordOf } from "../../registry/json.ts";
import { mediaTypes } from "../../registry/media-types.ts";

export interface IndexEntry {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly subject: Digest | null;
  readonly artifactType: string | null;
  /** For the list of referrers; null when they are too long to stand here and are read from the manifest. */
  readonly annotations: Readonly<Record<string, string>> | null;
}

export interface RepositoryIndex {
  readonly manifests: ReadonlyMap<Digest, IndexEntry>;
  readonly tags: ReadonlyMap<string, Digest>;
}

export const emptyIndex: RepositoryIndex = { manifests: new Map(), tags: new Map() };

/** OCI image specification, annotations.md. */
const refName = "org.opencontainers.image.ref.name";
/** Ours: what the list of referrers shows of this manifest, as JSON. */
const referrer = "dev.regctl.referrer";

/** Characters of annotations that `index.json` repeats for each tag. */
const mostAnnotations = 4096;

/** Annotations as they are kept beside the manifest. */
export function keptAnnotations(
  annotations: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | null {
  return JSON.stringify(annotations).length > mostAnnotations ? null : annotations;
}

/** The index, or what is wrong with it in words. */
export function parseIndex(bytes: Buffer): RepositoryIndex | string {
  const listed = listOf(objectOf(parseJson(bytes))?.manifests);
  if (listed === undefined) return "is no index of an OCI image layout";
  const manifests = new Map<Digest, IndexEntry>();
  const tags = new Map<string, Digest>();
  for (const [position, item] of listed.entries()) {
    const descriptor = readDescriptor(item);
    if (typeof descriptor === "string") return `has an entry, number ${position + 1}, that ${descriptor}`;
    const { mediaType, digest, size, annotations } = descriptor;
    const tag = annotations?.[refName];
    if (tag !== undefined) tags.set(tag, digest);
    if (!manifests.has(digest)) {
      manifests.set(digest, { mediaType, digest, size, ...parseReferrer(annotations?.[referrer]) });
    }
  }
  return { manifests, tags };
}

function parseReferrer(
  text: string | undefined,
): Pick<IndexEntry, "subject" | "artifactType" | "annotations"> {
  const object = text === undefined ? undefined : objectOf(parseJson(text));
  return {
    subject: parseDigest(object?.subject),
    artifactType: textOf(object?.artifactType) ?? null,
    annotations: object?.annotations === null ? null : (textRecordOf(object?.annotations) ?? {}),
  };
}

/** One entry a line: a tag with its manifest, or a manifest without a tag. */
export function renderIndex({ manifests, tags }: RepositoryIndex): Buffer {
  const lines: string[] = [];
  const tagged = new Set<Digest>();
  for (const [tag, digest] of tags) {
    const entry = manifests.get(digest);
    if (entry === undefined) continue;
    tagged.add(digest);
    lines.push(renderTagged(entry, tag));
  }
  for (const entry of manifests.values()) if (!tagged.has(entry.digest)) lines.push(renderUntagged(entry));
  const head = `{"schemaVersion":2,"mediaType":"${mediaTypes.ociIndex}","manifests":[`;
  return Buffer.from(`${head}\n${lines.join(",\n")}\n]}\n`);
}

/** The text of an entry that all its tags share: thousands of tags are written again whenever one of them moves. */
const shared = new WeakMap<IndexEntry, { readonly head: string; readonly note: string }>();

function sharedText(entry: IndexEntry): { readonly head: string; readonly note: string } {
  const known = shared.get(entry);
  if (known !== undefined) return known;
  const { mediaType, digest, size, subject, artifactType, annotations } = entry;
  const head = `{"mediaType":${JSON.stringify(mediaType)},"digest":"${digest}","size":${size}`;
  const told = JSON.stringify(JSON.stringify({ subject, artifactType, annotations }));
  const text = { head, note: subject === null ? "" : `"${referrer}":${told}` };
  shared.set(entry, text);
  return text;
}

function renderTagged(entry: IndexEntry, tag: string): string {
  const { head, note } = sharedText(entry);
  return `${head},"annotations":{"${refName}":${JSON.stringify(tag)}${note === "" ? "" : `,${note}`}}}`;
}

function renderUntagged(entry: IndexEntry): string {
  const { head, note } = sharedText(entry);
  return note === "" ? `${head}}` : `${head},"annotations":{${note}}}`;
}

export function withManifest(
  { manifests, tags }: RepositoryIndex,
  entry: IndexEntry,
  newTags: readonly string[],
): RepositoryIndex {
  const moved = new Map(tags);
  for (const tag of newTags) moved.set(tag, entry.digest);
  return { manifests: new Map(manifests).set(entry.digest, entry), tags: moved };
}

/** The same index when there is no such tag. */
export function withoutTag(index: RepositoryIndex, tag: string): RepositoryIndex {
  if (!index.tags.has(tag)) return index;
  const tags = new Map(index.tags);
  tags.delete(tag);
  return { ...index, tags };
}

/** The same index when none of them is listed. */
export function withoutManifests(index: RepositoryIndex, gone: ReadonlySet<Digest>): RepositoryIndex {
  const manifests = new Map([...index.manifests].filter(([digest]) => !gone.has(digest)));
  if (manifests.size === index.manifests.size) return index;
  return { manifests, tags: new Map([...index.tags].filter(([, digest]) => !gone.has(digest))) };
}
