/** `WWW-Authenticate`: what a registry wants to be shown before it answers. Pure. */
import { readParameter, readToken, skip } from "./header-text.ts";

export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case; of a repeated one the first. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** The ways to authenticate that Docker's registries use. */
export type Authentication =
  | {
      readonly kind: "bearer";
      /** Where tokens are given out: a URL, unchecked. */
      readonly realm: string;
      readonly service?: string;
      readonly scope?: string;
      /** Why a token that was shown is not enough: `invalid_token`, `insufficient_scope`. */
      readonly error?: string;
    }
  | { readonly kind: "basic"; readonly realm: string };

/** Opaque credentials in place of parameters, as Negotiate and NTLM have them. */
const token68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/** Every challenge of the header; several headers come joined by commas. What cannot be read is left out. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: Challenge[] = [];
  let at = skip(header, 0, ",");
  while (at < header.length) {
    const scheme = readToken(header, at);
    if (scheme === null) {
      at = pastComma(header, at);
    } else {
      const parameters = new Map<string, string>();
      at = readParameters(header, skip(header, scheme.next), parameters);
      challenges.push({ scheme: scheme.value.toLowerCase(), parameters });
    }
    at = skip(header, at, ",");
  }
  return challenges;
}

function readParameters(header: string, from: number, parameters: Map<string, string>): number {
  token68.lastIndex = from;
  const opaque = token68.exec(header);
  if (opaque !== null) return from + opaque[0].length;
  let at = from;
  for (;;) {
    const parameter = readParameter(header, skip(header, at, ","));
    if (parameter === null) return at;
    if (!parameters.has(parameter.name)) parameters.set(parameter.name, parameter.value);
    at = parameter.next;
  }
}

function pastComma(header: string, at: number): number {
  const comma = header.indexOf(",", at);
  return comma < 0 ? header.length : comma + 1;
}

/** Those that can be answered, the better first: Bearer keeps the password from the registry. */
export function authenticationsOf(header: string | null | undefined): readonly Authentication[] {
  const challenges = parseChallenges(header ?? "");
  const bearer = challenges.filter(({ scheme }) => scheme === "bearer").flatMap(bearerOf);
  const basic = challenges
    .filter(({ scheme }) => scheme === "basic")
    .map(({ parameters }): Authentication => ({ kind: "basic", realm: parameters.get("realm") ?? "" }));
  return [...bearer, ...basic];
}

function bearerOf({ parameters }: Challenge): readonly Authentication[] {
  const realm = parameters.get("realm") ?? "";
  if (realm === "") return [];
  const optional = ["service", "scope", "error"].flatMap((name) => {
    const value = parameters.get(name) ?? "";
    return value === "" ? [] : [[name, value]];
  });
  return [{ kind: "bearer", realm, ...Object.fromEntries(optional) }];
}
