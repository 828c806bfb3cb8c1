/** Images in files, opened by the kind that the user named. */
import { openArchiveWriter } from "./archive-writer.ts";
import { readDockerArchive } from "./docker-archive-reader.ts";
import type { ImageFileKind, ImageReader, ImageWriter } from "./image-files.ts";
import { openArchiveFiles, openFolder } from "./layout-files.ts";
import { readLayout } from "./layout-reader.ts";
import { openLayoutWriter } from "./layout-writer.ts";

export interface WriterOptions {
  /** For archives: a file that is there is replaced. A layout is always added to. */
  readonly overwrite: boolean;
}

const readers: Readonly<Record<ImageFileKind, (path: string, name: string) => Promise<ImageReader>>> = {
  oci: async (path, name) => readLayout("oci", await openFolder(path, name)),
  "oci-archive": async (path, name) => readLayout("oci-archive", await openArchiveFiles(path, name)),
  "docker-archive": async (path, name) => readDockerArchive(await openArchiveFiles(path, name)),
};

/** Throws NOT_FOUND, FILE_FAILED, CONTENT_BROKEN. */
export function openImageReader(kind: ImageFileKind, path: string): Promise<ImageReader> {
  return readers[kind](path, `${kind}:${path}`);
}

/**
 * Throws FILE_EXISTS for an archive that is there, unless it may be overwritten, and FILE_FAILED, also for a folder
 * of other things.
 */
export function openImageWriter(
  kind: ImageFileKind,
  path: string,
  { overwrite }: WriterOptions,
): Promise<ImageWriter> {
  return kind === "oci" ? openLayoutWriter(path) : openArchiveWriter(kind, path, overwrite);
}
