/** Whether a registry has the images of an engine: each name asked for by HEAD, and looked into where that does not tell. */
import { isRegctlError } from "../errors.ts";
import type { RegistryClient } from "../registry/client.ts";
import { parseImageConfig } from "../registry/config.ts";
import { type Digest, parseDigest } from "../registry/digest.ts";
import { type ImageManifest, parseManifest } from "../registry/manifest.ts";
import { imageEntries } from "../registry/platform-match.ts";
import { manifestKeyOf, parseReference, type Reference, renderReference } from "../registry/reference.ts";
import type { Published, There } from "./images-outcome.ts";
import { type ImageRow, nameOf } from "./images-rows.ts";

export interface Standing {
  readonly published: Published;
  readonly there: There | null;
}

type Client = Pick<RegistryClient, "registry" | "headManifest" | "getManifest" | "readBlob">;

/**
 * What the registry is to have: the same name without its own registry, and the same tag. Null for an image without a
 * name of which the engine knows no digest at that registry. Throws BAD_REFERENCE.
 */
function wantedOf(row: ImageRow, registry: string): Reference | null {
  if (row.repository === null || row.tag === null) return digestOf(row, registry);
  // What Podman calls an image that never had a registry.
  const name = nameOf(row).replace(/^localhost\/(?=[^/:]+:)/, "");
  const { repository, tag = "latest" } = parseReference(name, { defaultRegistry: registry });
  return { registry, repository, tag };
}

function digestOf({ digests }: ImageRow, registry: string): Reference | null {
  const references = digests.map((each) => parseReference(each));
  return references.find((reference) => reference.registry === registry) ?? null;
}

export interface Judge {
  /** Throws what keeps the registry from being asked. */
  judge(row: ImageRow): Promise<Standing>;
}

/** Each name is asked for once, and each digest looked into once, however many rows lead there. */
export function createJudge(client: Client): Judge {
  const head = remembered((reference: Reference) =>
    client.headManifest(reference.repository, manifestKeyOf(reference)),
  );
  const look = remembered(({ repository, digest }: Reference) =>
    digest === undefined ? Promise.resolve(nothing) : lookInto(client, repository, digest),
  );
  return {
    judge: async (row) => {
      const wanted = wantedOf(row, client.registry);
      const found = wanted === null ? null : await head(wanted);
      if (wanted === null || found === null) return { published: "no", there: null };
      const { digest } = found;
      const there = { reference: renderReference(wanted), digest, created: null };
      if (isKnownAs(row, digest)) return { published: "yes", there };
      const { registry, repository } = wanted;
      const { ids, created } = await look({ registry, repository, digest });
      if (ids.includes(row.id)) return { published: "yes", there };
      return { published: "older", there: { ...there, created } };
    },
  };
}

function remembered<T>(ask: (reference: Reference) => Promise<T>): (reference: Reference) => Promise<T> {
  const asked = new Map<string, Promise<T>>();
  return (reference) => {
    const key = renderReference(reference);
    const asking = asked.get(key) ?? ask(reference);
    asked.set(key, asking);
    return asking;
  };
}

/** By a digest that the engine remembers, or that is its id, as in containerd's store. */
function isKnownAs({ id, digests }: ImageRow, digest: Digest): boolean {
  return id === digest || digests.some((each) => parseDigest(each.slice(each.indexOf("@") + 1)) === digest);
}

interface Look {
  /** Under which an engine may have it: digests of manifests and configurations. */
  readonly ids: readonly string[];
  /** The latest of its platforms. */
  readonly created: string | null;
}

const nothing: Look = { ids: [], created: null };

/** An index of more platforms than this is looked into no further. */
const mostPlatforms = 16;

async function lookInto(client: Client, repository: string, digest: Digest): Promise<Look> {
  const what = renderReference({ registry: client.registry, repository, digest });
  const read = async (key: Digest) => {
    const { bytes, contentType } = await client.getManifest(repository, key);
    return parseManifest(bytes, contentType, what);
  };
  const root = await read(digest);
  if (root.kind === "schema1") return nothing;
  if (root.kind === "image") return await lookIntoImage(client, repository, root);
  const entries = imageEntries(root.manifests).slice(0, mostPlatforms);
  const looks = await Promise.all(
    entries.map(async (entry) => {
      const manifest = await read(entry.digest);
      if (manifest.kind !== "image") return { ids: [entry.digest], created: null };
      const look = await lookIntoImage(client, repository, manifest);
      return { ids: [entry.digest, ...look.ids], created: look.created };
    }),
  );
  const times = looks.flatMap(({ created }) => created ?? []).sort();
  return { ids: looks.flatMap(({ ids }) => ids), created: times.at(-1) ?? null };
}

async function lookIntoImage(client: Client, repository: string, { config }: ImageManifest): Promise<Look> {
  try {
    const bytes = await client.readBlob(repository, config);
    const { created = null } = parseImageConfig(bytes, `the configuration ${config.digest}`);
    return { ids: [config.digest], created };
  } catch (error) {
    // The digest tells enough where it is no configuration of an image.
    if (isRegctlError(error, "CONTENT_BROKEN") || isRegctlError(error, "NOT_FOUND")) {
      return { ids: [config.digest], created: null };
    }
    throw error;
  }
}
