/** Showing who we are: to the registry, and to nobody else. */
import { RegctlError } from "../../errors.ts";
import type { Clock } from "../../ports.ts";
import { type Authentication, authenticationsOf } from "../challenge.ts";
import type { FoundCredential } from "../credentials.ts";
import { isLoopbackHost } from "../loopback.ts";
import { mergeScopes, parseScopes, renderScope, type Scope } from "../scope.ts";
import { basicAuthorization, createTokenSource, type TokenSource } from "../token.ts";
import { canSendAgain, type RegistryRequest, type Send } from "./send.ts";

export type AuthKind = "none" | "basic" | "bearer";

export interface AuthorizeOptions {
  /** HOST[:PORT] for errors. */
  readonly registry: string;
  /** Where the registry answers; credentials go to this origin alone. */
  readonly base: URL;
  /** Looked up when the registry first asks. */
  readonly login: () => Promise<FoundCredential | null>;
  /** To token servers: without authorisation of its own. */
  readonly send: Send;
  /** A token server elsewhere than on loopback may be asked over plain HTTP. */
  readonly mayUsePlainHttp: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Wants an identity token, to store it. */
  readonly offline?: boolean;
  /** What the registry has asked for already. */
  readonly asked?: Authentication | undefined;
}

export interface Authorizer {
  readonly send: Send;
  /** What the registry has asked for so far. */
  kind(): AuthKind;
  /** Where the login that was shown comes from; null for none. */
  loginFrom(): string | null;
  /** What a token server gave in place of the password, if it did. */
  identityToken(): string | null;
}

/** How the registry is answered, once it is known. */
interface Scheme {
  readonly kind: AuthKind;
  readonly login: FoundCredential | null;
  readonly tokens: TokenSource | null;
}

interface Shown {
  readonly header: string;
  readonly token: string | null;
}

/** Asked for more than this often, a registry will not be content with anything. */
const mostRounds = 3;

/** Throws UNAUTHORIZED where a token server refuses, TOKEN_REALM_REFUSED. A 401 that stays is the caller's. */
export function createAuthorizer(send: Send, options: AuthorizeOptions): Authorizer {
  let scheme: Scheme | null = null;
  let opening: Promise<Scheme> | null = null;
  /** Many requests may meet the first challenge at once: the login is looked up for one of them. */
  const openOnce = async (asked: Authentication): Promise<Scheme> => {
    opening ??= openScheme(asked, options);
    try {
      scheme = await opening;
      return scheme;
    } catch (error) {
      opening = null;
      throw error;
    }
  };
  const sendAuthorized: Send = async (request) => {
    let scopes = request.scopes ?? [];
    if (scheme === null && options.asked !== undefined) await openOnce(options.asked);
    for (let round = 1; ; round += 1) {
      const shown = scheme === null ? null : await show(scheme, scopes);
      const response = await send(shown === null ? request : withHeader(request, shown.header));
      const [asked] = response.status === 401 ? authenticationsOf(response.headers["www-authenticate"]) : [];
      if (asked === undefined || round === mostRounds || !canSendAgain(request)) return response;
      const wanted = mergeScopes(scopes, scopesOf(asked));
      if (shown !== null) {
        // The same again would be refused again.
        if (!ranOut(shown, asked, round) && keyOf(scopes) === keyOf(wanted)) return response;
        if (shown.token !== null) scheme?.tokens?.reject(shown.token);
      }
      const opened = scheme ?? (await openOnce(asked));
      if ((await show(opened, wanted)) === null) return response;
      scopes = wanted;
    }
  };
  return {
    send: (request) => (belongsTo(options.base, request.url) ? sendAuthorized(request) : send(request)),
    kind: () => scheme?.kind ?? options.asked?.kind ?? "none",
    loginFrom: () => scheme?.login?.from ?? null,
    identityToken: () => scheme?.tokens?.identityToken() ?? null,
  };
}

function ranOut({ token }: Shown, asked: Authentication, round: number): boolean {
  return token !== null && round === 1 && asked.kind === "bearer" && asked.error !== "insufficient_scope";
}

function keyOf(scopes: readonly Scope[]): string {
  return mergeScopes(scopes).map(renderScope).join(" ");
}

function scopesOf(asked: Authentication): readonly Scope[] {
  return asked.kind === "bearer" ? parseScopes(asked.scope ?? "") : [];
}

/** The registry itself, also after it has led from HTTP to HTTPS on the same host. */
function belongsTo(base: URL, url: URL): boolean {
  if (url.origin === base.origin) return true;
  return url.hostname === base.hostname && base.protocol === "http:" && url.protocol === "https:";
}

function withHeader(request: RegistryRequest, authorization: string): RegistryRequest {
  return { ...request, headers: { ...request.headers, authorization } };
}

async function show({ kind, login, tokens }: Scheme, scopes: readonly Scope[]): Promise<Shown | null> {
  const credential = login?.credential;
  if (credential?.kind === "registry-token") return { header: `Bearer ${credential.token}`, token: null };
  if (kind === "bearer" && tokens !== null) {
    const token = await tokens.token(scopes);
    return { header: `Bearer ${token}`, token };
  }
  return credential?.kind === "password" ? { header: basicAuthorization(credential), token: null } : null;
}

async function openScheme(asked: Authentication, options: AuthorizeOptions): Promise<Scheme> {
  const login = await options.login();
  if (asked.kind === "basic") return { kind: "basic", login, tokens: null };
  const server = { realm: readRealm(asked.realm, options), service: asked.service ?? null };
  return { kind: "bearer", login, tokens: createTokenSource({ ...options, server, login }) };
}

/** A login goes there: never in plain text, unless the registry itself is spoken to so. */
function readRealm(text: string, { registry, base, mayUsePlainHttp }: AuthorizeOptions): URL {
  const realm = URL.parse(text, base.href);
  if (realm === null || !["https:", "http:"].includes(realm.protocol)) {
    const why = "it is no address of a token server";
    throw new RegctlError("TOKEN_REALM_REFUSED", { registry, realm: text.slice(0, 200), why });
  }
  realm.username = "";
  realm.password = "";
  if (realm.protocol === "http:" && !mayUsePlainHttp && !isLoopbackHost(realm.hostname)) {
    const why = "it is plain HTTP, where everybody on the way could read the login";
    throw new RegctlError("TOKEN_REALM_REFUSED", {
      registry,
      realm: `${realm.origin}${realm.pathname}`,
      why,
    });
  }
  return realm;
}
