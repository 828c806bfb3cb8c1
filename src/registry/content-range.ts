/** Ranges of blobs, in the three spellings that registries use. Pure. */

export interface ContentRange {
  /** First and last byte, both included, counted from 0; null when the range asked for could not be given. */
  readonly range: { readonly start: number; readonly end: number } | null;
  /** Bytes of the whole, or null when the server does not tell. */
  readonly size: number | null;
}

/** `bytes 0-99/200` of a 206, or with a star in place of the range of a 416. Null when it cannot be read. */
export function parseContentRange(header: string | null | undefined): ContentRange | null {
  const [, start, end, whole = ""] =
    /^bytes\s+(?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i.exec((header ?? "").trim()) ?? [];
  if (whole === "") return null;
  const size = whole === "*" ? null : Number(whole);
  if (start === undefined || end === undefined) return size === null ? null : { range: null, size };
  const range = { start: Number(start), end: Number(end) };
  const possible = range.start <= range.end && (size === null || range.end < size);
  return possible ? { range, size } : null;
}

/** `bytes=0-99`, or `bytes=100-` for the rest, to ask for a part. */
export function renderRange(start: number, end?: number): string {
  return `bytes=${start}-${end ?? ""}`;
}

/** `0-99`, without a unit: where a chunk of an upload belongs. */
export function renderChunkRange(start: number, bytes: number): string {
  return `${start}-${start + bytes - 1}`;
}

/**
 * How many bytes of an upload the registry holds, from the `Range: 0-99` of its answer; null when it does not tell.
 * `0-0` is what registries say of an upload that has just begun: to have one byte looks the same, and to send that
 * byte again is refused in the open, while to leave it out is not.
 */
export function parseUploadedBytes(header: string | null | undefined): number | null {
  const [, end] = /^(?:bytes[= ])?0-(\d{1,15})$/i.exec((header ?? "").trim()) ?? [];
  if (end === undefined) return null;
  return Number(end) === 0 ? 0 : Number(end) + 1;
}
