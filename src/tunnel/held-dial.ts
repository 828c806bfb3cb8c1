import { isRegctlError } from "../errors.ts";
import type { Destination } from "../ports.ts";
import type { Dialled } from "../ssh/connection.ts";
import type { KeptConnection } from "./tunnel.ts";

/** Opens a stream to where a forward leads. `signal`: whoever wants it has left. */
export type Dial = (signal: AbortSignal) => Promise<Dialled>;

/**
 * Dials through a kept connection, and waits for it up to `holdMs` while it is being made again. What was lost before
 * a byte went is dialled once more.
 * @throws RegctlError why there is none (rejects)
 */
export async function dialHeld(
  kept: KeptConnection,
  to: Destination,
  holdMs: number,
  signal: AbortSignal,
): Promise<Dialled> {
  const until = performance.now() + holdMs;
  for (;;) {
    const connection = await kept.up(Math.max(0, until - performance.now()));
    signal.throwIfAborted();
    try {
      return await connection.dialAtOnce(to);
    } catch (error) {
      if (!isRegctlError(error, "SSH_CONNECTION_LOST")) throw error;
      // Its owner hears of the loss in the same moment, and asks for another.
      if (kept.state === "up") await connection.closed;
      if (performance.now() >= until) throw error;
    }
  }
}
