/** Waiting that notices when the machine was asleep, and that can be cut short. */
import type { Clock } from "../ports.ts";

export type PauseEnd = "over" | "slept" | "stopped";

const tickMs = 1_000;
/** The wall clock went on by so much more than a tick: timers stand still while a machine sleeps, that clock does not. */
const sleptMs = 5_000;

/** `stopped`: the signal was aborted. Never rejects. */
export async function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<PauseEnd> {
  for (let left = ms; left > 0; left -= tickMs) {
    const tick = Math.min(left, tickMs);
    const before = clock.now().getTime();
    await clock.sleep(tick, signal).catch(() => {});
    if (signal.aborted) return "stopped";
    if (clock.now().getTime() - before > tick + sleptMs) return "slept";
  }
  return signal.aborted ? "stopped" : "over";
}
