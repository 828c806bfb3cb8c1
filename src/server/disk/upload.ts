/** One upload as it is known while the server runs. */
import type { Hash } from "node:crypto";
import { openHash } from "../../registry/digest.ts";
import type { DiskParts } from "./parts.ts";

export interface Upload {
  readonly repository: string;
  readonly id: string;
  readonly path: string;
  size: number;
  /** Of all bytes so far, by sha256; null when they must be read again. */
  hash: Hash | null;
  /** What there is survives a power cut. */
  durable: boolean;
  busy: "no" | "writing" | "finishing";
  /** Its file is a blob already, whose other names would change with it: it may be finished, and takes no more bytes. */
  stored: boolean;
  /** Cancelled, or finished: its file is gone or about to go. */
  gone: boolean;
}

/** By their ids. */
export type Known = Map<string, Upload>;

export function newUpload({ paths }: DiskParts, repository: string, id: string): Upload {
  const path = paths.upload(repository, id);
  return {
    repository,
    id,
    path,
    size: 0,
    hash: openHash("sha256"),
    durable: true,
    busy: "no",
    stored: false,
    gone: false,
  };
}

/** Forgotten last: whoever looks meanwhile must not find the file and take it for an upload. */
export async function discard({ files }: DiskParts, known: Known, upload: Upload): Promise<boolean> {
  upload.gone = true;
  try {
    return await files.remove(upload.path);
  } finally {
    known.delete(upload.id);
  }
}
