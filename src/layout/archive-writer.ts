/**
 * Archives, written: blobs as they come, the list of entries last. Both kinds are OCI layouts; a docker-archive has
 * `manifest.json` besides, by which every engine loads it.
 */
import { RegctlError } from "../errors.ts";
import type { Digest } from "../registry/digest.ts";
import { parseManifest } from "../registry/manifest.ts";
import { openArchiveTar } from "./archive-tar.ts";
import { openArchiveTarget } from "./archive-target.ts";
import type { ImageWriter } from "./image-files.ts";
import { addToIndex, emptyIndex, type NewEntry } from "./index-text.ts";
import { indexFile, layoutFile, layoutText } from "./layout-reader.ts";
import { imageOf, makeSavedEntry, renderSavedList, type SavedEntry } from "./saved-entry.ts";
import { savedListFile } from "./saved-images.ts";

/** Throws FILE_EXISTS, FILE_FAILED. */
export async function openArchiveWriter(
  kind: "oci-archive" | "docker-archive",
  path: string,
  overwrite: boolean,
): Promise<ImageWriter> {
  const name = `${kind}:${path}`;
  const tar = openArchiveTar(await openArchiveTarget(path, overwrite), name);
  const added: NewEntry[] = [];
  const saved: SavedEntry[] = [];
  let over = false;
  const checkStored = (digest: Digest): void => {
    if (tar.stored.has(digest)) return;
    const facts = { what: `${digest} in ${name}`, reason: "it was not written" };
    throw new RegctlError("NOT_FOUND", facts);
  };
  return {
    kind,
    name,
    blobSize: async (digest) => tar.stored.get(digest)?.size ?? null,
    openBlob: (digest, size) => tar.openBlob(digest, size),
    putBytes: (digest, bytes) => tar.putBlob(digest, bytes),
    addEntry: async (descriptor, entryName) => {
      checkStored(descriptor.digest);
      if (kind === "oci-archive") {
        added.push({ descriptor, name: entryName });
        return;
      }
      const what = `manifest ${descriptor.digest}`;
      const image = imageOf(parseManifest(await tar.readBack(descriptor.digest), descriptor.mediaType, what));
      for (const { digest } of [image.config, ...image.layers]) checkStored(digest);
      const made = makeSavedEntry(descriptor, image, entryName);
      saved.push(made.saved);
      added.push(made.entry);
    },
    commit: async () => {
      await tar.end({
        ...(kind === "docker-archive" ? { [savedListFile]: renderSavedList(saved) } : {}),
        [indexFile]: addToIndex(emptyIndex, added, indexFile),
        [layoutFile]: layoutText,
      });
      over = true;
    },
    close: async () => {
      if (!over) await tar.drop();
      over = true;
    },
  };
}
