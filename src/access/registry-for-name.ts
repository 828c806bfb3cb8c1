/** A registry typed where the name of an image is wanted, which would become a repository of the default one. Pure. */
import type { Settings } from "../config/settings.ts";
import { RegctlError } from "../errors.ts";
import { quoteLine } from "../explain/quote.ts";
import type { Environment } from "../ports.ts";
import { problemOfRegistry } from "../registry/reference-grammar.ts";

export interface KnownRegistries {
  readonly settings: Settings;
  readonly environment: Environment;
}

/** `localhost` and addresses are no names of images, with or without a port. */
const placeAlone = /^(localhost|\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:]+\])(:\d+)?$/i;
/** A name with dots and a tag of digits looks the same: it can still be typed behind its registry. */
const hostAndPort = /^[a-z0-9-]+(\.[a-z0-9-]+)+:(\d{2,5})$/i;

/**
 * `form` is what stands behind a registry there: `NAME` or `NAME:TAG`.
 * @throws RegctlError BAD_REFERENCE with the line that was meant
 */
export function refuseRegistry(given: string, form: string, known: KnownRegistries): void {
  const registry = given.replace(/^https?:\/\//i, "").replace(/\/(v[12]\/?)?$/, "");
  if (registry.includes("/") || !looksLikeRegistry(registry, registry !== given, known)) return;
  throw new RegctlError("BAD_REFERENCE", {
    given,
    problem: `it is a registry, and a name there is wanted`,
    type: `${registry}/${form}`,
    more: [
      `See what it has: ${quoteLine(["regctl", "search", `${registry}/`])}`,
      ...(hostAndPort.test(given) && !placeAlone.test(given) && form.includes(":")
        ? [`If it is a name and its tag, type its registry before it: HOST[:PORT]/${given}`]
        : []),
    ],
  });
}

/** `marked`: it was typed as addresses are, with a scheme or a slash. */
function looksLikeRegistry(text: string, marked: boolean, known: KnownRegistries): boolean {
  if (problemOfRegistry(text) !== null) return false;
  if (placeAlone.test(text) || isNamed(text.toLowerCase(), known)) return true;
  return hostAndPort.test(text) || (marked && /[.:]/.test(text));
}

/** A host without a dot or a port could as well be a name. */
function isNamed(registry: string, { settings, environment }: KnownRegistries): boolean {
  if (!/[.:]/.test(registry)) return false;
  const { defaultRegistry, registries = {} } = settings;
  return (
    registry === defaultRegistry ||
    registry === environment.REGCTL_REGISTRY ||
    Object.hasOwn(registries, registry)
  );
}
