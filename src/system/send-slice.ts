/** Stored content on its way to a socket: one piece is read while the one before it is being sent. */
import type { ServerLimits } from "../server/listener.ts";
import type { Slice } from "../server/message.ts";
import type { BufferPool } from "./buffer-pool.ts";
import { createPatience } from "./patience.ts";
import type { Wire } from "./wire.ts";

/** It could not be read to its end: a fault of ours, unlike a client that goes. */
export class SliceFailure extends Error {
  override readonly name = "SliceFailure";
}

interface Piece {
  readonly buffer: Buffer;
  readonly bytes: number;
}

/**
 * Sends all of it and tells of every piece; the caller closes the slice. Throws SliceFailure, or the error of a
 * connection that is gone.
 */
export async function sendSlice(
  slice: Slice,
  wire: Wire,
  pool: BufferPool,
  limits: ServerLimits,
  onSent: (bytes: number) => void,
): Promise<void> {
  const patience = createPatience(wire.response, limits, () => wire.response.destroy());
  const readPiece = (position: number): Promise<Piece | null> =>
    position < slice.length ? read(slice, position, pool) : Promise.resolve(null);
  let position = 0;
  let piece = await readPiece(0);
  while (piece !== null) {
    const { buffer, bytes } = piece;
    position += bytes;
    const [next, sent] = await Promise.allSettled([
      readPiece(position),
      patience.wait(write(wire, buffer.subarray(0, bytes)), () => bytes),
    ]);
    pool.give(buffer);
    if (next.status === "rejected") throw next.reason;
    if (sent.status === "rejected") {
      if (next.value !== null) pool.give(next.value.buffer);
      throw sent.reason;
    }
    onSent(bytes);
    piece = next.value;
  }
}

async function read(slice: Slice, position: number, pool: BufferPool): Promise<Piece> {
  const left = slice.length - position;
  const buffer = pool.take(left);
  try {
    const bytes = await slice.read(buffer.subarray(0, Math.min(left, buffer.length)), position);
    if (bytes === 0) throw new Error(`it ended at byte ${position} of ${slice.length}`);
    return { buffer, bytes };
  } catch (error) {
    pool.give(buffer);
    throw new SliceFailure("stored content could not be read", { cause: error });
  }
}

/** Resolves when the kernel has taken it, so that the buffer may be used again. */
function write({ response, gone }: Wire, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(new Error("the client went away"));
    if (gone()) return leave();
    response.once("close", leave);
    response.write(bytes, (error) => {
      response.off("close", leave);
      if (error) reject(error);
      else resolve();
    });
  });
}
