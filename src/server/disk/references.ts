/** What keeps what: digests that a manifest names, and manifests that tags keep. Pure. */
import { type Digest, parseDigest } from "../../registry/digest.ts";
import { objectOf, parseJson } from "../../registry/json.ts";
import type { RepositoryIndex } from "./index-text.ts";

/**
 * Every digest that stands anywhere in it, whatever the field is called: what is kept for nothing costs room, what is
 * not kept is lost. Null when it is no JSON object.
 */
export function digestsIn(manifest: Buffer): ReadonlySet<Digest> | null {
  const root = objectOf(parseJson(manifest));
  if (root === undefined) return null;
  const found = new Set<Digest>();
  // A list instead of a function that calls itself: 4 MiB of brackets are a deep tree.
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    const digest = parseDigest(value);
    if (digest !== null) found.add(digest);
    else if (typeof value === "object" && value !== null)
      for (const inner of Object.values(value)) open.push(inner);
  }
  return found;
}

/** Manifests without a tag that nothing kept names, and that say nothing about anything kept. */
export function findUnkept(
  index: RepositoryIndex,
  named: ReadonlyMap<Digest, ReadonlySet<Digest>>,
): ReadonlySet<Digest> {
  const kept = new Set<Digest>();
  const open = [...index.tags.values()];
  const referrers = referrersBySubject(index);
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (kept.has(digest)) continue;
    kept.add(digest);
    for (const next of [...(named.get(digest) ?? []), ...(referrers.get(digest) ?? [])]) open.push(next);
  }
  return new Set([...index.manifests.keys()].filter((digest) => !kept.has(digest)));
}

function referrersBySubject(index: RepositoryIndex): ReadonlyMap<Digest, readonly Digest[]> {
  const found = new Map<Digest, Digest[]>();
  for (const { digest, subject } of index.manifests.values()) {
    if (subject === null) continue;
    const others = found.get(subject) ?? [];
    found.set(subject, others);
    others.push(digest);
  }
  return found;
}
