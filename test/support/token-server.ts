/**
 * A token server as Docker's registries know it: passwords against tokens, tokens signed so that Distribution 2.8 and
 * 3 accept them (ES256, the certificate in `x5c`). Written after the specifications in distribution's
 * docs/content/spec/auth/{token,jwt,oauth}.md.
 */
import { createPrivateKey, randomUUID, sign, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { parseScopes, type Scope } from "../../src/registry/scope.ts";
import type { Issued } from "./tls-authority.ts";

export interface TokenServerOptions {
  /** Signs the tokens; the registry is configured with `cert`. */
  readonly signer: Issued;
  readonly issuer: string;
  readonly users: Readonly<Record<string, string>>;
  /** What of the wanted a user may do; default everything. `user` is null for anybody. */
  readonly grant?: (user: string | null, scope: Scope) => readonly string[];
  /** Address to listen on. */
  readonly host?: string;
  readonly expiresIn?: number;
}

export interface TokenServer extends AsyncDisposable {
  readonly url: string;
  /** "GET bob repository:a:pull", "POST bob …", in order. */
  readonly requests: readonly string[];
}

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const { users, host = "127.0.0.1", expiresIn = 300 } = options;
  const requests: string[] = [];
  const refreshTokens = new Map<string, string>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const posted = request.method === "POST";
    const query = new URL(request.url ?? "/", "http://token").searchParams;
    const form = posted ? new URLSearchParams(await text(request)) : query;
    const user = posted ? (refreshTokens.get(form.get("refresh_token") ?? "") ?? "") : userOf(request, users);
    const scopes = parseScopes(form.getAll("scope").join(" "));
    requests.push([request.method, user ?? "-", ...form.getAll("scope")].join(" "));
    if (user === "") {
      response.writeHead(401, { "content-type": "application/json" });
      response.end(JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: "wrong user or password" }] }));
      return;
    }
    const token = mint(options, user, form.get("service") ?? "", scopes, expiresIn);
    const refresh = user !== null && form.get("offline_token") === "true" ? randomUUID() : null;
    if (refresh !== null && user !== null) refreshTokens.set(refresh, user);
    response.writeHead(200, { "content-type": "application/json" });
    const refreshing = refresh === null ? {} : { refresh_token: refresh };
    response.end(JSON.stringify({ token, access_token: token, expires_in: expiresIn, ...refreshing }));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, host);
  await once(server, "listening");
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/token`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Null for nobody, empty for a wrong password. */
function userOf({ headers }: IncomingMessage, users: Readonly<Record<string, string>>): string | null {
  if (headers.authorization === undefined) return null;
  const [user = "", password] = Buffer.from(headers.authorization.slice("Basic ".length), "base64")
    .toString()
    .split(/:(.*)/s);
  return users[user] !== undefined && users[user] === password ? user : "";
}

function mint(
  { signer, issuer, grant }: TokenServerOptions,
  user: string | null,
  service: string,
  scopes: readonly Scope[],
  expiresIn: number,
): string {
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.map((scope) => ({ ...scope, actions: grant?.(user, scope) ?? scope.actions }));
  const claims = {
    iss: issuer,
    sub: user ?? "",
    aud: service,
    exp: now + expiresIn,
    nbf: now - 10,
    iat: now,
  };
  const x5c = [new X509Certificate(signer.cert).raw.toString("base64")];
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = `${encode({ typ: "JWT", alg: "ES256", x5c })}.${encode({ ...claims, jti: randomUUID(), access })}`;
  const key = createPrivateKey(signer.key);
  const signature = sign("sha256", Buffer.from(body), { key, dsaEncoding: "ieee-p1363" });
  return `${body}.${signature.toString("base64url")}`;
}
