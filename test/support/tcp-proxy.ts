/** A TCP proxy in front of a server that can cut its connections, refuse new ones, or go silent. */
import { once } from "node:events";
import net from "node:net";

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections that there ever were. */
  readonly taken: number;
  /** Ends what is open, in the middle. */
  cut(): void;
  /** No byte goes either way from now on, and nobody is told; new connections hang as well. */
  silence(): void;
  /** New connections work again; those that were silenced stay so. */
  speak(): void;
  /** New connections are refused (true), or taken again. */
  refuse(refused: boolean): Promise<void>;
  /** Where new connections go. */
  lead(port: number, host: string): void;
}

export async function startTcpProxy(host: string, target: number): Promise<TcpProxy> {
  let [port, silent, taken] = [0, false, 0];
  let to = { host, port: target };
  const sockets = new Set<net.Socket>();
  const keep = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  };
  const serve = (near: net.Socket): void => {
    keep(near);
    taken += 1;
    if (silent) return;
    const far = net.connect({ ...to, noDelay: true });
    keep(far);
    near.pipe(far);
    far.pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  };
  let server: net.Server | null = null;
  const open = async (): Promise<void> => {
    server = net.createServer({ noDelay: true }, serve);
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as net.AddressInfo).port;
  };
  const stop = (): void => {
    server?.close();
    server = null;
  };
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  await open();
  return {
    port,
    get taken() {
      return taken;
    },
    cut,
    silence: () => {
      silent = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    speak: () => {
      silent = false;
    },
    refuse: async (refused) => {
      if (refused) stop();
      else if (server === null) await open();
    },
    lead: (other, at) => {
      to = { host: at, port: other };
    },
    [Symbol.asyncDispose]: async () => {
      cut();
      stop();
    },
  };
}
