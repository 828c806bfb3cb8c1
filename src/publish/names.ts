/** Under which names an image goes where. */
import { chooseImage } from "../access/which-image.ts";
import type { Settings } from "../config/settings.ts";
import { RegctlError } from "../errors.ts";
import { quoteLine } from "../explain/quote.ts";
import { type Reference, renderReference, withDefaultTag } from "../registry/reference.ts";
import type { PublishWorld } from "./world.ts";

/** A reference that has a tag and no digest. */
export interface Name {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
}

export interface Names {
  readonly registry: string;
  /** Each once, in their order; the first one's repository is what everything is sent to. */
  readonly names: readonly [Name, ...Name[]];
  readonly settings: Settings;
}

export interface NamesInput {
  /** NAME[:TAG] each. */
  readonly given: readonly string[];
  readonly registry?: string | undefined;
  /** The image as it was typed. */
  readonly image: string;
  /** What the image is called where it is. */
  readonly own: readonly string[];
}

/** Throws USAGE, BAD_REFERENCE, BAD_REGISTRY. A tag that nobody named is told. */
export async function chooseNames(input: NamesInput, world: PublishWorld): Promise<Names> {
  const wanted = input.given.length > 0 ? input.given : ownName(input);
  const chosen = await Promise.all(
    wanted.map((name) => chooseImage(name, { registry: input.registry }, world)),
  );
  const names = chosen.map(({ reference }, index) => nameOf(reference, wanted[index] ?? "", world));
  const [first, ...rest] = names;
  const [image] = chosen;
  if (first === undefined || image === undefined) throw new Error("there is at least one name");
  const other = rest.find(({ registry }) => registry !== first.registry);
  if (other !== undefined) {
    throw new RegctlError("USAGE", {
      problem: `${renderReference(first)} and ${renderReference(other)} are on two registries: publish to one of them, and copy to the other`,
      type: `regctl copy ${renderReference(first)} ${renderReference(other)}`,
    });
  }
  const once = new Map(rest.map((name) => [renderReference(name), name]));
  once.delete(renderReference(first));
  return { registry: first.registry, names: [first, ...once.values()], settings: image.settings };
}

function ownName({ own, image }: NamesInput): readonly string[] {
  if (own.length === 1) return own;
  throw new RegctlError("USAGE", {
    problem:
      own.length === 0
        ? "the image has no name of its own, so one is needed"
        : `the image has several names (${own.slice(0, 5).join(", ")}): say which one`,
    type: quoteLine(["regctl", "publish", image, own[0] ?? "NAME:TAG"]),
  });
}

function nameOf(reference: Reference, given: string, { emit }: PublishWorld): Name {
  const { registry, repository } = reference;
  if (reference.digest !== undefined) {
    throw new RegctlError("USAGE", {
      problem: `${given} names a digest, and what is published has the digest that it has`,
      type: renderReference({ registry, repository, tag: reference.tag ?? "latest" }),
    });
  }
  const { tag = "latest" } = withDefaultTag(reference);
  if (reference.tag === undefined) {
    emit({
      event: "note",
      note: `${given} names no tag: it becomes ${renderReference({ registry, repository, tag })}`,
    });
  }
  return { registry, repository, tag };
}
