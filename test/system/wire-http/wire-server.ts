/** A server made of bare sockets, and a pool that asks it. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { TransportRequest } from "../../../src/registry/http/transport.ts";
import { createWirePool } from "../../../src/system/wire-http/pool.ts";
import { createSlabs } from "../../../src/system/wire-http/slabs.ts";

/** A server that reads nothing by itself: the test says what it does with each connection. */
export async function startServer(
  serve: (socket: Socket, count: number) => void,
  connections = 2,
  slabs = createSlabs(),
) {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    count += 1;
    serve(socket, count);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const pool = createWirePool({ origin, tls: null, connectTimeoutMs: 5000, connections, slabs });
  const request = (more: Partial<TransportRequest> = {}) =>
    pool.request({
      method: "GET",
      url: new URL("/x?y=1", origin),
      headers: {},
      body: null,
      large: true,
      headersTimeoutMs: 5000,
      idleTimeoutMs: 5000,
      signal: new AbortController().signal,
      ...more,
    });
  return {
    request,
    slabs,
    close: () => pool.close(),
    connections: () => count,
    [Symbol.asyncDispose]: async () => {
      pool.close();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Says it to whatever arrives. */
export const answering = (answer: string | Buffer, then?: (socket: Socket) => void) => (socket: Socket) => {
  socket.on("data", () => {
    socket.write(answer);
    then?.(socket);
  });
};

export const coded = (code: string) => (error: unknown) =>
  error instanceof Error && "code" in error && error.code === code;
