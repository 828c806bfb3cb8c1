/** How layers are packed on their way: what `--compression` says, and the compressor for it. */
import { RegctlError } from "../../errors.ts";
import { mediaTypes } from "../../registry/media-types.ts";
import type { CompressBlock } from "./blocks.ts";
import { deflateByZlib, gzip } from "./gzip.ts";
import { zstd } from "./zstd.ts";

export type Algorithm = "gzip" | "zstd" | "none";

export interface Compression {
  readonly algorithm: Algorithm;
  /** 0 for `none`. */
  readonly level: number;
}

interface Row {
  readonly least: number;
  readonly most: number;
  readonly usual: number;
  /** Bytes of a block: larger ones pack better, smaller ones begin earlier and need less memory. */
  readonly blockBytes: number;
}

const mebibyte = 1024 * 1024;

/** The usual levels were measured: see docs/publish.md. */
const rows: Readonly<Record<Algorithm, Row>> = {
  gzip: { least: 1, most: 9, usual: 1, blockBytes: mebibyte },
  zstd: { least: 1, most: 19, usual: 1, blockBytes: mebibyte },
  none: { least: 0, most: 0, usual: 0, blockBytes: mebibyte },
};

/** The level of gzip that our own deflate stands for, and its version: another one wherever it writes other bytes. */
const ownLevel = 1;
const ownVersion = "own-1";

export const usualCompression: Compression = { algorithm: "gzip", level: rows.gzip.usual };

/** `gzip`, `zstd:3`, `none`. Throws USAGE. */
export function parseCompression(given: string): Compression {
  const [name = "", level, ...more] = given.split(":");
  const row = Object.hasOwn(rows, name) ? rows[name as Algorithm] : undefined;
  const number = level === undefined ? row?.usual : /^\d{1,2}$/.test(level) ? Number(level) : undefined;
  const good = row !== undefined && number !== undefined && number >= row.least && number <= row.most;
  if (!good || more.length > 0 || (name === "none" && level !== undefined)) {
    throw new RegctlError("USAGE", {
      problem: `"${given.replaceAll(/[\p{Cc}\p{Cf}]/gu, "?").slice(0, 40)}" is no compression: there are gzip (levels 1 to 9), zstd (1 to 19) and none`,
      type: "--compression gzip:1",
    });
  }
  return { algorithm: name as Algorithm, level: number };
}

/**
 * Two runs with the same name make the same bytes of the same layer: what was sent of one can be gone on with by the
 * other. The library's version decides, too.
 */
export function compressionId(
  { algorithm, level }: Compression,
  versions: { readonly zlib?: string; readonly zstd?: string },
): string {
  if (algorithm === "none") return "none";
  const own = algorithm === "gzip" && level === ownLevel;
  const library = own ? ownVersion : algorithm === "gzip" ? versions.zlib : versions.zstd;
  return `${algorithm}:${level}:${rows[algorithm].blockBytes}:${library ?? "unknown"}:3`;
}

/** What a layer that is packed so is called in an OCI manifest. */
export function layerMediaTypeOf(algorithm: Algorithm): string {
  if (algorithm === "gzip") return mediaTypes.ociLayerGzip;
  return algorithm === "zstd" ? mediaTypes.ociLayerZstd : mediaTypes.ociLayer;
}

export interface Packers {
  /** How many blocks are compressed at the same time. */
  readonly threads: number;
  /** Packs the blocks of gzip at level 1. */
  readonly deflate: CompressBlock;
}

export function compress(
  input: AsyncIterable<Uint8Array>,
  { algorithm, level }: Compression,
  { threads, deflate }: Packers,
): AsyncIterable<Uint8Array> {
  const options = { blockBytes: rows[algorithm].blockBytes, inFlight: threads + 1 };
  if (algorithm === "gzip") {
    return gzip(input, level === ownLevel ? deflate : deflateByZlib(level), options);
  }
  return algorithm === "zstd" ? zstd(input, level, options) : input;
}
