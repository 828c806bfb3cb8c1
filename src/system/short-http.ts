/** Short requests and answers over a stream that is dialled when it is needed: one after the other, on one connection. */
import type { Duplex } from "node:stream";
import type { Dial, HttpRequest, HttpResponse } from "../engine/carrier.ts";
import { interruptible } from "../interruptible.ts";
import type { Connection } from "./wire-http/connection.ts";
import { exchange } from "./wire-http/exchange.ts";
import { failure } from "./wire-http/failure.ts";
import { connectionOver } from "./wire-http/over-stream.ts";
import { createPlaces } from "./wire-http/places.ts";
import { createSlabs } from "./wire-http/slabs.ts";

/** The longest that a timer can be: timeouts are the caller's. */
const never = 2 ** 31 - 1;
const slabs = createSlabs();

type ShortRequest = HttpRequest & { readonly body?: Buffer };

export interface ShortHttp {
  request(request: ShortRequest): Promise<HttpResponse>;
  close(): void;
}

export function isShort(request: HttpRequest): request is ShortRequest {
  return request.short === true && (request.body === undefined || Buffer.isBuffer(request.body));
}

/** A connection that has not been used for `idleMs` is ended. */
export function openShortHttp(dial: Dial, idleMs: number): ShortHttp {
  const turn = createPlaces(1);
  const closing = new AbortController();
  let connection: Connection<Duplex> | null = null;
  let idle: NodeJS.Timeout | undefined;

  const connect = async (signal: AbortSignal): Promise<Connection<Duplex>> => {
    clearTimeout(idle);
    if (connection !== null && !connection.socket.destroyed && connection.socket.readable) return connection;
    const dialled = dial();
    const stream = await interruptible(dialled, signal).catch((error: unknown) => {
      dialled.then((late) => late.on("error", () => {}).destroy()).catch(() => {});
      throw error;
    });
    stream.once("error", () => {});
    if (stream.destroyed) throw new Error("the connection ended at once");
    connection = connectionOver(stream);
    return connection;
  };
  return {
    request: async (request) => {
      const signal = AbortSignal.any([request.signal, closing.signal]);
      await turn.take(signal);
      try {
        const used = await connect(signal);
        const response = await exchange({
          request: wired(request, signal),
          connection: used,
          slabs,
          onFree: () => {},
        });
        response.body.once("close", () => {
          idle = setTimeout(() => used.socket.destroy(), idleMs).unref();
          turn.giveBack();
        });
        return response;
      } catch (error) {
        turn.giveBack();
        throw error;
      }
    },
    close: () => {
      closing.abort(failure("UND_ERR_DESTROYED", "The client is destroyed"));
      clearTimeout(idle);
      connection?.socket.destroy();
    },
  };
}

function wired({ method, path, headers, body }: ShortRequest, signal: AbortSignal) {
  const length =
    body === undefined && method === "GET" ? {} : { "content-length": String(body?.length ?? 0) };
  return {
    method: method as "GET",
    url: new URL(path, "http://engine"),
    headers: { ...headers, ...length },
    body: body ?? null,
    large: false,
    headersTimeoutMs: never,
    idleTimeoutMs: never,
    signal,
  };
}
