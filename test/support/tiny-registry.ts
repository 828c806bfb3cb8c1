/**
 * A registry that holds nothing and answers everything that looks for a fault asks, over HTTP or TLS of any kind, until
 * a test makes it answer otherwise. Answers written by hand after the distribution specification.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";

/** Answers the request and says so; false leaves it to the registry. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface TinyRegistry extends AsyncDisposable {
  readonly port: number;
  /** 127.0.0.1:PORT. */
  readonly host: string;
  /** "GET /v2/" and so on, in order. */
  readonly requests: readonly string[];
}

export interface TinyOptions {
  readonly tls?: ServerOptions;
  readonly answer?: Answer;
}

export async function startTinyRegistry({ tls, answer }: TinyOptions = {}): Promise<TinyRegistry> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const listener: RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (answer?.(request, response) !== true) answerAsRegistry(request, response, tls !== undefined);
  };
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  // Who announces a body only hears of what is thought of it.
  server.on("checkContinue", listener);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    host: `127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** `{"errors":[…]}` as registries refuse. */
export function refuseAsRegistry(response: ServerResponse, status: number, code: string): true {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] }));
  return true;
}

function answerAsRegistry(request: IncomingMessage, response: ServerResponse, secure: boolean): void {
  const { method = "GET", url = "/", headers } = request;
  const path = url.split("?")[0] ?? "/";
  response.setHeader("docker-distribution-api-version", "registry/2.0");
  request.resume();
  if (path === "/v2/") response.end("{}");
  else if (path === "/v2/_catalog") response.end(JSON.stringify({ repositories: [] }));
  else if (path.includes("/blobs/uploads/"))
    answerUpload(method, `${secure ? "https" : "http"}://${headers.host}`);
  else refuseAsRegistry(response, 404, "MANIFEST_UNKNOWN");

  function answerUpload(verb: string, origin: string): void {
    if (verb === "DELETE") response.writeHead(204).end();
    else response.writeHead(202, { location: `${origin}/v2/regctl-probe/blobs/uploads/1` }).end();
  }
}
