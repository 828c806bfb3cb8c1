/** Tells how a tunnel does: each change of its state at once, and once a second what has moved. */
import { explain } from "../explain/errors.ts";
import type { Clock, Emit } from "../ports.ts";
import type { StartedTunnel } from "./start-tunnel.ts";

const everyMs = 1000;

export interface WatchWorld {
  readonly emit: Emit;
  readonly clock: Clock;
}

/** Until the function that it returns is called. */
export function watchTunnel(
  { server, tunnel }: Pick<StartedTunnel, "server" | "tunnel">,
  { emit, clock }: WatchWorld,
): () => void {
  const over = new AbortController();
  const told = { state: "", moved: -1 };
  const tell = (): void => {
    if (over.signal.aborted) return;
    const { state, since, problem, bytesUp, bytesDown, reconnects } = tunnel.facts;
    const words = problem === null ? null : explain(problem).message;
    const changed = `${state} ${words}` !== told.state;
    if (!changed && bytesUp + bytesDown === told.moved) return;
    told.state = `${state} ${words}`;
    told.moved = bytesUp + bytesDown;
    emit({
      event: "tunnel",
      host: server,
      state,
      since: since.toISOString(),
      bytesUp,
      bytesDown,
      reconnects,
      problem: words,
      changed,
    });
  };
  const tick = async (): Promise<void> => {
    while (!over.signal.aborted) {
      tell();
      await clock.sleep(everyMs, over.signal).catch(() => {});
    }
  };
  tunnel.onChange(tell);
  void tick();
  return () => over.abort();
}
