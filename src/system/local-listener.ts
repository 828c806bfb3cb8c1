/** Listens at TCP addresses and unix sockets of this machine. */
import { once } from "node:events";
import { lstat, mkdir, rm } from "node:fs/promises";
import net from "node:net";
import { dirname } from "node:path";
import { RegctlError } from "../errors.ts";
import { Intake } from "../intake.ts";
import type { Destination } from "../ports.ts";
import type { Arrival, ListenLocally, LocalListener } from "../tunnel/listener.ts";
import { findPortHolder, findSocketHolder } from "./port-holder.ts";
import { countPassedBytes, keepYoungGenerationSmall } from "./young-generation.ts";

/**
 * What a client on this machine sends comes in large pieces: 128 KiB at once take a fifth more processor time. Untouched
 * memory costs nothing.
 */
const bytesAtOnce = 256 * 1024;
/** As many as may arrive at once while we are busy. */
const backlog = 511;

export const listenLocally: ListenLocally = (at, onArrival) =>
  listenFor((socket) => onArrival(withIntake(socket)), at);

/** As it is where Node's sockets have other insides than `withIntake` knows: what comes is read in chunks. */
export const listenWithoutIntake: ListenLocally = (at, onArrival) => listenFor(onArrival, at);

async function listenFor(onSocket: (socket: net.Socket) => void, at: Destination): Promise<LocalListener> {
  if (at.kind === "unix") await makeRoom(at.path);
  keepYoungGenerationSmall();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, onSocket);
  try {
    await bind(server, at);
  } catch (error) {
    throw await explain(at, error);
  }
  return {
    at: at.kind === "unix" ? at : { ...at, port: (server.address() as net.AddressInfo).port },
    passed: countPassedBytes,
    // It waits for no connection: those are their owner's. A socket's file goes with it.
    close: async () => void server.close(),
  };
}

/**
 * Node gives memory to read into only to sockets that it connects itself. One that has come in is therefore made again
 * around its handle, before it has read anything; the first one is then nobody's. Decision 0013 says why. A socket
 * without such a handle is given back as it is.
 */
export function withIntake(socket: net.Socket): Arrival {
  const handle: unknown = Reflect.get(socket, "_handle");
  const buffered: unknown =
    typeof handle === "object" && handle !== null ? Reflect.get(handle, "useUserBuffer") : null;
  if (typeof buffered !== "function") return socket;
  Reflect.set(socket, "_handle", null);
  const intake = new Intake(bytesAtOnce);
  const { onread } = intake;
  const options = { handle, allowHalfOpen: true, onread };
  return Object.assign(new net.Socket(options as net.SocketConstructorOpts), { intake });
}

async function bind(server: net.Server, at: Destination): Promise<void> {
  // Node binds a socket within the call: with this mask it is never anybody else's, not even for a moment.
  const mask = at.kind === "unix" ? process.umask(0o177) : null;
  try {
    if (at.kind === "unix") server.listen({ path: at.path, backlog });
    else server.listen({ host: at.host, port: at.port, backlog });
  } finally {
    if (mask !== null) process.umask(mask);
  }
  await once(server, "listening");
}

/** A killed process leaves its socket behind. */
async function makeRoom(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch(() => {});
  const found = await lstat(path).catch(() => null);
  if (found?.isSocket() && !(await isHeld(path))) await rm(path, { force: true });
}

async function isHeld(path: string): Promise<boolean> {
  const socket = net.connect({ path });
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ECONNREFUSED");
  } finally {
    socket.destroy();
  }
}

async function explain(at: Destination, error: unknown): Promise<RegctlError> {
  const address =
    at.kind === "unix" ? at.path : `${at.host.includes(":") ? `[${at.host}]` : at.host}:${at.port}`;
  const { code, message } =
    error instanceof Error && "code" in error ? error : { code: "", message: String(error) };
  if (code !== "EADDRINUSE")
    return new RegctlError("LISTEN_FAILED", { address, problem: message }, { cause: error });
  const by = await (at.kind === "unix" ? findSocketHolder(at.path) : findPortHolder(at.port));
  return new RegctlError("PORT_HELD", { address, by }, { cause: error });
}
