/** Connections to one origin for large bodies: so many at most, kept for a while, used again. */
import { Readable } from "node:stream";
import type { TransportRequest, TransportResponse } from "../../registry/http/transport.ts";
import { type Connection, openConnection, type Tls } from "./connection.ts";
import { exchange } from "./exchange.ts";
import { failure } from "./failure.ts";
import { createPlaces } from "./places.ts";
import type { Slabs } from "./slabs.ts";

export interface WirePool {
  request(request: TransportRequest): Promise<TransportResponse>;
  close(): void;
}

export interface WirePoolOptions {
  readonly origin: URL;
  readonly tls: Tls | null;
  readonly connectTimeoutMs: number;
  /** At most. */
  readonly connections: number;
  readonly slabs: Slabs;
}

/** Shorter than servers usually keep theirs (Node: 5 s): a request must not meet a closing door. */
const idleMs = 4000;

export function createWirePool(options: WirePoolOptions): WirePool {
  const idle: { readonly connection: Connection; readonly timer: NodeJS.Timeout }[] = [];
  const open = new Set<Connection>();
  const places = createPlaces(options.connections);
  let closed = false;

  const acquire = async (request: TransportRequest): Promise<Connection> => {
    await places.take(request.signal);
    for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
      clearTimeout(kept.timer);
      if (!kept.connection.socket.destroyed && kept.connection.socket.readyState === "open")
        return kept.connection;
    }
    try {
      const { connectTimeoutMs: timeoutMs } = options;
      const connection = await openConnection({ ...options, timeoutMs, signal: request.signal });
      if (closed) connection.socket.destroy();
      return connection;
    } catch (error) {
      places.giveBack();
      throw error;
    }
  };
  const keep = (connection: Connection): void => {
    if (closed) {
      connection.socket.destroy();
      return;
    }
    const timer = setTimeout(() => connection.socket.destroy(), idleMs).unref();
    idle.push({ connection, timer });
  };
  return {
    request: async (request) => {
      // It may fail before there is a connection: that is told when there is one.
      if (request.body instanceof Readable) request.body.on("error", () => {});
      const connection = await acquire(request);
      if (!open.has(connection)) {
        open.add(connection);
        connection.socket.once("close", () => open.delete(connection));
      }
      let freed = false;
      const free = (kept: boolean): void => {
        if (freed) return;
        freed = true;
        connection.socket.off("close", onClose);
        if (kept) keep(connection);
        places.giveBack();
      };
      const onClose = (): void => free(false);
      if (connection.socket.destroyed) free(false);
      else connection.socket.once("close", onClose);
      return await exchange({ request, connection, slabs: options.slabs, onFree: () => free(true) });
    },
    close: () => {
      closed = true;
      places.close(failure("UND_ERR_SOCKET", "the pool is closed"));
      for (const { timer } of idle.splice(0)) clearTimeout(timer);
      for (const connection of open) connection.socket.destroy();
    },
  };
}
