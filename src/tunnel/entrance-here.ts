import { isRegctlError, type RegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import type { Destination } from "../ports.ts";
import type { Dial } from "./held-dial.ts";
import type { Arrival, ListenLocally } from "./listener.ts";
import { breakOff, relay } from "./relay.ts";
import type { Entrance } from "./tunnel.ts";

export interface EntranceWorld {
  readonly listen: ListenLocally;
  /** A connection that came in could not be served, or not to its end: why. */
  readonly onProblem?: (error: RegctlError) => void;
}

/**
 * Listens on this machine; each connection is dialled on. Those that cannot be dialled are closed with a reset.
 * @throws RegctlError PORT_HELD, LISTEN_FAILED
 */
export async function listenHere(at: Destination, dial: Dial, world: EntranceWorld): Promise<Entrance> {
  const traffic = { bytesUp: 0, bytesDown: 0, open: 0 };
  const counts = {
    up: (bytes: number, sparing: boolean): void => {
      traffic.bytesUp += bytes;
      if (!sparing) passed(bytes);
    },
    down: (bytes: number, sparing: boolean): void => {
      traffic.bytesDown += bytes;
      if (!sparing) passed(bytes);
    },
  };
  // The first connection may come before it is known that we listen.
  let passed: (bytes: number) => void = () => {};
  const arrivals = new Set<Arrival>();
  const serve = async (near: Arrival): Promise<void> => {
    traffic.open += 1;
    arrivals.add(near);
    try {
      const far = await hold(near, dial);
      const why = far === null ? null : await relay(near, far, counts);
      if (why !== null) world.onProblem?.(why);
    } catch (error) {
      breakOff(near);
      if (isRegctlError(error)) world.onProblem?.(error);
    } finally {
      arrivals.delete(near);
      traffic.open -= 1;
    }
  };
  const listener = await world.listen(at, (near) => void serve(near));
  passed = (bytes) => listener.passed?.(bytes);
  return {
    at: listener.at,
    traffic,
    problem: null,
    link: null,
    close: async () => {
      const closing = listener.close();
      for (const near of arrivals) breakOff(near);
      await closing;
    },
  };
}

/** Dials for a connection, unless it leaves first: null. */
async function hold(near: Arrival, dial: Dial) {
  const left = new AbortController();
  const leave = (): void => left.abort();
  // Whoever ends without having said anything wants no answer.
  const look = (): void => {
    if (near.readableLength === 0) near.read();
  };
  near.on("error", leave);
  near.once("close", leave);
  near.once("end", leave);
  // An intake stands still once it holds something, and tells an end by itself.
  if (near.intake === undefined) near.on("readable", look);
  const dialling = dial(left.signal);
  try {
    return await interruptible(dialling, left.signal);
  } catch (error) {
    if (!left.signal.aborted) throw error;
    dialling.then(
      ({ discard }) => discard(),
      () => {},
    );
  } finally {
    near.off("readable", look);
    near.off("end", leave);
    near.off("close", leave);
  }
  near.destroy();
  return null;
}
