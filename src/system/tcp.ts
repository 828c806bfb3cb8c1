/** TCP connections, with TLS where it is wanted. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import net from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import type { EngineTls } from "../engine/endpoint.ts";

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
  readonly tls?: EngineTls;
  /** Milliseconds for the connection; default 15 s. */
  readonly withinMs?: number;
}

const connectWithinMs = 15_000;

/** Rejects with the system's error. */
export async function dialTcp({ host, port, tls: secure, withinMs }: TcpAddress): Promise<Duplex> {
  const identity = secure === undefined ? null : await readIdentity(secure);
  const socket =
    identity === null
      ? net.connect({ host, port, noDelay: true, allowHalfOpen: true })
      : tls.connect({ host, port, ...(net.isIP(host) === 0 ? { servername: host } : {}), ...identity });
  socket.setTimeout(withinMs ?? connectWithinMs, () =>
    socket.destroy(new Error("no connection within the time")),
  );
  await once(socket, identity === null ? "connect" : "secureConnect");
  socket.setTimeout(0);
  return socket;
}

/** As the docker CLI: a file that is not there is not used. */
async function readIdentity({ ca, cert, key, verify }: EngineTls): Promise<tls.ConnectionOptions> {
  const read = async (path: string | undefined) =>
    path === undefined ? undefined : await readFile(path).catch(absent);
  const files = { ca: await read(ca), cert: await read(cert), key: await read(key) };
  const there = Object.entries(files).filter(([, content]) => content !== undefined);
  return { ...Object.fromEntries(there), rejectUnauthorized: verify };
}

function absent(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}
