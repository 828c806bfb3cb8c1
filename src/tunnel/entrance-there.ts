import type { Destination } from "../ports.ts";
import { renderDestination } from "../ssh/connection.ts";
import { listenHere } from "./entrance-here.ts";
import { FarListener, type FarListenerOptions } from "./far-listener.ts";
import type { Dial } from "./held-dial.ts";
import { type NotesWorld, openNotes } from "./session-notes.ts";
import type { Entrance, KeptConnection } from "./tunnel.ts";

export interface ThereOptions extends Pick<FarListenerOptions, "onChange" | "clock" | "random"> {
  readonly world: NotesWorld;
  readonly onProblem?: Parameters<typeof listenHere>[2]["onProblem"];
}

/**
 * Listens on the host of an engine; each connection comes back through this machine and is dialled on.
 * @throws RegctlError SSH_FORWARD_DENIED, SSH_FORWARD_FAILED, PORT_HELD, and those of the connection
 */
export async function listenThere(
  engine: KeptConnection,
  at: Destination,
  dial: Dial,
  { world, onProblem, ...options }: ThereOptions,
): Promise<Entrance> {
  const { target } = await engine.up(0);
  const place = `${target.user}@${target.host}:${target.port} ${renderDestination(at)}`;
  const notes = await openNotes(place, world);
  let far: FarListener | null = null;
  const listen: Parameters<typeof listenHere>[2]["listen"] = async (wanted, onArrival) => {
    const listener = new FarListener(engine, { ...options, at: wanted, onArrival, notes });
    far = listener;
    await listener.open();
    return listener;
  };
  try {
    const entrance = await listenHere(at, dial, {
      listen,
      ...(onProblem === undefined ? {} : { onProblem }),
    });
    return {
      at: entrance.at,
      traffic: entrance.traffic,
      get problem() {
        return far?.problem ?? null;
      },
      link: engine,
      close: () => entrance.close(),
    };
  } catch (error) {
    await notes.release();
    throw error;
  }
}
