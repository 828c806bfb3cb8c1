/** From wishes and what a repository holds to what is done. Pure. */
import { RegctlError } from "../errors.ts";
import type { Digest } from "../registry/digest.ts";
import { deletionElsewhere } from "../registry/quirks.ts";
import type { RepositoryFacts } from "./delete-look.ts";
import type { DeletedItem } from "./delete-outcome.ts";
import { type RepositoryWishes, renderWish, tagName, type Wish } from "./delete-request.ts";

export interface TagDeletion {
  readonly kind: "tag";
  /** In full. */
  readonly reference: string;
  readonly tag: string;
  readonly digest: Digest;
  readonly way: "by-tag" | "dummy-manifest";
  /** Other tags on the digest, which stay. */
  readonly siblings: readonly string[];
  /** The last one of this run on its digest: then the siblings are looked at. */
  readonly last: boolean;
}

export interface ManifestDeletion {
  readonly kind: "manifest";
  readonly reference: string;
  readonly digest: Digest;
  /** The tag that was named; null for one named by its digest. */
  readonly tag: string | null;
  /** A placeholder that an earlier run left under the tag: it goes first. */
  readonly placeholder: Digest | null;
  /** All tags that go with it, the named one among them. */
  readonly tags: readonly string[];
  readonly notes: readonly string[];
}

export type Deletion = TagDeletion | ManifestDeletion;

export interface PlanFailure {
  readonly reference: string;
  readonly error: RegctlError;
}

export interface RepositoryPlan {
  readonly deletions: readonly Deletion[];
  readonly failures: readonly PlanFailure[];
  /** Something goes that was not named to the letter. */
  readonly asks: boolean;
}

export function planRepository(
  wanted: RepositoryWishes,
  facts: RepositoryFacts,
  manifests: boolean,
): RepositoryPlan {
  const found = wanted.wishes.map((wish) => selectFor(wish, wanted, facts));
  const failures = found.flatMap((each) => ("error" in each ? [each] : []));
  const targets = distinct(found.flatMap((each) => ("error" in each ? [] : each.targets)));
  const asks = manifests || wanted.wishes.some((wish) => wish.kind === "tags");
  if (facts.way === "off") {
    const off = targets.map(({ reference }) => ({
      reference,
      error: deletionOff(wanted.registry, reference),
    }));
    return { deletions: [], failures: [...failures, ...off], asks };
  }
  const { way } = facts;
  const deletions = manifests ? planManifests(targets, facts) : planTags(targets, way, facts);
  return { deletions, failures, asks };
}

interface Target {
  readonly reference: string;
  readonly tag: string | null;
  readonly digest: Digest;
  readonly placeholder: Digest | null;
}

type Selected = { readonly targets: readonly Target[] } | PlanFailure;

function selectFor(wish: Wish, { registry, repository }: RepositoryWishes, facts: RepositoryFacts): Selected {
  const name = `${registry}/${repository}`;
  const reference = renderWish(name, wish);
  const missing = (reason: string): PlanFailure => ({
    reference,
    error: new RegctlError("NOT_FOUND", { what: reference, reason }),
  });
  const targetOf = (tag: string): Target | null => {
    const found = facts.tags.get(tag);
    if (found === undefined) return null;
    const { digest, instead } = found;
    const held = { digest: instead ?? digest, placeholder: instead === null ? null : digest };
    return { reference: tagName(registry, repository, tag), tag, ...held };
  };
  if (wish.kind === "manifest") {
    const { digest } = wish;
    if (!facts.present.has(digest)) return missing("the repository has no manifest with this digest");
    return { targets: [{ reference, tag: null, digest, placeholder: null }] };
  }
  if (wish.kind === "tags") {
    const names = [...facts.tags.keys()].filter((tag) => wish.filter.matches(tag)).toSorted();
    const targets = names.flatMap((tag) => targetOf(tag) ?? []);
    return targets.length === 0 ? missing("no tag matches") : { targets };
  }
  const target = targetOf(wish.tag);
  if (target === null) return missing("the repository has no such tag");
  if (wish.digest === null || wish.digest === target.digest) return { targets: [target] };
  const facts_ = { reference: target.reference, was: wish.digest, is: target.digest };
  return { reference, error: new RegctlError("TAG_MOVED", facts_) };
}

/** Two words may mean the same tag, a glob among them. */
function distinct(targets: readonly Target[]): readonly Target[] {
  return [...new Map(targets.map((target) => [target.reference, target])).values()];
}

function planTags(
  targets: readonly Target[],
  way: TagDeletion["way"],
  facts: RepositoryFacts,
): readonly TagDeletion[] {
  const going = new Set(targets.map(({ tag }) => tag));
  const lastOn = new Map(targets.map(({ digest, reference }) => [digest, reference]));
  return targets.flatMap(({ reference, tag, digest }): readonly TagDeletion[] => {
    if (tag === null) return [];
    const siblings = tagsOn(facts, digest).filter((other) => !going.has(other));
    return [{ kind: "tag", reference, tag, digest, way, siblings, last: lastOn.get(digest) === reference }];
  });
}

/** A manifest is deleted once, whichever of its tags were named. */
function planManifests(targets: readonly Target[], facts: RepositoryFacts): readonly ManifestDeletion[] {
  const first = new Map<Digest, Target>();
  for (const target of targets) if (!first.has(target.digest)) first.set(target.digest, target);
  return [...first.values()].map((target) => ({
    kind: "manifest",
    ...target,
    tags: [...new Set([...(target.tag === null ? [] : [target.tag]), ...tagsOn(facts, target.digest)])],
    notes: notesOn(target.digest, facts),
  }));
}

function tagsOn({ tags }: RepositoryFacts, digest: Digest): readonly string[] {
  return [...tags].flatMap(([tag, found]) => (found.digest === digest ? [tag] : [])).toSorted();
}

function notesOn(digest: Digest, { parents, children }: RepositoryFacts): readonly string[] {
  const count = children.get(digest) ?? 0;
  const holders = parents.get(digest) ?? [];
  return [
    ...(count === 0
      ? []
      : [`It is an index: the ${manifestsOf(count)} that it names stay under their own digests`]),
    ...(holders.length === 0
      ? []
      : [`It is part of ${holders.join(", ")}, which cannot be pulled whole any more without it`]),
  ];
}

function manifestsOf(count: number): string {
  return count === 1 ? "1 manifest" : `${count} manifests`;
}

export function deletionOff(registry: string, what: string): RegctlError<"DELETE_OFF"> {
  const instead = deletionElsewhere(registry);
  return new RegctlError("DELETE_OFF", { registry, what, ...(instead === null ? {} : { instead }) });
}

/** What is shown before somebody agrees. */
export function renderDeletion(deletion: Deletion): string {
  const { reference, digest, kind } = deletion;
  if (kind === "tag") return `${reference}  ${digest}`;
  const others = deletion.tags.filter((tag) => tag !== deletion.tag);
  const with_ = others.length === 0 ? "" : `, and with it the tags ${others.join(", ")}`;
  const notes = deletion.notes.map((note) => `. ${note}`).join("");
  return `${reference}  ${digest}${with_}${notes}`;
}

/** As if it were done: what `--dry-run` shows, and what is kept when it has been done. */
export function itemOf(deletion: Deletion): DeletedItem {
  const { reference, digest, kind } = deletion;
  if (kind === "tag") {
    const { siblings: alsoTagged, way } = deletion;
    return { reference, deleted: "tag", digest, alsoTagged, way, notes: [] };
  }
  const alsoTagged = deletion.tags.filter((tag) => tag !== deletion.tag);
  return { reference, deleted: "manifest", digest, alsoTagged, way: "by-digest", notes: deletion.notes };
}
