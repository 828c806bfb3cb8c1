/** The socket adapter around a handler of a test's own. */
import { once } from "node:events";
import net from "node:net";
import {
  type Exchange,
  type Listening,
  type ServerIdentity,
  type ServerLimits,
  type ServerNotice,
  usualLimits,
} from "../../src/server/listener.ts";
import type { Handle, ServerRequest, ServerResponse, Slice } from "../../src/server/message.ts";
import { startRegistryServer } from "../../src/system/registry-server.ts";

export interface ListeningRegistry extends Listening, AsyncDisposable {
  readonly notices: readonly ServerNotice[];
  /** Of the exchanges that have ended, in order; waits for so many. */
  exchanges(count: number): Promise<readonly Exchange[]>;
}

export interface ListenTestOptions {
  readonly limits?: Partial<ServerLimits>;
  readonly tls?: ServerIdentity;
  readonly behindProxy?: boolean;
}

export async function listenWith(
  handle: Handle,
  options: ListenTestOptions = {},
): Promise<ListeningRegistry> {
  const notices: ServerNotice[] = [];
  let wake: () => void = () => {};
  const listening = await startRegistryServer({
    handle,
    listen: { host: "127.0.0.1", port: 0 },
    limits: { ...usualLimits, ...options.limits },
    behindProxy: options.behindProxy ?? false,
    emit: (notice) => {
      notices.push(notice);
      wake();
    },
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  });
  const ended = () => notices.flatMap((notice) => (notice.kind === "exchange" ? [notice.exchange] : []));
  return {
    ...listening,
    notices,
    exchanges: async (count) => {
      while (ended().length < count) await new Promise<void>((resolve) => (wake = resolve));
      return ended();
    },
    [Symbol.asyncDispose]: async () => {
      await listening.close({ graceMs: 0 });
    },
  };
}

export function answerWith(status: number, body: string | Slice | null = null): ServerResponse {
  return { status, headers: {}, body: typeof body === "string" ? Buffer.from(body) : body };
}

/** Everything that the body brings. */
export async function readBody({ body }: ServerRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Stored content that is nowhere: byte N is N modulo 251. */
export function countingSlice(length: number): Slice & { readonly closed: () => number } {
  let closed = 0;
  return {
    kind: "slice",
    length,
    read: async (target, position) => {
      const bytes = Math.min(target.length, length - position);
      for (let index = 0; index < bytes; index += 1) target[index] = (position + index) % 251;
      return bytes;
    },
    close: async () => {
      closed += 1;
    },
    closed: () => closed,
  };
}

export interface RawClient extends Disposable {
  readonly socket: net.Socket;
  /** What has come, once it holds this. */
  until(text: string): Promise<string>;
  /** All that came before the server ended the connection. */
  rest(): Promise<string>;
}

/** A connection on which a test writes what it likes. */
export async function connectRaw({ address, port }: Pick<Listening, "address" | "port">): Promise<RawClient> {
  const socket = net.connect({ host: address, port, allowHalfOpen: true });
  let text = "";
  let wake: () => void = () => {};
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    wake();
  });
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.once("end", () => socket.end());
  await once(socket, "connect");
  return {
    socket,
    until: async (wanted) => {
      while (!text.includes(wanted)) {
        if (socket.destroyed) throw new Error(`closed before ${wanted}: ${text}`);
        await Promise.race([new Promise<void>((resolve) => (wake = resolve)), closed]);
      }
      return text;
    },
    rest: async () => {
      await closed;
      return text;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}
