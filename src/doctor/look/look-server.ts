/** What listens at a registry's address: a connection, a handshake, and one request without a login. */
import type { Duplex } from "node:stream";
import { speaksTlsInstead } from "../../registry/approach.ts";
import { apiHostOf } from "../../registry/docker-hub.ts";
import { ConnectionFailure, toConnectionFailure } from "../../registry/http/failure.ts";
import type { ServerTrust } from "../../registry/http/transport.ts";
import type { ConnectProblem, ServerLook, Target, TlsLook } from "../facts.ts";
import type { Probes, ServerAnswer } from "../probes.ts";
import { type Proxying, routesTo } from "./route.ts";
import { connectProblemOf, type Vantage } from "./vantage.ts";

export interface ServerQuestion {
  readonly target: Target;
  readonly trust: ServerTrust;
  readonly proxying: Proxying;
  readonly timeoutMs: number;
  readonly userAgent: string;
  readonly now: () => number;
}

type Opened =
  | { readonly stream: Duplex }
  | { readonly problem: ConnectProblem; readonly failure: ConnectionFailure };

const path = "/v2/";

export async function lookAtServer(question: ServerQuestion, vantage: Vantage): Promise<ServerLook> {
  const { target, proxying, now } = question;
  const routes = routesTo(authorityOf(target), proxying);
  const secure = await lookByTls(routes.https, question, vantage);
  if (secure.tls?.kind === "tls") return lookOf(secure, "https", routes.https, null);
  const sameWay = routes.http?.href === routes.https?.href;
  // Who cannot be connected to for one is not there for the other.
  const plain =
    secure.connect !== null && sameWay ? secure : await lookPlainly(routes.http, question, vantage);
  const { answer } = plain;
  const wantsTls = answer !== null && speaksTlsInstead(answer.status, answer.body);
  if (answer !== null && !wantsTls) return lookOf({ ...plain, tls: secure.tls }, "http", routes.http, null);
  const connect = secure.connect ?? (secure.tls?.kind === "plaintext" ? plain.connect : null);
  const proxied = routes.https !== null && connect !== null;
  const directly = proxied ? await isOpen(target, question.timeoutMs, vantage) : null;
  const { tls } = secure;
  const alert = wantsTls && tls?.kind === "broken" ? ({ ...tls, kind: "alert" } as const) : tls;
  return lookOf({ ...secure, tls: alert, connect }, null, routes.https, directly);

  function lookOf(
    seen: Seen,
    scheme: ServerLook["scheme"],
    proxy: URL | null,
    direct: boolean | null,
  ): ServerLook {
    return {
      ...seen,
      scheme,
      proxy: proxy?.origin ?? null,
      proxyFrom: proxy === null ? null : proxying.from,
      noProxy: proxying.noProxy,
      directly: direct,
      answeredAt: now(),
    };
  }
}

export function authorityOf({ host, port }: Target): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

type Seen = Pick<ServerLook, "connect" | "tls" | "answer">;

async function lookByTls(proxy: URL | null, question: ServerQuestion, vantage: Vantage): Promise<Seen> {
  const { target, trust, timeoutMs } = question;
  const opened = await openTo(proxy, question, vantage);
  if ("problem" in opened) return { connect: opened.problem, tls: null, answer: null };
  try {
    const { probes } = vantage;
    const { stream, chain, problem } = await probes.tls(opened.stream, target.host, trust, timeoutMs);
    const tls: TlsLook = { kind: "tls", chain, problem };
    const asked = await askVersion(probes, stream, path, question);
    if (asked instanceof ConnectionFailure) {
      return asked.kind === "client-certificate"
        ? { connect: null, tls: { kind: "client-certificate" }, answer: null }
        : { connect: null, tls, answer: null };
    }
    return { connect: null, tls, answer: asked };
  } catch (error) {
    return { connect: null, tls: tlsProblemOf(toConnectionFailure(error)), answer: null };
  } finally {
    opened.stream.destroy();
  }
}

/** Pure. */
function tlsProblemOf({ kind, message: reason, cause }: ConnectionFailure): TlsLook {
  const said = cause instanceof Error ? cause.message : reason;
  if (kind === "plaintext") return { kind: "plaintext" };
  if (/unrecognized.name|alert internal error|alert handshake failure/i.test(said))
    return { kind: "alert", reason };
  if (kind === "client-certificate") return { kind: "client-certificate" };
  // Whoever sends an alert speaks TLS.
  return { kind: /\balert\b/i.test(said) ? "alert" : "broken", reason };
}

async function lookPlainly(proxy: URL | null, question: ServerQuestion, vantage: Vantage): Promise<Seen> {
  const none = { tls: null, answer: null };
  const opened =
    proxy === null ? await openTo(null, question, vantage) : await openProxy(proxy, question, vantage);
  if ("problem" in opened) return { ...none, connect: opened.problem };
  const target = proxy === null ? path : `http://${authorityOf(question.target)}${path}`;
  const asked = await askVersion(vantage.probes, opened.stream, target, question);
  if (!(asked instanceof ConnectionFailure)) return { ...none, connect: null, answer: asked };
  const silent = asked.kind === "timeout";
  return { ...none, connect: silent ? { kind: "silent", reason: asked.message } : null };
}

async function askVersion(
  probes: Probes,
  stream: Duplex,
  target: string,
  { target: { registry }, timeoutMs, userAgent }: ServerQuestion,
): Promise<ServerAnswer | ConnectionFailure> {
  const headers = { "user-agent": userAgent };
  try {
    return await probes.ask(stream, { method: "GET", target, host: apiHostOf(registry), headers }, timeoutMs);
  } catch (error) {
    return toConnectionFailure(error);
  }
}

/** A stream to the registry, through a tunnel of the proxy where there is one. */
export async function openTo(proxy: URL | null, question: ServerQuestion, vantage: Vantage): Promise<Opened> {
  const { target, timeoutMs } = question;
  if (proxy === null) return await dial(target.host, target.port, timeoutMs, vantage);
  const opened = await openProxy(proxy, question, vantage);
  if ("problem" in opened) return opened;
  try {
    const to = authorityOf(target);
    const headers = authorization(proxy);
    const { status, stream } = await vantage.probes.tunnel(opened.stream, { to, headers }, timeoutMs);
    if (stream !== null) return { stream };
    return failing("refused-by-proxy", `it answers ${status}`);
  } catch (error) {
    opened.stream.destroy();
    return failing("proxy", toConnectionFailure(error).message);
  }
}

async function openProxy(proxy: URL, { timeoutMs }: ServerQuestion, vantage: Vantage): Promise<Opened> {
  const port = Number(proxy.port || (proxy.protocol === "https:" ? 443 : 80));
  const opened = await dial(proxy.hostname, port, timeoutMs, vantage);
  return "stream" in opened ? opened : failing("proxy", opened.problem.reason);
}

function failing(kind: "proxy" | "refused-by-proxy", reason: string): Opened {
  return { problem: { kind, reason }, failure: new ConnectionFailure("proxy", reason, { sent: false }) };
}

async function dial(host: string, port: number, timeoutMs: number, vantage: Vantage): Promise<Opened> {
  try {
    return { stream: await vantage.dial(host, port, timeoutMs) };
  } catch (error) {
    const failure = toConnectionFailure(error);
    return { problem: connectProblemOf(failure), failure };
  }
}

function authorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === "") return {};
  const both = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(both).toString("base64")}` };
}

async function isOpen({ host, port }: Target, timeoutMs: number, vantage: Vantage): Promise<boolean> {
  const opened = await dial(host, port, timeoutMs, vantage);
  if ("problem" in opened) return false;
  opened.stream.destroy();
  return true;
}
