/** A tunnel under test: through one server, to targets that the test made. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import type { Destination } from "../../src/ports.ts";
import { connectSsh } from "../../src/ssh/connect.ts";
import type { HostSpec } from "../../src/ssh/host-spec.ts";
import type { SshWorld } from "../../src/ssh/world.ts";
import { createClock } from "../../src/system/clock.ts";
import { listenLocally } from "../../src/system/local-listener.ts";
import { type ConnectOnce, tunnelAlive } from "../../src/tunnel/kept-connection.ts";
import type { ListenLocally } from "../../src/tunnel/listener.ts";
import { openTunnel, type TunnelPlan } from "../../src/tunnel/open-tunnel.ts";
import type { RunningTunnel } from "../../src/tunnel/tunnel.ts";

/** Connects as the command does, with a carrier named. */
export function connectBy(carrier: "node" | "openssh", spec: HostSpec, world: SshWorld): ConnectOnce {
  return ({ timeoutMs, signal }) => {
    const options = { ssh: carrier, acceptHostKey: [], connectTimeoutMs: timeoutMs, signal };
    return connectSsh(spec, { ...options, alive: tunnelAlive }, world);
  };
}

export interface OpenedTunnel extends AsyncDisposable {
  readonly tunnel: RunningTunnel;
  /** Of the first forward. */
  readonly port: number;
  /** Codes. */
  readonly problems: readonly string[];
}

export const loopback = (port = 0): Destination => ({ kind: "tcp", host: "127.0.0.1", port });

/** One forward from a free port of the loopback to each of the destinations. */
export async function openTestTunnel(
  connect: ConnectOnce,
  to: readonly Destination[],
  { listen = listenLocally, ...more }: Partial<TunnelPlan> & { readonly listen?: ListenLocally } = {},
): Promise<OpenedTunnel> {
  const problems: string[] = [];
  const plan: TunnelPlan = {
    connect,
    connectTimeoutMs: 10_000,
    forwards: to.map((each) => ({ from: loopback(), side: "here", to: each })),
    onProblem: ({ code }) => problems.push(code),
    ...more,
  };
  const { signal } = new AbortController();
  const world = { clock: createClock(), random: Math.random, signal, listenLocally: listen };
  const tunnel = await openTunnel(plan, world);
  const [first] = tunnel.entrances;
  return {
    tunnel,
    problems,
    port: first?.at.kind === "tcp" ? first.at.port : 0,
    [Symbol.asyncDispose]: () => tunnel.close(),
  };
}

export interface Target extends AsyncDisposable {
  readonly at: Destination;
  /** Connections that are open. */
  readonly open: number;
  /** Connections that there ever were. */
  readonly taken: number;
}

/** A server that the tunnel leads to, with half-open connections. */
export async function startTarget(at: Destination, serve: (socket: net.Socket) => void): Promise<Target> {
  const sockets = new Set<net.Socket>();
  let taken = 0;
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    taken += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    serve(socket);
  });
  server.listen(at.kind === "unix" ? { path: at.path } : { host: at.host, port: at.port });
  await once(server, "listening");
  const address = server.address();
  return {
    at: at.kind === "tcp" && typeof address === "object" && address ? { ...at, port: address.port } : at,
    get open() {
      return sockets.size;
    },
    get taken() {
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** What a client heard, up to a good end or up to a break. */
interface Heard {
  readonly bytes: number;
  readonly hash: string;
  readonly end: "end" | "break";
}

/** Reads a socket to whatever its end is. */
export function hear(socket: net.Socket): Promise<Heard> {
  const hash = createHash("sha256");
  let bytes = 0;
  let ended = false;
  return new Promise((resolve) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      bytes += chunk.length;
      hash.update(chunk);
    });
    socket.once("end", () => {
      ended = true;
      socket.end();
    });
    socket.once("close", (failed) =>
      resolve({ bytes, hash: hash.digest("hex"), end: ended && !failed ? "end" : "break" }),
    );
  });
}

export async function dialTunnel(port: number): Promise<net.Socket> {
  const socket = startDialling(port);
  await once(socket, "connect");
  return socket;
}

/** For a connection that may be broken before it stands. */
export function startDialling(port: number): net.Socket {
  const socket = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
  return socket.on("error", () => {});
}

/** Bytes that differ from stream to stream, and their hash. */
export function makeBody(seed: number, bytes: number): { readonly body: Buffer; readonly hash: string } {
  const body = Buffer.alloc(bytes);
  let state = seed + 1;
  for (let at = 0; at + 4 <= bytes; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    body.writeUInt32LE(state, at);
  }
  return { body, hash: createHash("sha256").update(body).digest("hex") };
}

/** Waits until a condition holds. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
