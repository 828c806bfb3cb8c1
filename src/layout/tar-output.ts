/** The end of a tar that grows in a file: headers, content and padding, and back to where it was when that fails. */
import { dirname } from "node:path";
import type { ArchiveTarget } from "./archive-target.ts";
import { writeFully } from "./durable.ts";
import { inFile } from "./failures.ts";
import { encodeTarHeader, tarEnd, tarPadding } from "./tar-format.ts";

export interface TarOutput {
  /** The header of a file, behind those of its folders. Returns where the content begins. */
  begin(path: string, size: number): Promise<number>;
  /** The content, `size` bytes from where it begins, has been written: what fills its last block. */
  pad(size: number): Promise<void>;
  put(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
  /** What takes everything back that is written from now on. */
  mark(): () => Promise<void>;
}

export function createTarOutput({ handle, path }: Pick<ArchiveTarget, "handle" | "path">): TarOutput {
  let position = 0;
  let folders: readonly string[] = [];
  const put = async (bytes: Uint8Array): Promise<void> => {
    await inFile(path, () => writeFully(handle, bytes, position));
    position += bytes.byteLength;
  };
  return {
    put,
    begin: async (file, size) => {
      const missing = parentsOf(file).filter((folder) => !folders.includes(folder));
      const headers = [...missing.map((folder) => encodeTarHeader(folder, 0)), encodeTarHeader(file, size)];
      await put(Buffer.concat(headers));
      folders = [...folders, ...missing];
      return position;
    },
    pad: async (size) => {
      position += size;
      await put(Buffer.alloc(tarPadding(size)));
    },
    end: () => put(tarEnd),
    mark: () => {
      const before = { position, folders };
      return async () => {
        ({ position, folders } = before);
        await inFile(path, () => handle.truncate(position));
      };
    },
  };
}

/** `blobs/` and `blobs/sha256/` of `blobs/sha256/HEX`. */
function parentsOf(file: string): readonly string[] {
  const parent = dirname(file);
  return parent === "." ? [] : [...parentsOf(parent), `${parent}/`];
}
