/** A connection over a stream that somebody else opened, which may be no socket: an SSH channel, a child's streams. */
import type { Duplex } from "node:stream";
import type { Connection } from "./connection.ts";

export function connectionOver(stream: Duplex): Connection<Duplex> {
  let error: Error | null = null;
  const connection: Connection<Duplex> = {
    socket: stream,
    listener: null,
    used: false,
    resume: () => void stream.resume(),
  };
  stream.on("data", (buffer: Buffer) => {
    const { listener } = connection;
    const slab = { buffer, filled: buffer.length, lent: 0, full: true };
    if (listener === null) stream.destroy();
    else if (!listener.onBytes(slab, 0, buffer.length)) stream.pause();
  });
  stream.on("drain", () => connection.listener?.onDrain());
  stream.on("error", (cause) => {
    error ??= cause;
  });
  stream.on("end", () => {
    const { listener } = connection;
    if (listener === null) stream.destroy();
    // Why it ended may be told after the end.
    else setImmediate(() => listener.onClose(error));
  });
  stream.on("close", () => connection.listener?.onClose(error));
  return connection;
}
