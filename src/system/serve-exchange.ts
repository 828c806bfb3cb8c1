/** One request and its response, from the wire to the handler and back. */
import { constants } from "node:http2";
import type { Exchange, ListenOptions } from "../server/listener.ts";
import type { ServerRequest, ServerResponse } from "../server/message.ts";
import type { BufferPool } from "./buffer-pool.ts";
import { createRequestBody, type RequestBody } from "./request-body.ts";
import { SliceFailure, sendSlice } from "./send-slice.ts";
import { flattenHeaders, lengthOf, originOf, splitTarget } from "./server-request.ts";
import { isHttp2, type Wire, type WireRequest, type WireResponse } from "./wire.ts";

export interface ExchangeWorld extends Pick<ListenOptions, "handle" | "limits" | "emit" | "behindProxy"> {
  readonly pool: BufferPool;
  readonly secure: boolean;
  /** For a client that names no host. */
  readonly authority: string;
  /** The server takes no new requests, and keeps no connection. */
  readonly stopping: () => boolean;
}

/** A running exchange, for whoever must cut it off. */
export interface RunningExchange {
  stop(): void;
  /** Resolves when its last byte has gone, or the client. Never rejects. */
  readonly done: Promise<void>;
}

interface Progress {
  remote: string;
  status: number;
  user: string | null;
  bytesOut: number;
  end: Exchange["end"];
}

interface Running extends Wire {
  readonly body: RequestBody;
  readonly progress: Progress;
}

export function serveExchange(
  request: WireRequest,
  response: WireResponse,
  expectsContinue: boolean,
  world: ExchangeWorld,
): RunningExchange {
  const begin = performance.now();
  const length = lengthOf(request);
  const left = { yet: false };
  const pair: Wire = { request, response, gone: () => left.yet };
  const body = createRequestBody({ ...pair, expectsContinue, length, limits: world.limits });
  const progress: Progress = { remote: "", status: 0, user: null, bytesOut: 0, end: "sent" };
  const departure = createDeparture();
  const closed = Promise.withResolvers<void>();
  // A connection that breaks is heard of by `close`; without a listener it would end the process.
  request.on("error", ignore);
  response.on("error", ignore);
  response.once("close", () => {
    left.yet = true;
    if (!response.writableFinished) {
      if (progress.end === "sent") progress.end = "aborted";
      departure.leave();
    }
    closed.resolve();
  });
  const running = { ...pair, body, progress };
  const work = answer(running, length, departure, world).catch((error: unknown) =>
    fail(error, running, world),
  );
  const done = Promise.all([work, closed.promise]).then(() => {
    world.emit({ kind: "exchange", exchange: describe(running, performance.now() - begin) });
  });
  return {
    done,
    stop: () => {
      left.yet = true;
      departure.leave();
      response.destroy();
    },
  };
}

/** A signal that is made only when somebody asks for it: most requests end before anybody does. */
function createDeparture(): { readonly signal: AbortSignal; leave(): void } {
  let controller: AbortController | undefined;
  let left = false;
  const reason = new Error("the client went away");
  return {
    get signal() {
      controller ??= new AbortController();
      if (left) controller.abort(reason);
      return controller.signal;
    },
    leave: () => {
      left = true;
      controller?.abort(reason);
    },
  };
}

async function answer(
  running: Running,
  length: number | null,
  departure: { readonly signal: AbortSignal },
  world: ExchangeWorld,
): Promise<void> {
  const { request, body } = running;
  const headers = flattenHeaders(request.headers);
  const origin = originOf(request, headers, world);
  running.progress.remote = origin?.remote ?? request.socket.remoteAddress ?? "";
  if (world.stopping()) return await send(refuse(503, "the server is stopping"), running, world);
  if (origin === null) return await send(refuse(400, "this is no name of a host"), running, world);
  if (request.rawHeaders.length > world.limits.headerCount * 2)
    return await send(refuse(431, "too many headers"), running, world);
  const asked: ServerRequest = {
    method: request.method ?? "",
    ...splitTarget(request.url ?? "/"),
    headers,
    body: body.pieces,
    length,
    ...origin,
    get signal() {
      return departure.signal;
    },
  };
  await send(await world.handle(asked), running, world);
}

function refuse(status: number, message: string): ServerResponse {
  const document = { errors: [{ code: status === 503 ? "UNAVAILABLE" : "UNSUPPORTED", message }] };
  return {
    status,
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(document)),
  };
}

/** What a handler threw when its client has gone is nobody's fault. */
async function fail(error: unknown, running: Running, world: ExchangeWorld): Promise<void> {
  const { request, response, progress } = running;
  const gone = running.gone() || request.destroyed;
  if (error instanceof SliceFailure) progress.end = "broken";
  if (error instanceof SliceFailure || !gone) {
    world.emit({ kind: "problem", what: `${request.method} ${request.url}`, error });
  }
  // A response that has begun can only be cut off: a short one must not look complete.
  if (gone || response.headersSent) return void response.destroy();
  await send(refuse(500, "the server failed"), running, world).catch(() => response.destroy());
}

async function send(answered: ServerResponse, running: Running, world: ExchangeWorld): Promise<void> {
  const { request, response, body, progress } = running;
  const { status, body: content } = answered;
  const keep = keepsConnection(running, world);
  progress.status = status;
  progress.user = answered.user ?? null;
  const sent = request.method === "HEAD" ? null : content;
  try {
    if (running.gone()) return;
    response.writeHead(status, completeHeaders(answered, request, keep));
    if (Buffer.isBuffer(sent)) {
      progress.bytesOut += sent.length;
      if (body.finished) return void response.end(sent);
      response.write(sent, ignore);
    } else if (sent !== null) {
      await sendSlice(sent, running, world.pool, world.limits, (bytes) => {
        progress.bytesOut += bytes;
      });
    }
  } finally {
    if (content !== null && !Buffer.isBuffer(content)) await content.close();
  }
  await finish(running, keep);
}

/** The end of a response whose request's body may still be coming: the client must see the answer, not a reset. */
async function finish({ request, response, body }: Running, keep: boolean): Promise<void> {
  if (body.finished || body.withheld) return void response.end();
  if (isHttp2(request)) {
    const { stream } = request;
    response.end();
    if (!(await body.drain())) stream.close(constants.NGHTTP2_NO_ERROR);
    return;
  }
  response.flushHeaders();
  const drained = await body.drain();
  response.end();
  if (!drained && keep) response.destroy();
}

/** Whether the connection may serve another request: not when it would first have to bring a large body for nobody. */
function keepsConnection({ body, request }: Running, { limits, stopping }: ExchangeWorld): boolean {
  if (stopping()) return false;
  const length = lengthOf(request);
  const left = length === null ? Number.POSITIVE_INFINITY : length - body.bytes;
  return body.finished || (!body.withheld && left <= limits.drainBytes);
}

function completeHeaders(
  { headers, body, status }: ServerResponse,
  request: WireRequest,
  keep: boolean,
): Record<string, string> {
  const complete: Record<string, string> = { ...headers };
  if (!keep && !isHttp2(request)) complete.connection = "close";
  if (complete["content-length"] !== undefined || status === 204 || status === 304) return complete;
  // Without one, HTTP/1.1 would send even nothing in chunks. HEAD says what GET would have sent: the handler's to know.
  if (body !== null) complete["content-length"] = String(body.length);
  else if (request.method !== "HEAD") complete["content-length"] = "0";
  return complete;
}

function describe({ request, body, progress }: Running, ms: number): Exchange {
  const { method = "", url = "", headers, httpVersion } = request;
  const version = httpVersion === "1.0" || httpVersion === "2.0" ? httpVersion : "1.1";
  return {
    method,
    target: url,
    userAgent: headers["user-agent"] ?? null,
    protocol: version,
    bytesIn: body.bytes,
    ms,
    ...progress,
  };
}

function ignore(): void {}
