/** Tokens for a registry that sends its users to a token server (Bearer). */

import type { Credential } from "../config/docker-config.ts";
import { RegctlError } from "../errors.ts";
import type { Clock } from "../ports.ts";
import type { FoundCredential } from "./credentials.ts";
import { messageOfErrorBody } from "./error-body.ts";
import { isSuccess, type RegistryRequest, type RegistryResponse, type Send } from "./http/send.ts";
import { countOf, objectOf, parseJson, textOf } from "./json.ts";
import { mergeScopes, renderScope, type Scope } from "./scope.ts";

/** What a registry says of its token server. */
export interface TokenServer {
  readonly realm: URL;
  readonly service: string | null;
}

export interface TokenOptions {
  /** HOST[:PORT] for errors. */
  readonly registry: string;
  readonly server: TokenServer;
  /** Null: tokens for anybody. */
  readonly login: FoundCredential | null;
  /** Knows nothing of logins. */
  readonly send: Send;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Asks for an identity token too, which is then stored in place of the password. */
  readonly offline?: boolean;
}

export interface TokenSource {
  /** A token that has some time left. Throws UNAUTHORIZED. */
  token(scopes: readonly Scope[]): Promise<string>;
  /** Forgets a token that the registry did not take. */
  reject(token: string): void;
  /** What the server gave in place of the password, if it did. */
  readonly identityToken: () => string | null;
}

interface Held {
  readonly token: string;
  /** Milliseconds; from then on it is fetched anew. */
  readonly until: number;
}

/**
 * What `docker login` stores is used by docker afterwards, and servers may tie a refresh token to the client it was
 * made for.
 */
const clientId = "docker";
const longestAnswer = 1024 * 1024;
/** As the specification has it where the server says nothing. */
const usualSeconds = 60;
/** So long before its end a token is fetched anew, but not before half of its time is over. */
const marginMs = 30_000;

/** One token for each set of scopes; who asks while one is fetched waits for the same. */
export function createTokenSource(options: TokenOptions): TokenSource {
  const held = new Map<string, Promise<Held>>();
  const rejected = new Set<string>();
  const state: FetchState = { identityToken: null };
  const fetchOnce = (key: string, scopes: readonly Scope[]): Promise<Held> => {
    const fetched = fetchToken(options, scopes, state);
    held.set(key, fetched);
    fetched.catch(() => {
      if (held.get(key) === fetched) held.delete(key);
    });
    return fetched;
  };
  const isGood = ({ token, until }: Held): boolean =>
    options.clock.now().getTime() < until && !rejected.has(token);
  return {
    token: async (scopes) => {
      const key = mergeScopes(scopes).map(renderScope).join(" ");
      const known = held.get(key);
      if (known !== undefined) {
        const found = await known;
        if (isGood(found)) return found.token;
        // Somebody else who waited may have seen it first.
        const newer = held.get(key);
        if (newer !== undefined && newer !== known) return (await newer).token;
      }
      return (await fetchOnce(key, scopes)).token;
    },
    reject: (token) => {
      rejected.add(token);
    },
    identityToken: () => state.identityToken,
  };
}

interface FetchState {
  /** The newest: servers may give another one with each token. */
  identityToken: string | null;
}

async function fetchToken(options: TokenOptions, scopes: readonly Scope[], state: FetchState): Promise<Held> {
  const { login, clock, send } = options;
  const credential = login?.credential ?? null;
  const begin = clock.now().getTime();
  const identity = state.identityToken ?? (credential?.kind === "identity-token" ? credential.token : null);
  const response =
    credential?.kind === "identity-token" && identity !== null
      ? await send(postRequest(options, scopes, identity))
      : await send(getRequest(options, scopes, credential));
  if (!isSuccess(response.status)) throw refused(options, response);
  const answer = objectOf(parseJson(response.bytes));
  const token = textOf(answer?.token) ?? textOf(answer?.access_token);
  if (token === undefined) throw notUnderstood(options, response);
  state.identityToken = textOf(answer?.refresh_token) ?? state.identityToken;
  const lifeMs = (countOf(answer?.expires_in) ?? usualSeconds) * 1000;
  return { token, until: begin + Math.max(lifeMs - marginMs, lifeMs / 2) };
}

function getRequest(
  { server, offline, signal }: TokenOptions,
  scopes: readonly Scope[],
  credential: Credential | null,
): RegistryRequest {
  const url = new URL(server.realm);
  if (server.service !== null) url.searchParams.set("service", server.service);
  for (const scope of mergeScopes(scopes)) url.searchParams.append("scope", renderScope(scope));
  const password = credential?.kind === "password" ? credential : null;
  if (password !== null) url.searchParams.set("account", password.username);
  url.searchParams.set("client_id", clientId);
  if (offline === true) url.searchParams.set("offline_token", "true");
  const headers = password === null ? {} : { authorization: basicAuthorization(password) };
  return { method: "GET", url, headers, answer: longestAnswer, repeatable: true, signal };
}

/** OAuth 2: the token server's way to make an access token of an identity token. */
function postRequest(
  { server, signal }: TokenOptions,
  scopes: readonly Scope[],
  identityToken: string,
): RegistryRequest {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: identityToken,
    client_id: clientId,
    ...(server.service === null ? {} : { service: server.service }),
    ...(scopes.length === 0 ? {} : { scope: mergeScopes(scopes).map(renderScope).join(" ") }),
  });
  return {
    method: "POST",
    url: server.realm,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: Buffer.from(form.toString()),
    answer: longestAnswer,
    repeatable: true,
    signal,
  };
}

export function basicAuthorization({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

function refused(
  { registry, server, login }: TokenOptions,
  { status, bytes, headers }: RegistryResponse,
): RegctlError {
  const reason = messageOfErrorBody(bytes, headers["content-type"]) ?? `status ${status}`;
  if (status === 400 || status === 401 || status === 403) {
    const facts = { registry, what: `a token of ${server.realm.host}`, reason, login: login?.from ?? null };
    return new RegctlError("UNAUTHORIZED", facts);
  }
  const request = `GET ${server.realm.origin}${server.realm.pathname}`;
  return new RegctlError("REGISTRY_ERROR", { registry: server.realm.host, request, status, message: reason });
}

function notUnderstood({ server }: TokenOptions, { status }: RegistryResponse): RegctlError {
  return new RegctlError("REGISTRY_ERROR", {
    registry: server.realm.host,
    request: `GET ${server.realm.origin}${server.realm.pathname}`,
    status,
    message: "the token server's answer holds no token",
  });
}
