/**
 * A proxy in front of a real server that breaks what it is told to break: connections, bodies, lengths, bytes,
 * answers. It understands as much HTTP as is needed to break one request and not its neighbour.
 */
import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as sendRequest,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Transform } from "node:stream";
import {
  type ConnectionFault,
  type Fault,
  isOfConnection,
  openRule,
  type Rule,
  type Side,
  takeFault,
} from "./fault-rules.ts";
import { breakAt, type CountedBytes, countBytes, flipByte, limitBytes, slowDown } from "./fault-streams.ts";

export type { Fault, Rule } from "./fault-rules.ts";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** Kinds of the faults that met it. */
  readonly faults: readonly Fault["kind"][];
  /** Bytes of the bodies that went through. */
  readonly sent: CountedBytes;
  readonly received: CountedBytes;
}

export interface FaultProxy extends AsyncDisposable {
  /** HOST:PORT. */
  readonly host: string;
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** How often a fault of that kind happened. */
  count(kind: Fault["kind"]): number;
  /** From now on these, and no earlier ones. */
  set(...rules: readonly Rule[]): void;
}

/** `target`: HOST:PORT of a server that speaks plain HTTP. */
export async function startFaultProxy(target: string, ...first: readonly Rule[]): Promise<FaultProxy> {
  let open = first.map(openRule);
  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const agent = new Agent({ keepAlive: true });
  const server = createServer((request, response) => {
    const faults = open.flatMap((rule) => takeFault(rule, request));
    const seen = {
      method: request.method ?? "",
      path: request.url ?? "",
      authorization: request.headers.authorization,
      faults: faults.map(({ kind }) => kind),
      sent: { bytes: 0 },
      received: { bytes: 0 },
    };
    requests.push(seen);
    const exchange = { request, response, target, agent, faults, seen };
    serve(exchange).catch(() => response.destroy());
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  // A stalled request is the client's to give up.
  Object.assign(server, { requestTimeout: 0, headersTimeout: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}`,
    requests,
    count: (kind) => requests.filter(({ faults }) => faults.includes(kind)).length,
    set: (...rules) => {
      open = rules.map(openRule);
    },
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: string;
  readonly agent: Agent;
  readonly faults: readonly Fault[];
  readonly seen: SeenRequest;
}

async function serve(exchange: Exchange): Promise<void> {
  const { request, response, faults } = exchange;
  for (const fault of faults) {
    if (fault.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.ms).unref());
    if (answerInstead(fault, request, response)) return;
    if (isOfConnection(fault) && fault.at === "head" && fault.side === "request") {
      breakConnection(fault.kind, request.socket);
      return;
    }
  }
  forward(exchange);
}

function answerInstead(fault: Fault, request: IncomingMessage, response: ServerResponse): boolean {
  if (fault.kind === "limit" && request.headers["content-length"] !== undefined) {
    tooLarge(request, response);
    return true;
  }
  if (fault.kind !== "status" && fault.kind !== "redirect") return false;
  request.resume();
  if (fault.kind === "redirect") {
    response.writeHead(307, { location: `${fault.origin}${request.url}`, "content-length": "0" }).end();
  } else {
    const { status, headers = {}, body = "" } = fault;
    response.writeHead(status, { "content-length": String(Buffer.byteLength(body)), ...headers });
    response.end(request.method === "HEAD" ? undefined : body);
  }
  return true;
}

function tooLarge(request: IncomingMessage, response: ServerResponse): void {
  const page = "<html><head><title>413 Request Entity Too Large</title></head></html>\r\n";
  response.writeHead(413, {
    "content-type": "text/html",
    "content-length": String(page.length),
    connection: "close",
  });
  response.end(page);
  // The rest is read for a while, else its arrival would reset the connection under the answer.
  request.resume();
}

function forward({ request, response, target, agent, faults, seen }: Exchange): void {
  const [host, port] = target.split(":");
  const { method, url, headers } = request;
  const onward = sendRequest({ host, port, path: url, method, headers, agent }, (answer) => {
    const before = faults.find((fault) => isOfConnection(fault) && fault.at === "head");
    if (before !== undefined && isOfConnection(before)) {
      answer.resume();
      breakConnection(before.kind, request.socket);
      return;
    }
    response.writeHead(answer.statusCode ?? 502, headersOf(answer, faults));
    response.flushHeaders();
    const stages = faults.flatMap((fault) => stageOf(fault, "response", request, response));
    pass(answer, [countBytes(seen.received), ...stages], response);
    answer.on("error", () => response.destroy());
    // A body that is shorter than was said ends with its connection.
    if (faults.some((fault) => fault.kind === "length")) answer.on("end", () => request.socket.destroySoon());
  });
  onward.on("error", () => {
    if (!response.headersSent) request.socket.destroy();
  });
  response.on("close", () => {
    if (!response.writableFinished) onward.destroy();
  });
  const stages = faults.flatMap((fault) => stageOf(fault, "request", request, response));
  pass(request, [countBytes(seen.sent), ...stages], onward);
}

/** As pipe does it: an end is passed on, an error is the ends' own business. */
function pass(
  from: IncomingMessage,
  stages: readonly Transform[],
  to: ServerResponse | ReturnType<typeof sendRequest>,
): void {
  const last = stages.reduce<IncomingMessage | Transform>((stream, stage) => stream.pipe(stage), from);
  last.pipe(to);
}

function stageOf(
  fault: Fault,
  side: Side,
  request: IncomingMessage,
  response: ServerResponse,
): readonly Transform[] {
  if (fault.kind === "limit" && side === "request") {
    return [limitBytes(fault.bytes, () => tooLarge(request, response))];
  }
  if (!("side" in fault) || fault.side !== side) return [];
  if (fault.kind === "slow") return [slowDown(fault.bytesPerSecond)];
  if (fault.kind === "flip") return [flipByte(fault.at)];
  const { kind, at } = fault;
  return at === "head"
    ? []
    : [breakAt(at, () => breakConnection(kind, request.socket), kind === "half-close")];
}

/** A stall is nothing at all: no byte comes, none is taken. */
function breakConnection(kind: ConnectionFault["kind"], socket: Socket): void {
  if (kind === "cut") socket.destroySoon();
  if (kind === "reset") socket.resetAndDestroy();
  if (kind === "half-close") socket.end();
}

function headersOf({ headers }: IncomingMessage, faults: readonly Fault[]) {
  const lie = faults.find((fault) => fault.kind === "length");
  if (lie?.kind !== "length" || headers["content-length"] === undefined) return headers;
  return { ...headers, "content-length": String(Number(headers["content-length"]) + lie.by) };
}
