/**
 * Registries that delete by digest alone remove every tag on it. So a tag that shall go alone is first pushed anew,
 * as a manifest that nothing else can have (the placeholder), and then that manifest's digest is deleted. The
 * placeholder names the manifest in whose place it stands: a run that was killed in between can be finished by the
 * next one. Pure.
 */
import { computeDigest, type Digest, parseDigest } from "../registry/digest.ts";
import { objectOf, parseJson, textRecordOf } from "../registry/json.ts";
import { mediaTypeOf, mediaTypes } from "../registry/media-types.ts";

const insteadOf = "docker-regctl.delete.instead-of";
const tagKey = "docker-regctl.delete.tag";
const nonceKey = "docker-regctl.delete.nonce";
const createdKey = "org.opencontainers.image.created";

/** 1024 zeros, a tar without files, packed by gzip: 32 bytes that many registries hold already. */
const emptyLayer = Buffer.from("H4sIAAAJbogA/2IYBaNgFIxYAAgAAP//Lq+17wAEAAA=", "base64");
/** Of the unpacked tar. */
const emptyDiffId = computeDigest(Buffer.alloc(1024));

const config = Buffer.from(
  JSON.stringify({
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: [emptyDiffId] },
    history: [{ created_by: "regctl delete: stands for a tag that is being deleted", empty_layer: false }],
  }),
);

/** What it points to, in the registry before it. A layer, since some registries want one. */
export const placeholderBlobs: readonly Buffer[] = [emptyLayer, config];

export interface PlaceholderFacts {
  readonly insteadOf: Digest;
  readonly tag: string;
  /** Of what stood there: a registry that takes this kind of manifest takes it again. */
  readonly mediaType: string;
  /** Never the same twice. */
  readonly nonce: string;
  readonly now: Date;
}

export interface Placeholder {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
}

export function makePlaceholder(facts: PlaceholderFacts): Placeholder {
  const docker = mediaTypeOf(facts.mediaType).startsWith("application/vnd.docker.");
  const mediaType = docker ? mediaTypes.dockerManifest : mediaTypes.ociManifest;
  const describe = (type: string, bytes: Buffer) => ({
    mediaType: type,
    size: bytes.length,
    digest: computeDigest(bytes),
  });
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: describe(docker ? mediaTypes.dockerConfig : mediaTypes.ociConfig, config),
    layers: [describe(docker ? mediaTypes.dockerLayer : mediaTypes.ociLayerGzip, emptyLayer)],
    annotations: {
      [insteadOf]: facts.insteadOf,
      [tagKey]: facts.tag,
      [nonceKey]: facts.nonce,
      [createdKey]: facts.now.toISOString(),
    },
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return { bytes, mediaType, digest: computeDigest(bytes) };
}

/** The digest in whose place a manifest stands under a tag; null for one that is no placeholder of it. */
export function replacedBy(bytes: Uint8Array, tag: string): Digest | null {
  const annotations = textRecordOf(objectOf(parseJson(bytes))?.annotations);
  return annotations?.[tagKey] === tag ? parseDigest(annotations[insteadOf]) : null;
}
