/**
 * OCI layouts in folders, written. Blobs come into their place whole and by rename, `index.json` last: whenever this
 * process ends, what is there is a valid layout. Several processes may write into one layout at once.
 */
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { RegctlError } from "../errors.ts";
import type { Digest } from "../registry/digest.ts";
import { verifyBytes } from "../registry/verify.ts";
import { inFile, orNull } from "./failures.ts";
import type { ImageWriter } from "./image-files.ts";
import { blobPath } from "./image-reader.ts";
import type { NewEntry } from "./index-text.ts";
import { openLayoutBlob } from "./layout-blob.ts";
import { addToLayout, checkLayoutFolder, makeLayout, putFile } from "./layout-folder.ts";
import { indexFile } from "./layout-reader.ts";
import { tidyWorkFolder, workFolder } from "./work-files.ts";

/** The folder is made with the first content. Throws FILE_FAILED. */
export async function openLayoutWriter(path: string): Promise<ImageWriter> {
  const folder = resolve(path);
  await inFile(path, () => checkLayoutFolder(folder, path));
  const name = `oci:${path}`;
  const added: NewEntry[] = [];
  let making: Promise<void> | undefined;
  const ready = (): Promise<void> => {
    making ??= inFile(path, () => makeLayout(folder));
    return making;
  };
  const blobSize = async (digest: Digest): Promise<number | null> => {
    const file = join(folder, blobPath(digest));
    const found = await inFile(file, () => orNull(stat(file)));
    return found?.isFile() ? found.size : null;
  };
  return {
    kind: "oci",
    name,
    blobSize,
    openBlob: async (digest, size) => {
      await ready();
      return openLayoutBlob(folder, digest, { digest, size, what: `${digest} for ${name}` });
    },
    putBytes: async (digest, bytes) => {
      verifyBytes(bytes, { digest, size: null, what: `${digest} for ${name}` });
      const place = join(folder, blobPath(digest));
      const there = await inFile(place, () => orNull(readFile(place)));
      if (there?.equals(bytes)) return;
      await ready();
      await inFile(path, () => putFile(folder, place, bytes));
    },
    addEntry: async (descriptor, entryName) => {
      if ((await blobSize(descriptor.digest)) === null) {
        const reason = "it was not written";
        throw new RegctlError("NOT_FOUND", { what: `${descriptor.digest} in ${name}`, reason });
      }
      added.push({ descriptor, name: entryName });
    },
    commit: async () => {
      await ready();
      await inFile(path, () => addToLayout(folder, added.splice(0), `${indexFile} in ${name}`));
      await inFile(path, () => tidyWorkFolder(join(folder, workFolder), Date.now()));
    },
    close: async () => {
      added.length = 0;
      await tidyWorkFolder(join(folder, workFolder), Date.now()).catch(() => {});
    },
  };
}
