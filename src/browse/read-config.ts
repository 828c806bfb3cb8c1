/** The configuration of an image, and the facts that take it to know. */
import { isRegctlError, RegctlError } from "../errors.ts";
import type { RegistryClient } from "../registry/client.ts";
import { parseImageConfig } from "../registry/config.ts";
import type { ImageManifest } from "../registry/manifest.ts";
import { renderPlatform } from "../registry/platform.ts";
import { artifactFacts, artifactTypeOf, type ManifestFacts, sizeOf } from "./manifest-facts.ts";

export interface ConfigPlace {
  readonly client: RegistryClient;
  /** Without the registry. */
  readonly repository: string;
  /** The image, for errors. */
  readonly what: string;
}

export async function readImageFacts(manifest: ImageManifest, place: ConfigPlace): Promise<ManifestFacts> {
  const type = artifactTypeOf(manifest);
  if (type !== null) return artifactFacts(manifest, type);
  const { created, platform } = await readConfig(manifest, place);
  return {
    kind: "image",
    created: created ?? null,
    platform: platform === null ? null : renderPlatform(platform),
    size: sizeOf(manifest),
  };
}

/** Throws CONTENT_BROKEN for a configuration that is not there: the image cannot be pulled, though its tag stands. */
export async function readConfig(
  { config }: ImageManifest,
  { client, repository, what }: ConfigPlace,
): Promise<ReturnType<typeof parseImageConfig>> {
  try {
    return parseImageConfig(await client.readBlob(repository, config), `the configuration of ${what}`);
  } catch (error) {
    if (!isRegctlError(error, "NOT_FOUND")) throw error;
    const problem = `its configuration ${config.digest} is not there`;
    throw new RegctlError("CONTENT_BROKEN", { what, problem }, { cause: error });
  }
}
