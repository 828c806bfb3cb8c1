/** What manifests and configurations say, in the shape of the document. Pure. */
import type { ImageConfig } from "../registry/config.ts";
import { parseImageConfig } from "../registry/config.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import type { ImageManifest } from "../registry/manifest.ts";
import { mediaTypes } from "../registry/media-types.ts";
import { renderPlatform } from "../registry/platform.ts";
import type { Schema1Manifest } from "../registry/schema1.ts";
import type {
  HistoryStep,
  InspectedConfig,
  InspectedLayer,
  InspectedPlatform,
  InspectedReferrer,
} from "./inspect-outcome.ts";
import { createdOf, sizeOf } from "./manifest-facts.ts";

const titleAnnotation = "org.opencontainers.image.title";

/** `config` is null for what is no image. */
export function inspectImage(
  digest: Digest,
  manifest: ImageManifest,
  config: ImageConfig | null,
): InspectedPlatform {
  const { mediaType, layers, annotations } = manifest;
  return {
    platform: config?.platform == null ? null : renderPlatform(config.platform),
    digest,
    mediaType,
    size: sizeOf(manifest),
    created: config?.created ?? createdOf(annotations),
    layers: layers.map(inspectLayer),
    config: config === null ? null : inspectConfig(config),
    history: config === null ? [] : inspectHistory(config, layers.length),
  };
}

/** Old manifests tell no sizes: `sizes` were asked for. */
export function inspectSchema1(
  digest: Digest,
  manifest: Schema1Manifest,
  sizes: ReadonlyMap<Digest, number | null>,
): InspectedPlatform {
  const config = manifest.config === null ? null : parseImageConfig(manifest.config, digest);
  const { architecture } = manifest;
  const named = architecture === "" ? null : { os: "linux", architecture };
  const platform = config?.platform ?? named;
  const layers = manifest.layers.map((layer) => ({
    digest: layer.digest,
    size: sizes.get(layer.digest) ?? null,
    mediaType: mediaTypes.dockerLayer,
    title: null,
  }));
  const known = layers.every(({ size }) => size !== null);
  return {
    platform: platform === null ? null : renderPlatform(platform),
    digest,
    mediaType: manifest.mediaType,
    size: known ? layers.reduce((sum, { size }) => sum + (size ?? 0), 0) : null,
    created: config?.created ?? null,
    layers,
    config: config === null ? null : inspectConfig(config),
    history: [],
  };
}

export function inspectReferrer({ artifactType, digest, size, annotations }: Descriptor): InspectedReferrer {
  return { artifactType: artifactType ?? null, digest, tag: null, size, annotations: annotations ?? {} };
}

function inspectLayer({ digest, size, mediaType, annotations }: Descriptor): InspectedLayer {
  return { digest, size, mediaType, title: annotations?.[titleAnnotation] ?? null };
}

function inspectConfig(config: ImageConfig): InspectedConfig {
  const { entrypoint, cmd, env, exposedPorts, volumes, labels } = config;
  return {
    user: config.user ?? null,
    workingDir: config.workingDir ?? null,
    entrypoint,
    cmd,
    env,
    exposedPorts,
    volumes,
    stopSignal: config.stopSignal ?? null,
    author: config.author ?? null,
    labels,
  };
}

/** Steps and layers are matched by counting, which means something only where the counts agree. */
function inspectHistory({ history }: ImageConfig, layers: number): readonly HistoryStep[] {
  const agree = history.filter(({ emptyLayer }) => !emptyLayer).length === layers;
  let next = 0;
  return history.map(({ created, createdBy, comment, emptyLayer }) => {
    const layer = emptyLayer || !agree ? null : next;
    if (layer !== null) next += 1;
    return {
      createdBy: createdBy ?? null,
      created: created ?? null,
      comment: comment ?? null,
      layer,
    };
  });
}
