/**
 * Archives of `docker save`, read. Since Docker 25 they are OCI layouts too: then the manifests in them are used byte
 * for byte, and `manifest.json` gives names alone.
 */
import type { Descriptor } from "../registry/descriptor.ts";
import { textOf } from "../registry/json.ts";
import { mostManifestBytes, parseManifest } from "../registry/manifest.ts";
import { readArchiveName } from "./archive-name.ts";
import { broken } from "./failures.ts";
import type { ImageEntry, ImageReader } from "./image-files.ts";
import { blobPath, createImageReader } from "./image-reader.ts";
import { type LayoutFiles, readWhole } from "./layout-files.ts";
import { containerdNameKey, readLayoutIndex, refNameKey } from "./layout-reader.ts";
import { entriesFor, makeManifests, readSavedList, type SavedImage } from "./saved-images.ts";

/** Throws CONTENT_BROKEN. Closes the files when it throws. */
export async function readDockerArchive(files: LayoutFiles): Promise<ImageReader> {
  try {
    const descriptors = await readLayoutIndex(files);
    const list = await readSavedList(files);
    if (descriptors !== null && descriptors.length > 0) {
      const entries = await nameEntries(files, descriptors, list ?? []);
      return createImageReader("docker-archive", files, { entries });
    }
    if (list === null) throw await problemOfNoArchive(files);
    return createImageReader("docker-archive", files, await makeManifests(files, list));
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** An entry for each name, as Docker writes them; one without a name only where the image has none. */
async function nameEntries(
  files: LayoutFiles,
  descriptors: readonly Descriptor[],
  list: readonly SavedImage[],
): Promise<readonly ImageEntry[]> {
  const entries: ImageEntry[] = [];
  for (const descriptor of descriptors) {
    const names = namesByAnnotations(descriptor) ?? (await namesByConfig(files, descriptor, list));
    entries.push(...entriesFor(descriptor, names));
  }
  const named = new Set(
    entries.filter(({ names }) => names.length > 0).map(({ descriptor }) => descriptor.digest),
  );
  return entries.filter(({ names, descriptor }) => names.length > 0 || !named.has(descriptor.digest));
}

/** Null when there is no whole name: the other annotation is mostly a tag alone. */
function namesByAnnotations({ annotations = {} }: Descriptor): readonly string[] | null {
  const refName = textOf(annotations[refNameKey]);
  const whole = textOf(annotations[containerdNameKey]) ?? (refName?.includes(":") ? refName : undefined);
  const name = whole === undefined ? null : readArchiveName(whole);
  return name === null ? null : [name];
}

/** The names of the image in `manifest.json` that has the same config. */
async function namesByConfig(
  files: LayoutFiles,
  { digest, mediaType }: Descriptor,
  list: readonly SavedImage[],
): Promise<readonly string[]> {
  if (list.length === 0) return [];
  const bytes = await readWhole(files, blobPath(digest), mostManifestBytes);
  if (bytes === null) return [];
  const manifest = parseManifest(bytes, mediaType, `manifest ${digest} in ${files.name}`);
  if (manifest.kind !== "image") return [];
  const config = blobPath(manifest.config.digest);
  return list.filter((saved) => saved.config === config).flatMap(({ names }) => names);
}

async function problemOfNoArchive(files: LayoutFiles): Promise<Error> {
  const old = (await files.size("repositories")) !== null;
  return broken(
    files.name,
    old
      ? "a Docker before 1.10 saved it: load it into an engine and save it again"
      : "it is no archive of `docker save`, since it has no manifest.json",
    "An image's archive is made by: docker save NAME:TAG -o FILE",
  );
}
