/**
 * A registry (or token server, storage, proxy) that answers what it is told to, and takes every request that it was
 * not told of for a failure of the test.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createSecureServer, type SecureServerOptions } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";

export interface Exchange {
  /** `GET /v2/_catalog?n=1000`: the method, and the target to the letter; a pattern where it holds chance. */
  readonly request: string | RegExp;
  /** Headers that must be as given; null: it must not be there. Names in lower case. */
  readonly headers?: Readonly<Record<string, string | RegExp | null>>;
  readonly body?: string | Buffer;
  readonly status?: number;
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly answer?: string | Buffer | object;
  /** Answers in place of status, headers and answer. */
  readonly respond?: (request: IncomingMessage, response: ServerResponse) => void;
  /** How often it is expected; default once. */
  readonly times?: number;
}

export interface ScriptedRegistry extends AsyncDisposable {
  /** HOST:PORT. */
  readonly host: string;
  readonly url: string;
  /** "GET /v2/" and so on, in order, with the version of HTTP where it is 2. */
  readonly requests: readonly string[];
  /** Connections that were opened so far. */
  readonly connections: () => number;
  /** Adds to what is expected, e.g. when the address of another server is known. */
  expect(...exchanges: readonly Exchange[]): void;
  /** Fails when something unexpected came or something expected did not. */
  done(): void;
}

export interface ScriptOptions {
  /** Serves HTTPS, HTTP/2 included. */
  readonly tls?: SecureServerOptions;
}

export async function startScriptedRegistry(
  exchanges: readonly Exchange[],
  { tls }: ScriptOptions = {},
): Promise<ScriptedRegistry> {
  const open = exchanges.map((exchange) => ({ exchange, left: exchange.times ?? 1 }));
  const problems: string[] = [];
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const line = `${request.method} ${request.url}`;
    requests.push(request.httpVersionMajor === 2 ? `${line} h2` : line);
    const body = await buffer(request);
    const candidates = open.filter(({ exchange, left }) => left > 0 && matches(exchange.request, line));
    const found = candidates.find(({ exchange }) => problemOf(exchange, request, body) === null);
    if (found === undefined) {
      const [near] = candidates;
      problems.push(
        `${line}: ${near === undefined ? "not expected" : problemOf(near.exchange, request, body)}`,
      );
      response.writeHead(599).end("not in the script");
      return;
    }
    found.left -= 1;
    answer(found.exchange, request, response);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    // A client that hangs up is part of some tests.
    serve(request, response).catch(() => response.destroy());
  };
  const server =
    tls === undefined
      ? createHttpServer(listener)
      : createSecureServer({ ...tls, allowHTTP1: true }, (request, response) =>
          // The two have what is used here in common.
          listener(request as unknown as IncomingMessage, response as unknown as ServerResponse),
        );
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("sessionError", () => {});
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `${tls === undefined ? "http" : "https"}://${host}`,
    requests,
    connections: () => connections,
    expect: (...more) => {
      open.push(...more.map((exchange) => ({ exchange, left: exchange.times ?? 1 })));
    },
    done: () => {
      const missing = open
        .filter(({ left }) => left > 0)
        .map(({ exchange }) => `${exchange.request}: did not come`);
      assert.deepEqual([...problems, ...missing], []);
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function matches(request: string | RegExp, line: string): boolean {
  return typeof request === "string" ? request === line : request.test(line);
}

function problemOf({ headers = {}, body }: Exchange, request: IncomingMessage, sent: Buffer): string | null {
  for (const [name, wanted] of Object.entries(headers)) {
    const value = request.headers[name];
    const shown = Array.isArray(value) ? value.join(", ") : value;
    const fits =
      wanted === null
        ? shown === undefined
        : wanted instanceof RegExp
          ? wanted.test(shown ?? "")
          : shown === wanted;
    if (!fits) return `its ${name} is ${JSON.stringify(shown)}, not ${String(wanted)}`;
  }
  if (body !== undefined && !Buffer.from(body).equals(sent))
    return `its body is ${JSON.stringify(String(sent))}`;
  return null;
}

function answer(exchange: Exchange, request: IncomingMessage, response: ServerResponse): void {
  if (exchange.respond !== undefined) {
    exchange.respond(request, response);
    return;
  }
  const { status = 200, answerHeaders = {}, answer: content = "" } = exchange;
  const json = typeof content === "object" && !Buffer.isBuffer(content);
  const bytes = json ? Buffer.from(JSON.stringify(content)) : Buffer.from(content);
  const type = json ? { "content-type": "application/json" } : {};
  response.writeHead(status, { ...type, "content-length": String(bytes.length), ...answerHeaders });
  response.end(request.method === "HEAD" ? undefined : bytes);
}
