/** OCI layouts, read: `index.json` and the blobs beside it (OCI image specification, image-layout.md). */
import type { RegctlError } from "../errors.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import { objectOf, parseJson, textOf } from "../registry/json.ts";
import { mostManifestBytes, parseManifest } from "../registry/manifest.ts";
import { mediaTypes } from "../registry/media-types.ts";
import { broken } from "./failures.ts";
import type { ImageEntry, ImageFileKind, ImageReader } from "./image-files.ts";
import { createImageReader } from "./image-reader.ts";
import { type LayoutFiles, readWhole } from "./layout-files.ts";

/** The file that says that a folder is a layout, and the one that names its entries. */
export const layoutFile = "oci-layout";
export const indexFile = "index.json";
export const layoutText: string = JSON.stringify({ imageLayoutVersion: "1.0.0" });

export const refNameKey = "org.opencontainers.image.ref.name";
/** A whole reference, written by Docker and containerd beside the tag in the other one. */
export const containerdNameKey = "io.containerd.image.name";

const mostLayoutFileBytes = 64 * 1024;

/** Throws CONTENT_BROKEN. Closes the files when it throws. */
export async function readLayout(kind: ImageFileKind, files: LayoutFiles): Promise<ImageReader> {
  try {
    const descriptors = await readLayoutIndex(files);
    if (descriptors === null) throw await problemOfNoLayout(files);
    return createImageReader(kind, files, { entries: descriptors.map(toEntry) });
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** The entries of `index.json`, or null when there is none. Throws CONTENT_BROKEN. */
export async function readLayoutIndex(files: LayoutFiles): Promise<readonly Descriptor[] | null> {
  await checkVersion(files);
  const bytes = await readWhole(files, indexFile, mostManifestBytes);
  if (bytes === null) return null;
  const what = `${indexFile} in ${files.name}`;
  const index = parseManifest(bytes, mediaTypes.ociIndex, what);
  if (index.kind !== "index") throw broken(what, "it is no index");
  return index.manifests;
}

/** Some tools leave the file out; what it says when it is there counts. */
async function checkVersion(files: LayoutFiles): Promise<void> {
  const bytes = await readWhole(files, layoutFile, mostLayoutFileBytes);
  if (bytes === null) return;
  const problem = problemOfLayoutFile(bytes);
  if (problem !== null) throw broken(`${layoutFile} in ${files.name}`, problem);
}

/** What is wrong with the content of `oci-layout`, or null. */
export function problemOfLayoutFile(bytes: Buffer): string | null {
  const version = textOf(objectOf(parseJson(bytes))?.imageLayoutVersion);
  if (version === undefined) return "it names no version of the layout";
  return /^1\.\d+\.\d+/.test(version)
    ? null
    : `it is of version "${version.slice(0, 20)}", and 1.0.0 is known`;
}

async function problemOfNoLayout(files: LayoutFiles): Promise<RegctlError> {
  const saved = (await files.size("manifest.json")) !== null;
  const why = saved ? ": `docker save` wrote it, and it is read as docker-archive:FILE" : "";
  return broken(files.name, `it is no OCI layout, since it has no ${indexFile}${why}`);
}

function toEntry(descriptor: Descriptor): ImageEntry {
  const { annotations = {} } = descriptor;
  const names = [annotations[refNameKey], annotations[containerdNameKey]];
  return { descriptor, names: [...new Set(names.map(textOf).filter((name) => name !== undefined))] };
}
