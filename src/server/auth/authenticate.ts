/** Lets those in who may come in, before anything else is looked at. */
import type { Handle, ServerRequest, ServerResponse } from "../message.ts";
import { json, refuse } from "../response.ts";
import type { Passwords } from "./passwords.ts";
import type { Tokens } from "./tokens.ts";

export interface Authentication {
  readonly passwords: Passwords;
  /** Set when everybody may pull. */
  readonly tokens: Tokens | null;
}

/** Says nothing about what is stored. */
const openPaths = new Set(["/", "/v1/_ping", "/healthz", "/readyz"]);
const tokenPath = "/token";

type Caller =
  | { readonly kind: "user"; readonly user: string }
  /** `token`: has asked for one, as a client does that was told to. */
  | { readonly kind: "anybody"; readonly token: boolean }
  | { readonly kind: "refused"; readonly response: ServerResponse };

export function withAuthentication(handle: Handle, authentication: Authentication): Handle {
  return async (request) => {
    if (openPaths.has(request.path)) return await handle(request);
    const caller = await identify(request, authentication);
    if (caller.kind === "refused") return caller.response;
    if (authentication.tokens !== null && request.path === tokenPath) {
      return giveToken(request, caller, authentication.tokens);
    }
    if (caller.kind === "user") return { ...(await handle(request)), user: caller.user };
    if (authentication.tokens !== null && mayAnybody(request, caller.token)) return await handle(request);
    return challenge(request, authentication, "a login is needed");
  };
}

/** Everybody may read. `/v2/` itself asks for a token first: that is where engines learn how to log in. */
function mayAnybody({ method, path }: ServerRequest, token: boolean): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  if (path === "/v2/" || path === "/v2") return token;
  return path === "/v1/search" || (path.startsWith("/v2/") && !path.includes("/blobs/uploads"));
}

async function identify(request: ServerRequest, authentication: Authentication): Promise<Caller> {
  const header = request.headers.authorization;
  if (header === undefined) return { kind: "anybody", token: false };
  const [, scheme = "", value = ""] = /^(\S+) +(\S+)$/.exec(header) ?? [];
  if (scheme.toLowerCase() === "basic") return await checkBasic(value, request, authentication);
  const holder = scheme.toLowerCase() === "bearer" ? (authentication.tokens?.read(value) ?? null) : null;
  if (holder === null)
    return refused(challenge(request, authentication, "the token is not valid", "invalid_token"));
  if (holder.user === null) return { kind: "anybody", token: true };
  if (authentication.passwords.has(holder.user)) return { kind: "user", user: holder.user };
  return refused(challenge(request, authentication, "the token is not valid", "invalid_token"));
}

async function checkBasic(
  value: string,
  request: ServerRequest,
  authentication: Authentication,
): Promise<Caller> {
  const pair = Buffer.from(value, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  // Some clients without a login send an empty one.
  if (pair === ":") return { kind: "anybody", token: false };
  if (colon <= 0) return refused(challenge(request, authentication, "the login cannot be read"));
  const user = pair.slice(0, colon);
  const verdict = await authentication.passwords.check(user, pair.slice(colon + 1), request.remote);
  if (verdict.kind === "right") return { kind: "user", user };
  if (verdict.kind === "wrong")
    return refused(challenge(request, authentication, "user or password is wrong"));
  const headers = { "retry-after": String(verdict.seconds) };
  return refused(refuse(429, "TOOMANYREQUESTS", "too many wrong logins: wait", { headers }));
}

function refused(response: ServerResponse): Caller {
  return { kind: "refused", response };
}

function challenge(
  request: ServerRequest,
  { tokens }: Authentication,
  message: string,
  error?: string,
): ServerResponse {
  const { scheme, authority } = request;
  const basic = 'Basic realm="regctl serve", charset="UTF-8"';
  const because = error === undefined ? "" : `,error="${error}"`;
  const bearer = `Bearer realm="${scheme}://${authority}${tokenPath}",service="${authority}"${because}`;
  // Whoever asks for a token must learn to show a password there, not to ask for another token.
  const wanted =
    tokens === null || request.path === tokenPath || request.path === "/v1/search" ? basic : bearer;
  return refuse(401, "UNAUTHORIZED", message, { headers: { "www-authenticate": wanted } });
}

/** https://distribution.github.io/distribution/spec/auth/token/ */
function giveToken(
  { method }: ServerRequest,
  caller: Exclude<Caller, { kind: "refused" }>,
  tokens: Tokens,
): ServerResponse {
  // Clients that would rather POST go on with GET after this.
  if (method !== "GET") return refuse(404, "NOT_FOUND", "a token is asked for by GET");
  const token = tokens.issue({ user: caller.kind === "user" ? caller.user : null });
  const answer = { token, access_token: token, expires_in: tokens.lifetime };
  return json(200, answer, { "cache-control": "no-store" });
}
