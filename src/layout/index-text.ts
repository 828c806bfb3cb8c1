/** `index.json` with entries added. Pure. */
import type { Descriptor } from "../registry/descriptor.ts";
import { defined, type JsonObject, listOf, objectOf, parseJson } from "../registry/json.ts";
import { mediaTypes } from "../registry/media-types.ts";
import type { Platform } from "../registry/platform.ts";
import { broken } from "./failures.ts";
import { containerdNameKey, refNameKey } from "./layout-reader.ts";

export interface NewEntry {
  readonly descriptor: Descriptor;
  readonly name: string | null;
  /** What containerd is to call it: a whole reference. */
  readonly containerdName?: string;
}

export const emptyIndex: string = renderIndex({}, []);

/**
 * A name belongs to one entry: the old one goes, as a tag moves. Other entries and fields stay as they are, also those
 * that mean nothing to us. `what` names the file. Throws CONTENT_BROKEN.
 */
export function addToIndex(text: Uint8Array | string, added: readonly NewEntry[], what: string): string {
  const index = objectOf(parseJson(text));
  const manifests = index === undefined ? undefined : listOf(index.manifests ?? []);
  if (index === undefined || manifests === undefined) throw broken(what, "it is no index");
  const entries = added.reduce<readonly unknown[]>(
    (kept, entry) => [...kept.filter((old) => !isReplacedBy(entry, objectOf(old))), renderEntry(entry)],
    manifests,
  );
  return renderIndex(index, entries);
}

function renderIndex(index: JsonObject, manifests: readonly unknown[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, ...index, manifests });
}

/** A whole name counts where there is one: two repositories of an archive may have the same tag. */
function isReplacedBy({ descriptor, name, containerdName }: NewEntry, old: JsonObject | undefined): boolean {
  const { [containerdNameKey]: oldWhole, [refNameKey]: oldName } = objectOf(old?.annotations) ?? {};
  if (containerdName !== undefined) return oldWhole === containerdName;
  if (name !== null) return oldName === name;
  return oldName === undefined && oldWhole === undefined && old?.digest === descriptor.digest;
}

/** Names that it had elsewhere do not come along. */
function renderEntry({ descriptor, name, containerdName }: NewEntry): JsonObject {
  const { mediaType, digest, size, platform, artifactType } = descriptor;
  const { [refNameKey]: _ref, [containerdNameKey]: _whole, ...others } = descriptor.annotations ?? {};
  const annotations = {
    ...others,
    ...defined({ [containerdNameKey]: containerdName, [refNameKey]: name ?? undefined }),
  };
  return {
    mediaType,
    digest,
    size,
    ...defined({
      platform: platform === undefined ? undefined : renderPlatformFields(platform),
      artifactType,
      annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
    }),
  };
}

function renderPlatformFields({ architecture, os, osVersion, variant }: Platform): JsonObject {
  return { architecture, os, ...defined({ "os.version": osVersion, variant }) };
}
