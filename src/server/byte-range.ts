/** `Range` of downloads (RFC 9110 §14) and `Content-Range` of uploads (OCI distribution §Pushing a blob in chunks). Pure. */

/** First byte and number of bytes. */
export interface Part {
  readonly start: number;
  readonly length: number;
}

/** No size of content has more digits. */
const number = "\\d{1,15}";
const downloadRange = new RegExp(`^bytes=(?:(${number})-(${number})?|-(${number}))$`, "i");

/**
 * What to send of `size` bytes: `whole` where the header may be ignored (another unit, or several ranges, which a
 * server need not heed and which make a bomb), `unsatisfiable` for a 416.
 */
export function parseRange(header: string | undefined, size: number): Part | "whole" | "unsatisfiable" {
  if (header === undefined || !/^bytes=/i.test(header) || header.includes(",")) return "whole";
  const [, first, last, suffix] = downloadRange.exec(header.replaceAll(/[ \t]/g, "")) ?? [];
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, length };
  }
  if (first === undefined) return "unsatisfiable";
  const start = Number(first);
  const end = last === undefined ? size - 1 : Math.min(Number(last), size - 1);
  return start > end ? "unsatisfiable" : { start, length: end - start + 1 };
}

const chunkRange = new RegExp(`^(?:bytes[= ])?(${number})-(${number})(?:/(?:${number}|\\*))?$`, "i");

/** Where a chunk belongs: `0-99`, or as some clients write it, `bytes 0-99/200`. Null when it cannot be read. */
export function parseChunkRange(header: string): Part | null {
  const [, first, last] = chunkRange.exec(header.trim()) ?? [];
  if (first === undefined || last === undefined) return null;
  const [start, end] = [Number(first), Number(last)];
  return start > end ? null : { start, length: end - start + 1 };
}
