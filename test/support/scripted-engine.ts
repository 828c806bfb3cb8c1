/**
 * An engine that says what it is told to, on a unix socket: `node:http` with the routes, headers and error forms
 * of dockerd. Behaviour of routes: moby api/server/router/{system,container,distribution} and
 * docs/reference/api/docker_remote_api_v1.18.md; written by hand.
 */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface EngineScript {
  /** Newest API version. Without `saysApiVersion` it stands in /version only, as in engines before 1.12. */
  readonly apiVersion: string;
  readonly minApiVersion?: string;
  readonly saysApiVersion: boolean;
  readonly version: object;
  readonly info: object;
  readonly containers?: readonly object[];
  /** State of each container by id, as inspect shows it. */
  readonly states?: Readonly<Record<string, object>>;
  readonly events?: readonly object[];
}

/** Takes a request over before the script; false leaves it to the script. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface ScriptedEngine {
  readonly socketPath: string;
  /** "GET /v1.41/info" and so on, in order. */
  readonly requests: readonly string[];
  /** Connections that were opened so far. */
  readonly connections: () => number;
  intercept(take: Intercept): void;
  /** Cuts every open connection. */
  cut(): void;
  close(): Promise<void>;
}

export async function startScriptedEngine(script: EngineScript): Promise<ScriptedEngine> {
  const folder = await mkdtemp(join(tmpdir(), "regctl-engine-"));
  const socketPath = join(folder, "docker.sock");
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let intercept: Intercept = () => false;
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (!intercept(request, response)) answer(script, request, response);
  });
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(socketPath);
  await once(server, "listening");
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    socketPath,
    requests,
    connections: () => connections,
    intercept: (take) => {
      intercept = take;
    },
    cut,
    close: async () => {
      if (!server.listening) return;
      cut();
      server.close();
      await once(server, "close");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answer(script: EngineScript, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://engine");
  const versioned = /^\/v(\d+\.\d+)(\/.*)$/.exec(url.pathname);
  const asked = versioned?.[1];
  if (script.saysApiVersion) response.setHeader("Api-Version", script.apiVersion);
  if (asked !== undefined && older(script.apiVersion, asked)) {
    refuse(
      script,
      response,
      400,
      `client version ${asked} is too new. Maximum supported API version is ${script.apiVersion}`,
    );
  } else if (
    asked !== undefined &&
    script.minApiVersion !== undefined &&
    older(asked, script.minApiVersion)
  ) {
    refuse(
      script,
      response,
      400,
      `client version ${asked} is too old. Minimum supported API version is ${script.minApiVersion}`,
    );
  } else {
    route(script, versioned?.[2] ?? url.pathname, url.searchParams, response);
  }
}

function route(script: EngineScript, path: string, query: URLSearchParams, response: ServerResponse): void {
  const inspected = /^\/containers\/([^/]+)\/json$/.exec(path)?.[1];
  if (path === "/_ping") {
    response.setHeader("Content-Type", "text/plain; charset=utf-8").end("OK");
  } else if (path === "/version") {
    json(response, 200, script.version);
  } else if (path === "/info") {
    json(response, 200, script.info);
  } else if (path === "/containers/json") {
    json(response, 200, script.containers ?? []);
  } else if (inspected !== undefined) {
    const state = script.states?.[inspected];
    if (state) json(response, 200, { Id: inspected, State: state });
    else refuse(script, response, 404, `No such container: ${inspected}`);
  } else if (path === "/events") {
    answerEvents(script, query, response);
  } else {
    refuse(script, response, 404, "page not found");
  }
}

/** Without an end in the past dockerd keeps the stream open; so does this. */
function answerEvents(script: EngineScript, query: URLSearchParams, response: ServerResponse): void {
  response.setHeader("Content-Type", "application/json");
  for (const event of script.events ?? []) response.write(`${JSON.stringify(event)}\n`);
  if (query.has("until")) response.end();
}

function json(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(`${JSON.stringify(value)}\n`);
}

/** Engines before API 1.24 refuse in plain text. */
function refuse(script: EngineScript, response: ServerResponse, status: number, message: string): void {
  if (older(script.apiVersion, "1.24")) {
    response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(`${message}\n`);
  } else {
    json(response, status, { message });
  }
}

function older(left: string, right: string): boolean {
  const [leftMajor = 0, leftMinor = 0] = left.split(".").map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split(".").map(Number);
  return leftMajor < rightMajor || (leftMajor === rightMajor && leftMinor < rightMinor);
}
