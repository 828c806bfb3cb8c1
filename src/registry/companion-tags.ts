/**
 * Tags under which clients keep what speaks about a manifest: the list of referrers (OCI distribution specification 1.1,
 * "Referrers Tag Schema"), and cosign's signatures, attestations and bills of materials (sigstore/cosign, specs/
 * SIGNATURE_SPEC.md). Pure.
 */
import { algorithmOf, type Digest, encodedOf } from "./digest.ts";

export function referrersTagOf(digest: Digest): string {
  return `${algorithmOf(digest)}-${encodedOf(digest).slice(0, 64)}`;
}

/** Cosign's, for one manifest. */
export function companionTagsOf(digest: Digest): readonly string[] {
  return ["sig", "att", "sbom"].map((ending) => `${algorithmOf(digest)}-${encodedOf(digest)}.${ending}`);
}

/** Whether a tag is such a list, or one of those that cosign keeps beside it. */
export function isReferrersTag(tag: string): boolean {
  return /^sha(256-[0-9a-f]{64}|512-[0-9a-f]{64,128})(\.\w+)?$/.test(tag);
}
