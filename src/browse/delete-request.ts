/** What shall be deleted, from the words on the command line. Asks no registry. */
import type { LiveTunnelsWorld } from "../access/live-tunnels.ts";
import { chooseImage, chooseRepository } from "../access/which-image.ts";
import type { Settings } from "../config/settings.ts";
import { RegctlError } from "../errors.ts";
import { quoteLine } from "../explain/quote.ts";
import type { Digest } from "../registry/digest.ts";
import { type Reference, renderReference } from "../registry/reference.ts";
import { parseTagPattern, type TagFilter } from "../registry/tag-filter.ts";

/** One word of the command line. */
export type Wish =
  /** One tag; with a digest, only while it points to it. */
  | { readonly kind: "tag"; readonly tag: string; readonly digest: Digest | null }
  | { readonly kind: "tags"; readonly filter: TagFilter }
  | { readonly kind: "manifest"; readonly digest: Digest };

/** All that is wanted of one repository. */
export interface RepositoryWishes {
  /** HOST[:PORT]. */
  readonly registry: string;
  readonly repository: string;
  readonly settings: Settings;
  readonly wishes: readonly Wish[];
}

export interface DeleteRequest {
  readonly references: readonly string[];
  /** `--registry`. */
  readonly registry?: string | undefined;
  /** `--digest`: the manifest goes, with every tag on it. */
  readonly digest: boolean;
}

/** Throws USAGE and BAD_REFERENCE before any registry is asked. A word that stands twice counts once. */
export async function readWishes(
  request: DeleteRequest,
  world: LiveTunnelsWorld,
): Promise<readonly RepositoryWishes[]> {
  const found = new Map<string, Omit<RepositoryWishes, "wishes"> & { wishes: Map<string, Wish> }>();
  for (const given of request.references) {
    const { reference, settings, wish } = await readWish(given, request, world);
    const { registry, repository } = reference;
    const name = `${registry}/${repository}`;
    const known = found.get(name) ?? { registry, repository, settings, wishes: new Map<string, Wish>() };
    known.wishes.set(renderWish(name, wish), wish);
    found.set(name, known);
  }
  return [...found.values()].map((each) => ({ ...each, wishes: [...each.wishes.values()] }));
}

async function readWish(
  given: string,
  { registry, digest: manifests }: DeleteRequest,
  world: LiveTunnelsWorld,
): Promise<{ readonly reference: Reference; readonly settings: Settings; readonly wish: Wish }> {
  const pattern = parseTagPattern(given);
  if (pattern !== null) {
    const chosen = await chooseRepository(pattern.name, { registry }, world);
    return { ...chosen, wish: { kind: "tags", filter: pattern.filter } };
  }
  const chosen = await chooseImage(given, { registry }, world);
  const { tag, digest } = chosen.reference;
  if (tag === undefined && digest === undefined) throw withoutTag(given);
  if (tag !== undefined) return { ...chosen, wish: { kind: "tag", tag, digest: digest ?? null } };
  if (digest === undefined || !manifests) throw withoutConsent(given);
  return { ...chosen, wish: { kind: "manifest", digest } };
}

/** As an outcome names it: a tag, a pattern or a manifest of a repository. */
export function renderWish(name: string, wish: Wish): string {
  if (wish.kind === "tag") return `${name}:${wish.tag}${wish.digest === null ? "" : `@${wish.digest}`}`;
  return wish.kind === "tags" ? `${name}:${wish.filter.text}` : `${name}@${wish.digest}`;
}

function withoutTag(given: string): RegctlError {
  return new RegctlError("USAGE", {
    problem: `"${given}" names a repository; only a tag is deleted, and never one that was not typed`,
    type: quoteLine(["regctl", "delete", `${given}:TAG`]),
  });
}

function withoutConsent(given: string): RegctlError {
  return new RegctlError("USAGE", {
    problem: `"${given}" names a manifest; with it go all tags on it`,
    type: quoteLine(["regctl", "delete", "--digest", given]),
  });
}

/** The full name of a tag, as outcomes and errors have it. */
export function tagName(registry: string, repository: string, tag: string): string {
  return renderReference({ registry, repository, tag });
}
