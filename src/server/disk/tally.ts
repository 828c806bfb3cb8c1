/** How many blobs there are and how many bytes: counted once, when somebody asks, and kept up to date from then on. */
import type { StoreFiles } from "./files.ts";
import type { StorePaths } from "./paths.ts";

export interface BlobCount {
  readonly blobs: number;
  readonly bytes: number;
}

export interface Tally {
  count(): Promise<BlobCount>;
  /** `blobs` 1 for one that is new in the store, -1 for one that has left it. */
  add(blobs: 1 | -1, bytes: number): void;
}

export function createTally(files: StoreFiles, paths: StorePaths): Tally {
  let changes: BlobCount = { blobs: 0, bytes: 0 };
  let counted: Promise<BlobCount> | null = null;
  return {
    count: async () => {
      if (counted === null) {
        changes = { blobs: 0, bytes: 0 };
        counted = countBlobs(files, paths);
        counted.catch(() => {
          counted = null;
        });
      }
      const { blobs, bytes } = await counted;
      return { blobs: blobs + changes.blobs, bytes: bytes + changes.bytes };
    },
    add: (blobs, bytes) => {
      changes = { blobs: changes.blobs + blobs, bytes: changes.bytes + blobs * bytes };
    },
  };
}

/** So many questions to the disk at a time. */
const atOnce = 32;

async function countBlobs(files: StoreFiles, paths: StorePaths): Promise<BlobCount> {
  let [blobs, bytes] = [0, 0];
  for (const algorithm of await files.list(paths.blobs)) {
    const folder = paths.blobFolder(algorithm);
    const names = await files.list(folder);
    for (let at = 0; at < names.length; at += atOnce) {
      const asked = names.slice(at, at + atOnce).map((name) => files.stat(`${folder}/${name}`));
      for (const found of await Promise.all(asked)) {
        blobs += found === null ? 0 : 1;
        bytes += found?.size ?? 0;
      }
    }
  }
  return { blobs, bytes };
}
