/** The registry on the network: HTTP/1.1, and with TLS also HTTP/2, around one handler. */
import { once } from "node:events";
import { createSecureServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { RegctlError } from "../errors.ts";
import type {
  ListenAddress,
  ListenOptions,
  ServerIdentity,
  ServerLimits,
  StartRegistryServer,
} from "../server/listener.ts";
import { createBufferPool } from "./buffer-pool.ts";
import { createLive, type Live, type Server } from "./live-connections.ts";
import { refusePlainHttp } from "./plain-http-refusal.ts";
import { type ExchangeWorld, serveExchange } from "./serve-exchange.ts";
import type { WireRequest, WireResponse } from "./wire.ts";
import { keepYoungGenerationSmall } from "./young-generation.ts";

/**
 * HTTP/2: what a client may send before we take it, for one stream and for all of a connection. It is also what
 * an upload can make us keep in memory while the disk is slower than the network.
 */
const streamWindow = 512 * 1024;
const connectionWindow = 2 * 1024 * 1024;

export const startRegistryServer: StartRegistryServer = async (options) => {
  const { listen, limits, tls } = options;
  keepYoungGenerationSmall();
  // With TLS what was encrypted waits beside every piece, and is as large.
  const pool = createBufferPool(tls === undefined ? limits.bufferBytes : limits.bufferBytes / 2);
  const server = tls === undefined ? createPlain(options) : createSecure(options, tls);
  setLimits(server, limits);
  if (tls !== undefined) refusePlainHttp(server, limits);
  const live = createLive(server, limits);
  await listening(server, listen);
  const { address, port, family } = addressOf(server);
  const host = family === "IPv6" ? `[${address}]` : address;
  const secure = tls !== undefined;
  const authority = `${host}:${port}`;
  const world: ExchangeWorld = { ...options, pool, secure, authority, stopping: live.stopping };
  serveRequests(server, live, world);
  return {
    address,
    port,
    url: `${secure ? "https" : "http"}://${authority}`,
    stats: () => ({
      ...live.count(),
      bufferBytes: pool.used,
      mostBufferBytes: pool.mostUsed,
    }),
    useIdentity: ({ certificate, key }) => {
      if ("setSecureContext" in server) server.setSecureContext({ cert: certificate, key });
    },
    close: live.close,
  };
};

function httpOptions({ limits }: ListenOptions) {
  return {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(limits.headersMs, 5000),
    // An upload may take hours; how long we wait for its next byte is judged where it is read.
    requestTimeout: 0,
    joinDuplicateHeaders: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    noDelay: true,
  };
}

/** Imported, node:http would give its name for WebSocket as well, and load all of Node's own client for it: 80 ms. */
function createPlain(options: ListenOptions): Server {
  return process.getBuiltinModule("node:http").createServer(httpOptions(options));
}

function createSecure(options: ListenOptions, { certificate, key }: ServerIdentity): Server {
  const { limits } = options;
  return createSecureServer({
    ...httpOptions(options),
    cert: certificate,
    key,
    allowHTTP1: true,
    handshakeTimeout: limits.headersMs,
    // Megabytes; beyond it Node refuses new streams. What we hold is bounded by the windows and the pool of buffers.
    maxSessionMemory: 256,
    maxHeaderListPairs: limits.headerCount + 8,
    settings: {
      maxConcurrentStreams: limits.streams,
      initialWindowSize: streamWindow,
      maxHeaderListSize: limits.headerBytes,
    },
  });
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("a server that listens has an address");
  return address;
}

/** What Node takes as properties alone, for HTTP/1 with TLS and without. */
function setLimits(server: Server, limits: ServerLimits): void {
  Object.assign(server, {
    // One more than is allowed: Node would drop the rest without a word.
    maxHeadersCount: limits.headerCount + 1,
    // Who has sent all and says so still gets the answer, however long it takes.
    httpAllowHalfOpen: true,
  });
}

async function listening(server: Server, { host, port }: ListenAddress): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (error) {
    const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const { code, message } =
      error instanceof Error && "code" in error ? error : { code: "", message: String(error) };
    if (code === "EADDRINUSE") {
      const { findPortHolder } = await import("./port-holder.ts");
      throw new RegctlError("PORT_HELD", { address, by: await findPortHolder(port) }, { cause: error });
    }
    throw new RegctlError("LISTEN_FAILED", { address, problem: message }, { cause: error });
  }
}

function serveRequests(server: Server, live: Live, world: ExchangeWorld): void {
  const take = (request: WireRequest, response: WireResponse, expectsContinue: boolean): void => {
    live.take(request, () => serveExchange(request, response, expectsContinue, world));
  };
  server.on("request", (request: WireRequest, response: WireResponse) => take(request, response, false));
  server.on("checkContinue", (request: WireRequest, response: WireResponse) => take(request, response, true));
  server.on("session", (session: ServerHttp2Session) => session.setLocalWindowSize(connectionWindow));
}
