/** An image as an entry of a docker-archive: what `manifest.json` and `index.json` say about it. Pure. */
import { RegctlError } from "../errors.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import type { ImageManifest, Manifest } from "../registry/manifest.ts";
import { mediaTypes } from "../registry/media-types.ts";
import { isUnknownPlatform, renderPlatform } from "../registry/platform.ts";
import { renderFamiliar, renderReference } from "../registry/reference.ts";
import { parseArchiveName } from "./archive-name.ts";
import { blobPath } from "./image-reader.ts";
import type { NewEntry } from "./index-text.ts";

export interface SavedEntry {
  readonly config: string;
  readonly layers: readonly string[];
  /** `app:1`. */
  readonly name: string | null;
}

/** Throws BAD_REFERENCE for a name that an engine would not take. */
export function makeSavedEntry(
  descriptor: Descriptor,
  { config, layers }: ImageManifest,
  name: string | null,
): { readonly saved: SavedEntry; readonly entry: NewEntry } {
  const reference = name === null ? null : parseArchiveName(name);
  return {
    saved: {
      config: blobPath(config.digest),
      layers: layers.map(({ digest }) => blobPath(digest)),
      name: reference === null ? null : renderFamiliar(reference),
    },
    entry: {
      descriptor,
      name: reference?.tag ?? null,
      ...(reference === null ? {} : { containerdName: renderReference(reference) }),
    },
  };
}

const configTypes: readonly string[] = [mediaTypes.ociConfig, mediaTypes.dockerConfig];

/** To be asked before anything is copied. Throws USAGE when it is not the manifest of one container image. */
export function imageOf(manifest: Manifest): ImageManifest {
  if (manifest.kind === "image" && configTypes.includes(manifest.config.mediaType)) return manifest;
  if (manifest.kind !== "index") {
    const problem =
      manifest.kind === "image"
        ? `a docker-archive holds container images, and this is something else (${manifest.config.mediaType})`
        : "a docker-archive holds no images of Docker's first format";
    throw new RegctlError("USAGE", { problem, type: "oci-archive:FILE" });
  }
  const platforms = manifest.manifests
    .flatMap(({ platform }) => (platform === undefined || isUnknownPlatform(platform) ? [] : [platform]))
    .map(renderPlatform);
  const which = platforms.length === 0 ? "" : `: ${platforms.join(", ")}`;
  throw new RegctlError("USAGE", {
    problem: `a docker-archive holds images for one platform each, and this one is for several${which}`,
    type: `--platform ${platforms[0] ?? "linux/amd64"}`,
  });
}

/** One object for each image with all its names; of two images that want one name the last gets it, as in `docker load`. */
export function renderSavedList(saved: readonly SavedEntry[]): string {
  const images = new Map<
    string,
    { Config: string; RepoTags: readonly string[]; Layers: readonly string[] }
  >();
  for (const { config, layers, name } of saved) {
    for (const [key, image] of images) {
      images.set(key, { ...image, RepoTags: image.RepoTags.filter((tag) => tag !== name) });
    }
    const key = [config, ...layers].join("\n");
    const names = images.get(key)?.RepoTags ?? [];
    images.set(key, { Config: config, RepoTags: name === null ? names : [...names, name], Layers: layers });
  }
  return JSON.stringify([...images.values()]);
}
