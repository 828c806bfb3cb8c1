/** What is open at a server: counted while it runs, ended in order when it stops. */
import type { Server as HttpServer } from "node:http";
import type { Http2SecureServer, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Listening, ServerLimits } from "../server/listener.ts";
import type { RunningExchange } from "./serve-exchange.ts";
import { isHttp2, type WireRequest } from "./wire.ts";

export type Server = HttpServer | Http2SecureServer;

interface Connection {
  readonly socket: Socket;
  session: ServerHttp2Session | null;
  /** Requests under way, and those that wait for them. */
  active: number;
  /** Ends with the last request of HTTP/1 that came. */
  last: Promise<void>;
}

export interface Live {
  /** Begins it: at once, or for HTTP/1 when what came before it on its connection has been answered. */
  take(request: WireRequest, begin: () => RunningExchange): void;
  readonly stopping: () => boolean;
  count(): { readonly connections: number; readonly active: number };
  readonly close: Listening["close"];
}

type Ends = Pick<Socket, "remoteAddress" | "remotePort">;

/** With TLS the socket of a request is another object than that of its connection: the client's end tells them apart. */
const keyOf = ({ remoteAddress, remotePort }: Ends): string => `${remoteAddress} ${remotePort}`;

/**
 * No client of registries sends a request before the one before it is answered, and each that waits costs memory: one
 * packet holds thousands.
 */
const mostPipelined = 16;

export function createLive(server: Server, { keepAliveMs, connections: most }: ServerLimits): Live {
  const connections = new Map<string, Connection>();
  const exchanges = new Set<RunningExchange>();
  const state = { stopping: false };
  const endIdle = (connection: Connection): void => {
    if (connection.active > 0) return;
    if (connection.session !== null) connection.session.close();
    else connection.socket.destroySoon();
  };
  server.on("connection", (socket: Socket) => {
    socket.on("error", ignore);
    if (connections.size >= most && !makeRoom(connections)) return void socket.destroy();
    const key = keyOf(socket);
    const connection = { socket, session: null, active: 0, last: Promise.resolve() };
    connections.set(key, connection);
    socket.once("close", () => {
      if (connections.get(key) === connection) connections.delete(key);
    });
  });
  server.on("session", (session: ServerHttp2Session) => {
    const connection = connections.get(keyOf(session.socket));
    if (connection === undefined) return session.destroy();
    connection.session = session;
    session.on("error", ignore);
    session.setTimeout(keepAliveMs, () => endIdle(connection));
  });
  server.on("tlsClientError", ignore);
  server.on("sessionError", ignore);
  const track = async (begin: () => RunningExchange): Promise<void> => {
    const exchange = begin();
    exchanges.add(exchange);
    await exchange.done;
    exchanges.delete(exchange);
  };
  return {
    take: (request, begin) => {
      const key = keyOf(request.socket);
      const connection = connections.get(key);
      const alone = isHttp2(request) || connection === undefined || connection.active === 0;
      // Of a connection that is closed nothing more will be heard, not even its end.
      const inTurn = () => (request.socket.writable ? track(begin) : undefined);
      const ended = alone ? track(begin) : connection.last.then(inTurn);
      if (connection === undefined) return;
      connection.last = ended;
      connection.active += 1;
      if (!isHttp2(request) && connection.active > mostPipelined) connection.socket.destroy();
      void ended.then(() => {
        connection.active -= 1;
        if (state.stopping) endIdle(connection);
        // Behind those that have been idle for longer.
        if (connection.active === 0 && connections.delete(key)) connections.set(key, connection);
      });
    },
    stopping: () => state.stopping,
    count: () => ({ connections: connections.size, active: exchanges.size }),
    close: createClose(server, { connections, exchanges, state, endIdle }),
  };
}

/** Who has asked for nothing for the longest time makes way, so that idle connections keep nobody out. False: all are busy. */
function makeRoom(connections: Map<string, Connection>): boolean {
  for (const [key, { active, socket }] of connections) {
    if (active > 0) continue;
    connections.delete(key);
    socket.destroy();
    return true;
  }
  return false;
}

interface Open {
  readonly connections: ReadonlyMap<string, Connection>;
  readonly exchanges: ReadonlySet<RunningExchange>;
  readonly state: { stopping: boolean };
  endIdle(connection: Connection): void;
}

function createClose(server: Server, { connections, exchanges, state, endIdle }: Open): Listening["close"] {
  const closed = Promise.withResolvers<void>();
  const cut = { count: 0 };
  return async ({ graceMs }) => {
    if (!state.stopping) {
      state.stopping = true;
      server.close(() => closed.resolve());
      for (const connection of connections.values()) endIdle(connection);
    }
    const timer = setTimeout(() => {
      cut.count += exchanges.size;
      for (const exchange of exchanges) exchange.stop();
      for (const { socket } of connections.values()) socket.destroy();
    }, graceMs);
    await closed.promise;
    clearTimeout(timer);
    // The last records are told once everything about a request has ended.
    await Promise.all([...exchanges].map(({ done }) => done));
    return cut.count;
  };
}

function ignore(): void {}
