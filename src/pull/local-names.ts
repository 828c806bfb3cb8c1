/** What an engine is to call an image. Pure. */
import { RegctlError } from "../errors.ts";
import { archiveNameOf, readArchiveName } from "../layout/archive-name.ts";
import { parseReference, type Reference, renderFamiliar, renderReference } from "../registry/reference.ts";

/** Of `--as`: without a registry they are Docker's own. Throws BAD_REFERENCE, and USAGE for a digest. */
export function parseLocalNames(given: readonly string[]): readonly string[] {
  const names = given.map((name) => {
    const reference = parseReference(name);
    if (reference.digest === undefined) return archiveNameOf(name);
    const { registry, repository } = reference;
    const type = `--as ${renderFamiliar({ registry, repository })}:latest`;
    throw new RegctlError("USAGE", { problem: "an image gets a name and a tag here, and no digest", type });
  });
  return [...new Set(names)];
}

/** The image's own name, with its registry, and those that were asked for. A digest alone is no name. */
export function localNamesOf({ registry, repository, tag, digest }: Reference, as: readonly string[]) {
  const own =
    tag === undefined || digest !== undefined ? [] : [renderFamiliar({ registry, repository, tag })];
  return [...new Set([...own, ...as])];
}

/** Those that the engine does not list, whichever way it writes them. */
export function missingNames(names: readonly string[], tags: readonly string[]): readonly string[] {
  const there = new Set(
    tags.map((tag) => readArchiveName(tag.replace(/^localhost\/(?=[^/:]+:)/, "")) ?? tag),
  );
  return names.filter((name) => !there.has(name) && !tags.includes(name));
}

/** As engines take them apart: `docker.io/library/app` and `1`. */
export function splitName(name: string): { readonly repository: string; readonly tag: string } {
  const { registry, repository, tag = "latest" } = parseReference(name);
  return { repository: renderReference({ registry, repository }), tag };
}
