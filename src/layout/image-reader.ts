/** An ImageReader made of files and of what the index or manifest.json says about them. */
import { RegctlError } from "../errors.ts";
import { algorithmOf, type Digest, encodedOf } from "../registry/digest.ts";
import { mostManifestBytes } from "../registry/manifest.ts";
import { verifyBytes } from "../registry/verify.ts";
import type { ImageEntry, ImageFileKind, ImageReader } from "./image-files.ts";
import { type LayoutFiles, readWhole } from "./layout-files.ts";

export interface ReaderContent {
  readonly entries: readonly ImageEntry[];
  /** Content whose file is not called by its digest. */
  readonly paths?: ReadonlyMap<Digest, string>;
  /** Manifests that are in no file. */
  readonly made?: ReadonlyMap<Digest, Buffer>;
}

/** Where a layout keeps content. */
export function blobPath(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${encodedOf(digest)}`;
}

export function createImageReader(
  kind: ImageFileKind,
  files: LayoutFiles,
  { entries, paths, made }: ReaderContent,
): ImageReader {
  const { name } = files;
  const pathOf = (digest: Digest): string => paths?.get(digest) ?? blobPath(digest);
  const missing = (digest: Digest) =>
    new RegctlError("NOT_FOUND", { what: `${digest} in ${name}`, reason: "it does not hold this content" });
  return {
    kind,
    name,
    entries,
    readManifest: async (digest) => {
      const bytes = made?.get(digest) ?? (await readWhole(files, pathOf(digest), mostManifestBytes));
      if (bytes === null) throw missing(digest);
      verifyBytes(bytes, { digest, size: null, what: `manifest ${digest} in ${name}` });
      return bytes;
    },
    blobSize: async (digest) => made?.get(digest)?.length ?? (await files.size(pathOf(digest))),
    openBlob: async (digest, start = 0) => {
      const stream = await files.open(pathOf(digest), start);
      if (stream === null) throw missing(digest);
      return stream;
    },
    close: () => files.close(),
  };
}
