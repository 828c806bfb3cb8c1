/**
 * How large a body may be that a registry, or what stands in front of it, takes: lengths are announced and nothing is
 * sent, for who does not want a body says so before it comes (RFC 9110 §10.1.1, Expect: 100-continue).
 */
import type { ServerAnswer } from "../probes.ts";

const mebibyte = 1024 * 1024;
/** The largest first: mostly it is the only one that is asked for. */
const lengths = [8192 * mebibyte, 1024 * mebibyte, 100 * mebibyte, 10 * mebibyte, mebibyte];

export async function findLimit(
  announce: (bytes: number) => Promise<ServerAnswer | null>,
): Promise<{ readonly takes: number; readonly refuses: number } | null> {
  let refuses: number | null = null;
  for (const bytes of lengths) {
    const answer = await announce(bytes);
    if (answer?.status !== 413) return refuses === null ? null : { takes: bytes, refuses };
    refuses = bytes;
  }
  return refuses === null ? null : { takes: 0, refuses };
}
