/** From the facts of manifests to what is shown of a tag. Pure. */
import { parseImageConfig } from "../registry/config.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import { type Platform, renderPlatform } from "../registry/platform.ts";
import { matchPlatform } from "../registry/platform-match.ts";
import type { Schema1Manifest } from "../registry/schema1.ts";
import { type IndexFacts, type ManifestFacts, platformsOf } from "./manifest-facts.ts";

export interface TagDetails {
  readonly digest: Digest;
  readonly kind: "image" | "index" | "artifact" | "schema1";
  /** What kind of artifact; null for images. */
  readonly artifactType: string | null;
  /** Of an index: its own annotation, else that of `sizePlatform`. Null when nobody told. */
  readonly created: string | null;
  /** Bytes that travel for one platform; null for schema 1, which does not tell. */
  readonly size: number | null;
  /** The platform that the size is of; null where there is but one thing. */
  readonly sizePlatform: string | null;
  readonly platforms: readonly string[];
}

export type Known = ManifestFacts | { readonly kind: "schema1"; readonly manifest: Schema1Manifest };

/** Of the variants of an index, the one that is looked at. */
export function chooseEntry(facts: IndexFacts, machine: Platform): Descriptor | null {
  return matchPlatform(facts.entries, machine)?.entry ?? facts.entries[0] ?? null;
}

export function detailIndex(
  digest: Digest,
  facts: IndexFacts,
  child: Known | null,
  machine: Platform,
): TagDetails {
  const { platform } = chooseEntry(facts, machine) ?? {};
  const own = child === null ? null : detailOne(digest, child);
  return {
    digest,
    kind: "index",
    artifactType: own?.artifactType ?? null,
    created: facts.created ?? own?.created ?? null,
    size: own?.size ?? null,
    sizePlatform: platform === undefined ? null : renderPlatform(platform),
    platforms: platformsOf(facts),
  };
}

export function detailOne(digest: Digest, known: Known): TagDetails {
  const none = { digest, artifactType: null, sizePlatform: null };
  switch (known.kind) {
    case "image": {
      const { created, size, platform } = known;
      return { ...none, kind: "image", created, size, platforms: platform === null ? [] : [platform] };
    }
    case "artifact": {
      const { created, size, type } = known;
      return { ...none, kind: "artifact", artifactType: type, created, size, platforms: [] };
    }
    case "index":
      return { ...none, kind: "index", created: known.created, size: null, platforms: platformsOf(known) };
    case "schema1":
      return detailSchema1(none, known.manifest);
  }
}

function detailSchema1(
  none: Pick<TagDetails, "digest" | "artifactType" | "sizePlatform">,
  { config, architecture }: Schema1Manifest,
): TagDetails {
  const { created, platform } = config === null ? {} : parseImageConfig(config, none.digest);
  const shown = platform ?? (architecture === "" ? null : { os: "linux", architecture });
  return {
    ...none,
    kind: "schema1",
    created: created ?? null,
    size: null,
    platforms: shown === null ? [] : [renderPlatform(shown)],
  };
}
