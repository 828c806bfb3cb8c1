/** Both ends of a copy, and what is called how at the other one. Pure. */
import { RegctlError } from "../errors.ts";
import type { Digest } from "../registry/digest.ts";
import {
  manifestKeyOf,
  type Reference,
  renderFamiliar,
  renderReference,
  withDefaultTag,
} from "../registry/reference.ts";
import { type FileEndpoint, renderFileEndpoint, tagOf } from "./endpoint.ts";
import type { Place } from "./image-source.ts";

export type End = { readonly kind: "registry"; readonly reference: Reference } | FileEndpoint;

/** One image of the copy. */
export interface CopyPair {
  /** Tag, name or digest at the source; null the only image there is. */
  readonly key: string | null;
  /** As it is shown. */
  readonly source: string;
}

export interface Landing {
  /** Tag or name there; null for none. */
  readonly name: string | null;
  /** As it is shown. */
  readonly destination: string;
}

export function renderEnd(end: End): string {
  return end.kind === "registry" ? renderReference(end.reference) : renderFileEndpoint(end);
}

export function placeOf(end: End): Place | null {
  return end.kind === "registry"
    ? { registry: end.reference.registry, repository: end.reference.repository }
    : null;
}

export function isSamePlace(one: Place | null, other: Place | null): boolean {
  return one !== null && one.registry === other?.registry && one.repository === other.repository;
}

/** The image that SRC names. */
export function pairOf(end: End): CopyPair {
  if (end.kind !== "registry") return { key: end.digest ?? end.name, source: renderFileEndpoint(end) };
  const reference = withDefaultTag(end.reference);
  return { key: manifestKeyOf(reference), source: renderReference(reference) };
}

/** One of all that SRC holds. */
export function pairNamed(end: End, name: string): CopyPair {
  if (end.kind !== "registry") return { key: name, source: renderFileEndpoint({ ...end, name }) };
  const { registry, repository } = end.reference;
  return { key: name, source: renderReference({ registry, repository, tag: name }) };
}

export interface LandingInput {
  readonly from: End;
  readonly to: End;
  /** Of all that SRC holds: the name of this one. Null when SRC names one image. */
  readonly named: string | null;
  /** What the file calls the image, where SRC does not say. */
  readonly foundName: string | null;
  readonly digest: Digest;
}

/**
 * Where the image lands: under the name that DST says, else under that of SRC; without any by its digest alone.
 * Throws USAGE when DST names another digest.
 */
export function planLanding(input: LandingInput): Landing {
  const { to, digest } = input;
  if (to.kind !== "registry") {
    const name = to.name ?? (to.kind === "docker-archive" ? archiveNameFor(input) : sourceTag(input));
    return { name, destination: renderFileEndpoint({ ...to, name }) };
  }
  const { registry, repository, digest: asked } = to.reference;
  if (asked !== undefined && asked !== digest) {
    throw new RegctlError("USAGE", {
      problem: `the destination names ${asked}, and the image is ${digest}`,
      type: `${registry}/${repository}`,
    });
  }
  const tag = to.reference.tag ?? (asked === undefined ? sourceTag(input) : null);
  if (tag === null) return { name: null, destination: renderReference({ registry, repository, digest }) };
  return { name: tag, destination: renderReference({ registry, repository, tag }) };
}

function sourceTag({ from, named, foundName }: LandingInput): string | null {
  if (from.kind === "registry") return named ?? withDefaultTag(from.reference).tag ?? null;
  const name = named ?? from.name ?? foundName;
  if (name !== null) return tagOf(name);
  // Nobody asked for a digest, so what Docker calls an image without a tag will do.
  return from.digest === null ? "latest" : null;
}

/** What docker calls the image when it loads the archive. */
function archiveNameFor(input: LandingInput): string | null {
  const { from, named, foundName } = input;
  if (from.kind === "docker-archive") return named ?? from.name ?? foundName;
  if (from.kind !== "registry") return null;
  const { registry, repository } = from.reference;
  const tag = sourceTag(input);
  return tag === null ? null : renderFamiliar({ registry, repository, tag });
}
