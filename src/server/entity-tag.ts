/** Entity tags: content that is named by its digest never changes, so the digest is its tag. Pure. */
import type { Digest } from "../registry/digest.ts";

export function entityTagOf(digest: Digest): string {
  return `"${digest}"`;
}

/** Whether `If-None-Match` names it: quoted, weak, or bare as some clients of registries write it. */
export function matchesEntityTag(header: string | undefined, digest: Digest): boolean {
  if (header === undefined) return false;
  return header.split(",").some((part) => {
    const tag = part.trim().replace(/^W\//, "");
    return tag === "*" || tag === digest || tag === `"${digest}"`;
  });
}
