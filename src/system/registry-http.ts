/** HTTP to registries: pools of connections, TLS, proxies. */
import {
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type SecureContextOptions,
} from "node:tls";
import type { Dispatcher, Pool } from "undici";
import { interruptible } from "../interruptible.ts";
import type {
  OpenTransport,
  ServerTrust,
  TransportOptions,
  TransportRequest,
  TransportResponse,
} from "../registry/http/transport.ts";
import { greetByTls } from "./tls-greeting.ts";
import { createWirePool, type WirePool } from "./wire-http/pool.ts";
import { slabs } from "./wire-http/slabs.ts";
import { keepYoungGenerationSmall } from "./young-generation.ts";

const keepAliveMs = 30_000;
/** It takes longer to load than a plain registry takes to answer: only where it is needed. */
const loadUndici = () => import("./undici.ts");

export const openTransport: OpenTransport = (options) => {
  const pools = new Map<string, Promise<Dispatcher>>();
  const contexts = new Map<string, SecureContext>();
  const poolOf = (request: TransportRequest): Promise<Dispatcher> => {
    const { origin, protocol } = request.url;
    const key = request.large && protocol === "https:" ? `${origin} large` : origin;
    const known = pools.get(key);
    if (known !== undefined) return known;
    const allowH2 = !request.large && protocol === "https:";
    const opened = openPool(new URL(origin), { ...options, allowH2, contexts, closing: closing.signal });
    pools.set(key, opened);
    opened.catch(() => pools.delete(key));
    return opened;
  };
  const wires = new Map<string, Promise<WirePool>>();
  const wireOf = ({ url: { origin }, large }: TransportRequest): Promise<WirePool> => {
    // Many large bodies leave connections to the small requests on which they wait.
    const key = large ? origin : `${origin} small`;
    const opened = wires.get(key) ?? openWires(new URL(origin), options, contexts);
    wires.set(key, opened);
    opened.catch(() => wires.delete(key));
    return opened;
  };
  const closing = new AbortController();
  return {
    request: async (request) => {
      request.signal.throwIfAborted();
      if (request.large) keepYoungGenerationSmall();
      if (closing.signal.aborted)
        throw Object.assign(new Error("its connections were closed here"), { code: "CLOSED_HERE" });
      const { origin } = request.url;
      if (!isForWires(request) || options.proxy(new URL(origin)) !== null)
        return send(await interruptible(poolOf(request), request.signal), request);
      return await interruptible((await wireOf(request)).request(request), request.signal);
    },
    close: async () => {
      closing.abort();
      for (const wire of await Promise.allSettled(wires.values())) {
        if (wire.status === "fulfilled") wire.value.close();
      }
      wires.clear();
      await closeAll(pools);
    },
  };
};

/**
 * Everything in plain HTTP, and large bodies: there undici's way of reading costs four times as much as the bytes
 * themselves. A body that is sent must have a length.
 */
function isForWires({ large, body, headers, url }: TransportRequest): boolean {
  const hasLength = body === null || Buffer.isBuffer(body) || headers["content-length"] !== undefined;
  return hasLength && (large || url.protocol === "http:");
}

async function openWires(
  origin: URL,
  options: TransportOptions,
  contexts: Map<string, SecureContext>,
): Promise<WirePool> {
  const tls = origin.protocol === "https:" ? tlsOptions(await options.trust(origin), contexts) : null;
  return createWirePool({ ...options, origin, tls, slabs });
}

async function closeAll(pools: Map<string, Promise<Dispatcher>>): Promise<void> {
  const opened = await Promise.allSettled(pools.values());
  pools.clear();
  await Promise.all(
    opened.map((pool) => (pool.status === "fulfilled" ? pool.value.destroy(null) : undefined)),
  );
}

interface PoolOptions extends TransportOptions {
  readonly allowH2: boolean;
  readonly contexts: Map<string, SecureContext>;
  /** Aborted when the transport is closed. */
  readonly closing: AbortSignal;
}

async function openPool(origin: URL, options: PoolOptions): Promise<Dispatcher> {
  const { allowH2, contexts, connections, connectTimeoutMs, closing } = options;
  const proxy = options.proxy(origin);
  if (origin.protocol === "https:" && proxy === null && options.guessesTls?.(origin) === true)
    await greetByTls({ origin, timeoutMs: connectTimeoutMs, signal: closing });
  const tls = origin.protocol === "https:" ? tlsOptions(await options.trust(origin), contexts) : {};
  const common = {
    allowH2,
    connections,
    keepAliveTimeout: keepAliveMs,
    connectTimeout: connectTimeoutMs,
  } satisfies Pool.Options;
  const { HttpPool, loadProxyAgent } = await loadUndici();
  if (proxy === null) return new HttpPool(origin, { ...common, connect: tls });
  const Agent = await loadProxyAgent();
  return new Agent({ ...common, uri: proxy, requestTls: tls });
}

type Tls = { readonly rejectUnauthorized: boolean; readonly secureContext: SecureContext };

/** Reading a machine's authorities takes longer than a handshake, and most servers are trusted alike. */
function tlsOptions(trust: ServerTrust, made: Map<string, SecureContext>): Tls {
  const key = JSON.stringify(trust);
  const secureContext = made.get(key) ?? createSecureContext(contextOptions(trust));
  made.set(key, secureContext);
  return { rejectUnauthorized: trust.verify, secureContext };
}

function contextOptions({ verify, system, authorities, identities }: ServerTrust): SecureContextOptions {
  const cert = identities.map(({ certificate }) => certificate);
  const key = identities.map((identity) => identity.key);
  // Given any, Node would trust these alone.
  const base = system === null ? getCACertificates("bundled") : [system];
  const own = system === null && authorities.length === 0;
  return {
    // As engines, which take a server's own certificate for its authority where it is put.
    ...(verify && !own ? { ca: [...base, ...authorities], allowPartialTrustChain: true } : {}),
    // Nothing is held against an authority: reading the usual ones would take longer than the request.
    ...(verify ? {} : { ca: [] }),
    ...(cert.length === 0 ? {} : { cert, key }),
  };
}

async function send(pool: Dispatcher, request: TransportRequest): Promise<TransportResponse> {
  request.signal.throwIfAborted();
  const { url } = request;
  const { flatHeaders, request: sendRequest } = await loadUndici();
  const response = await sendRequest(pool, {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: request.method,
    headers: request.headers,
    body: request.body,
    headersTimeout: request.headersTimeoutMs,
    bodyTimeout: request.idleTimeoutMs,
    signal: request.signal,
  });
  // Who reads it hears of the error as well; this only keeps it from being thrown where nobody does.
  response.body.on("error", () => {});
  return { status: response.statusCode, headers: flatHeaders(response.headers), body: response.body };
}
