/** Long requests and answers, such as images, to engines: by undici, over whatever stream leads there. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { buildConnector, Client, Dispatcher } from "undici";
import type { Dial, HttpOverStream, HttpRequest, HttpResponse } from "../engine/carrier.ts";
import { flatHeaders, HttpClient, request as sendRequest } from "./undici.ts";
import { countMovedBytes } from "./young-generation.ts";

/**
 * HTTP/1.1 over whatever `dial` opens: a socket, an SSH channel, a child's standard streams. One request at a
 * time on one connection, dialled when it is needed. Timeouts are the caller's: `signal`.
 */
export function openLongHttp(dial: Dial, keepAliveMs: number): HttpOverStream {
  const client = new HttpClient("http://engine", {
    connect: connectBy(dial),
    allowH2: false,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
  });
  return {
    request: (request) => send(client, request),
    close: () => client.destroy(),
  };
}

function connectBy(dial: Dial): buildConnector.connector {
  return (_options, callback) => {
    dial().then(
      (stream) => {
        stream.once("error", ignore);
        sweepAsItPasses(stream);
        // undici would dial again and again for an error of its own that says so.
        if (stream.destroyed) callback(new Error("the connection ended at once"), null);
        else callback(null, asSocket(stream));
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
}

/** Whole images pass, in chunks that live for a moment. SSH channels do not count: what they cost lies elsewhere. */
function sweepAsItPasses(stream: Duplex): void {
  if (!("bytesRead" in stream) || !("bytesWritten" in stream)) return;
  const socket = asSocket(stream);
  let before = 0;
  const count = (): void => {
    const passed = socket.bytesRead + socket.bytesWritten;
    countMovedBytes(passed - before);
    before = passed;
  };
  // undici waits for both as well: nobody reads because of us.
  socket.on("readable", count);
  socket.on("drain", count);
}

/** Over HTTP/1.1 undici uses only what every Duplex has, and `ref` and `unref` where they exist. */
function asSocket(stream: Duplex): Socket {
  return stream as Socket;
}

function ignore(): void {
  // undici reports it to the request; this one only keeps it from being thrown.
}

async function send(client: Client, request: HttpRequest): Promise<HttpResponse> {
  const response = await sendRequest(client, {
    method: request.method as Dispatcher.HttpMethod,
    path: request.path,
    headers: request.headers,
    body: request.body ?? null,
    signal: request.signal,
  });
  return { status: response.statusCode, headers: flatHeaders(response.headers), body: response.body };
}
