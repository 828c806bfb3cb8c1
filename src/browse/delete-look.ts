/** What a deletion must know of a repository before it is planned. Changes nothing. */
import { isRegctlError, RegctlError } from "../errors.ts";
import type { Emit } from "../ports.ts";
import type { ManifestHead } from "../registry/api/manifests.ts";
import type { RegistryClient } from "../registry/client.ts";
import { computeDigest, type Digest } from "../registry/digest.ts";
import { parseManifest } from "../registry/manifest.ts";
import { manifestKindOf, mediaTypeOf } from "../registry/media-types.ts";
import { replacedBy } from "./delete-placeholder.ts";
import type { Wish } from "./delete-request.ts";
import { atOnce, inParallel } from "./in-parallel.ts";

export interface FoundTag {
  readonly digest: Digest;
  readonly contentType: string;
  /** It holds a placeholder that an earlier run left in this manifest's place; null as a rule. */
  readonly instead: Digest | null;
}

export interface RepositoryFacts {
  /** `off`: nothing can be deleted. */
  readonly way: "by-tag" | "dummy-manifest" | "off";
  /** Every tag that there is. */
  readonly tags: ReadonlyMap<string, FoundTag>;
  /** For the manifests that are wanted: the indexes, by a tag on them, that hold them as a child. */
  readonly parents: ReadonlyMap<Digest, readonly string[]>;
  /** How many manifests an index holds, for those that are wanted. */
  readonly children: ReadonlyMap<Digest, number>;
  /** Manifests that are wanted by their digest and are there. */
  readonly present: ReadonlySet<Digest>;
}

export interface LookInput {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly wishes: readonly Wish[];
  /** The manifests go, not the tags. */
  readonly manifests: boolean;
  readonly random: () => number;
  readonly emit: Emit;
}

/** Repositories with thousands of tags take a while: that is told after each so many. */
const toldEvery = 100;

/** Throws what the registry says, NOT_FOUND for a repository that is not there among it. */
export async function lookAtRepository(input: LookInput): Promise<RepositoryFacts> {
  const { client, repository, wishes } = input;
  const tags = await readTags(input);
  const digests = wishes.flatMap((wish) => (wish.kind === "manifest" ? [wish.digest] : []));
  const heads = await each(digests, (digest) => client.headManifest(repository, digest));
  const present = new Map([...heads].flatMap(([digest, head]) => (head === null ? [] : [[digest, head]])));
  const way = await probeWay(input).catch((error: unknown) => {
    throw ofRepository(error, client, repository);
  });
  const { parents, children } = await readIndexes(input, tags, present);
  return { way, tags, parents, children, present: new Set(present.keys()) };
}

/** A name that nothing has, for questions whose answer is about something else. */
export function nonceOf(random: () => number): string {
  return Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("");
}

/**
 * Deletes what is not there: a registry that may delete says so, one that may not refuses first. Distribution 2.8
 * answers 400 to every tag; Distribution 3 deletes tags even where deletion is switched off.
 */
async function probeWay({
  client,
  repository,
  random,
  manifests,
}: LookInput): Promise<RepositoryFacts["way"]> {
  const nonce = nonceOf(random);
  const byTag = manifests ? "off" : await client.deleteManifest(repository, `regctl-probe-${nonce}`);
  if (byTag === "not-there" || byTag === "deleted") return "by-tag";
  const byDigest = await client.deleteManifest(repository, computeDigest(nonce));
  return byDigest === "off" ? "off" : "dummy-manifest";
}

/** Who may not delete is told of what they asked for, not of a name that was made up here. */
function ofRepository(error: unknown, { registry }: RegistryClient, repository: string): unknown {
  const what = `deleting in ${registry}/${repository}`;
  const options = { cause: error };
  if (isRegctlError(error, "DENIED")) return new RegctlError("DENIED", { ...error.facts, what }, options);
  if (!isRegctlError(error, "UNAUTHORIZED")) return error;
  return new RegctlError("UNAUTHORIZED", { ...error.facts, what }, options);
}

/** Listed tags and wanted ones: some registries list late. */
async function readTags(input: LookInput): Promise<ReadonlyMap<string, FoundTag>> {
  const { client, repository, wishes, manifests } = input;
  const wanted = wishes.flatMap((wish) => (wish.kind === "tag" ? [wish.tag] : []));
  const names = new Set([...(await listTags(client, repository)), ...wanted]);
  let looked = 0;
  const heads = await each([...names], async (tag) => {
    const head = await client.headManifest(repository, tag);
    looked += 1;
    if (looked % toldEvery === 0) {
      const step = `looked at ${looked} of ${names.size} tags of ${repository}`;
      input.emit({ event: "step", host: client.registry, step });
    }
    return head;
  });
  // What a tag held before matters where a digest is at stake.
  const stands = (tag: string) =>
    wishes.some((wish) => {
      if (wish.kind === "tag") return wish.tag === tag && (manifests || wish.digest !== null);
      return manifests && wish.kind === "tags" && wish.filter.matches(tag);
    });
  const found = [...heads].filter((entry): entry is [string, ManifestHead] => entry[1] !== null);
  const read = await each(found, async ([tag, { digest, contentType }]) => {
    const instead = stands(tag) ? await insteadOf(client, repository, tag) : null;
    return { digest, contentType, instead };
  });
  return new Map([...read].map(([[tag], facts]) => [tag, facts]));
}

async function insteadOf(client: RegistryClient, repository: string, tag: string): Promise<Digest | null> {
  try {
    return replacedBy((await client.getManifest(repository, tag)).bytes, tag);
  } catch (error) {
    if (isRegctlError(error, "NOT_FOUND")) return null;
    throw error;
  }
}

/** A repository that is not there has no tags: what is wanted of it is then not found. */
async function listTags(client: RegistryClient, repository: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const { entries } of client.tagPages(repository)) names.push(...entries);
  } catch (error) {
    if (!isRegctlError(error, "NOT_FOUND")) throw error;
  }
  return names;
}

/** Indexes are read only when a manifest goes: then it matters who holds it. One that cannot be read holds nothing. */
async function readIndexes(
  { client, repository, manifests }: LookInput,
  tags: ReadonlyMap<string, FoundTag>,
  present: ReadonlyMap<Digest, ManifestHead>,
): Promise<Pick<RepositoryFacts, "parents" | "children">> {
  const parents = new Map<Digest, string[]>();
  const children = new Map<Digest, number>();
  if (!manifests) return { parents, children };
  const names = new Map<Digest, string>();
  const seen = [...present].map(([digest, { contentType }]) => ({ name: digest, digest, contentType }));
  for (const { name, digest, contentType } of [
    ...seen,
    ...[...tags].map(([name, tag]) => ({ name, ...tag })),
  ]) {
    if (manifestKindOf(mediaTypeOf(contentType)) === "index") names.set(digest, name);
  }
  const read = await each([...names.keys()], (digest) => readChildren(client, repository, digest));
  for (const [digest, held] of read) {
    children.set(digest, held.length);
    const name = names.get(digest) ?? digest;
    for (const child of held) parents.set(child, [...(parents.get(child) ?? []), name]);
  }
  return { parents, children };
}

async function readChildren(
  client: RegistryClient,
  repository: string,
  digest: Digest,
): Promise<readonly Digest[]> {
  try {
    const { bytes, contentType } = await client.getManifest(repository, digest);
    const manifest = parseManifest(bytes, contentType, `${client.registry}/${repository}@${digest}`);
    return manifest.kind === "index" ? manifest.manifests.map((child) => child.digest) : [];
  } catch (error) {
    if (isRegctlError(error, "NOT_FOUND") || isRegctlError(error, "CONTENT_BROKEN")) return [];
    throw error;
  }
}

async function each<Key, Value>(
  keys: readonly Key[],
  read: (key: Key) => Promise<Value>,
): Promise<ReadonlyMap<Key, Value>> {
  const values = new Map<Key, Value>();
  await inParallel(keys, atOnce, async (key) => {
    values.set(key, await read(key));
  });
  return values;
}
