/** What a tag holds now, and whether it has gone. */
import { isRegctlError } from "../errors.ts";
import type { Clock } from "../ports.ts";
import type { FetchedManifest } from "../registry/api/manifests.ts";
import type { RegistryClient } from "../registry/client.ts";
import { compareDigests, type Digest } from "../registry/digest.ts";
import { replacedBy } from "./delete-placeholder.ts";

export interface HeldByTag {
  readonly manifest: FetchedManifest;
  readonly digest: Digest;
  /** Set when it holds a placeholder: what stood there before. */
  readonly instead: Digest | null;
}

/** Null for a tag that is not there. */
export async function readTag(
  client: RegistryClient,
  repository: string,
  tag: string,
): Promise<HeldByTag | null> {
  try {
    const manifest = await client.getManifest(repository, tag);
    return { manifest, digest: manifest.digest, instead: replacedBy(manifest.bytes, tag) };
  } catch (error) {
    if (isRegctlError(error, "NOT_FOUND")) return null;
    throw error;
  }
}

/** Some registries answer before everybody sees it: 3 more looks within a second. */
const usualPatience = { looks: 4, everyMs: 300 };

/** `again`: it holds something else, which somebody has pushed. */
export async function awaitEnd(
  client: RegistryClient,
  place: { readonly repository: string; readonly tag: string; readonly digest: Digest },
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  { looks, everyMs } = usualPatience,
): Promise<"gone" | "again" | "stays"> {
  for (let look = 1; look <= looks; look += 1) {
    const head = await client.headManifest(place.repository, place.tag);
    if (head === null) return "gone";
    if (compareDigests(head.digest, place.digest) === "different") return "again";
    if (look < looks) await clock.sleep(everyMs, signal);
  }
  return "stays";
}
