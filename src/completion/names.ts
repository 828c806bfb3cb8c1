/** Names that begin as typed, from what is known of a registry. Pure. */
import { registryHostOf } from "../config/default-registry.ts";

/** What a registry held when it was last asked. */
export interface KnownNames {
  readonly repositories: readonly string[];
  /** By repository. */
  readonly tags: Readonly<Record<string, readonly string[]>>;
}

export interface TypedReference {
  /** Null: the default one. */
  readonly registry: string | null;
  /** What stands before the name in what was typed: `localhost:5000/` or nothing. */
  readonly before: string;
  readonly repository: string;
  /** Null: no colon has been typed yet. */
  readonly tag: string | null;
}

export function parseTyped(typed: string): TypedReference {
  const registry = registryHostOf(typed);
  const before = registry === null ? "" : `${registry}/`;
  const name = typed.slice(before.length);
  const colon = name.lastIndexOf(":");
  if (colon === -1) return { registry, before, repository: name, tag: null };
  return { registry, before, repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}

/** A colon behind a repository, since a tag may follow; nothing behind a tag. */
export function namesThatFit(
  { before, repository, tag }: TypedReference,
  { repositories, tags }: KnownNames,
  withTags: boolean,
): readonly string[] {
  if (tag === null) {
    const names = repositories.filter((name) => name.startsWith(repository));
    const [only] = names;
    if (!withTags || names.length !== 1 || only !== repository) return names.map((name) => before + name);
    return (tags[only] ?? []).map((each) => `${before}${only}:${each}`);
  }
  if (!withTags) return [];
  return (tags[repository] ?? [])
    .filter((each) => each.startsWith(tag))
    .map((each) => `${before}${repository}:${each}`);
}
