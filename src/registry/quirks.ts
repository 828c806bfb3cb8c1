/**
 * What registries do otherwise than the specification, or each in their own way. Most of it the client takes as it
 * comes, whoever the registry is, and a row only names it; where words depend on the vendor, the row carries them.
 * Each row has a test of its id in test/registry/quirks.test.ts and stands in docs/vendors.md. Pure.
 */
import { authQuirks } from "./quirks-auth.ts";
import { contentQuirks } from "./quirks-content.ts";
import { listQuirks } from "./quirks-lists.ts";

export interface Quirk {
  readonly id: string;
  /** Where it was seen; `any` for what may be met everywhere. */
  readonly system: string;
  /** A sentence. */
  readonly quirk: string;
  /** Where the fact is from: measured, a document, or REPOSITORY#ISSUE. */
  readonly source: string;
  /** The registries that the words below are for. */
  readonly hosts?: RegExp;
  /** How images are deleted there, where it is not by this protocol: a line to read or to type. */
  readonly deletion?: string;
  /** How one finds repositories there, where there is no list of them: lines to read or to type. */
  readonly catalog?: readonly string[];
  /** How one logs in there, where it takes more than a name and a password. */
  readonly login?: string;
}

export const quirks: readonly Quirk[] = [...listQuirks, ...authQuirks, ...contentQuirks];

/** `registry`: HOST[:PORT]. Null where nothing is known. */
export function deletionElsewhere(registry: string): string | null {
  return quirks.find(({ hosts, deletion }) => deletion && hosts?.test(registry))?.deletion ?? null;
}

/** `registry`: HOST[:PORT]. Empty where nothing is known. */
export function catalogElsewhere(registry: string): readonly string[] {
  return quirks.find(({ hosts, catalog }) => catalog && hosts?.test(registry))?.catalog ?? [];
}

/** `registry`: HOST[:PORT]. Null where a name and a password do. */
export function loginElsewhere(registry: string): string | null {
  const found = quirks.find(({ hosts, login }) => login && hosts?.test(registry))?.login;
  return found?.replaceAll("REGISTRY", registry) ?? null;
}
