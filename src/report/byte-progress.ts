/** Bytes under way in words: how many of how many, how fast, how long still. */
import type { ProgressEvent } from "../ports.ts";
import { renderDuration, renderSize } from "./amounts.ts";

export type BytesEvent = Extract<ProgressEvent, { event: "bytes" }>;

type Amount = Pick<BytesEvent, "done" | "total">;

export interface Rates {
  /** Bytes a second over the last seconds; null while nobody can tell. */
  note(event: BytesEvent): number | null;
}

/** So far back a rate looks: a shorter time jumps, a longer one hides that it stands still. */
const windowMs = 8000;
const leastMs = 500;

export function createRates(now: () => number): Rates {
  const seen = new Map<string, { readonly at: number; readonly done: number }[]>();
  return {
    note: ({ host, what, done }) => {
      const key = `${host}\n${what}`;
      const at = now();
      const before = seen.get(key) ?? [];
      const samples = before.filter((sample) => at - sample.at <= windowMs);
      // One from before the window keeps the rate true when events are rare.
      const oldest = samples[0] ?? before.at(-1);
      seen.set(key, [...samples, { at, done }]);
      return oldest === undefined || at - oldest.at < leastMs
        ? null
        : ((done - oldest.done) / (at - oldest.at)) * 1000;
    },
  };
}

/** `412 MiB of 1 GiB (40%)`. */
export function renderAmount({ done, total }: Amount): string {
  if (total === null || total === 0) return renderSize(done);
  return `${renderSize(Math.min(done, total))} of ${renderSize(total)} (${percentOf(done, total)}%)`;
}

/** `, 128 MiB/s, 5s left`: nothing while nobody can tell. */
export function renderPace({ done, total }: Amount, rate: number | null): string {
  if (rate === null) return "";
  const left =
    total === null || rate <= 0 || done >= total ? "" : `, ${renderDuration((total - done) / rate)} left`;
  return `, ${renderSize(Math.max(0, rate))}/s${left}`;
}

const barColumns = { least: 8, most: 30 } as const;

/** A bar and what fits beside it, in no more columns than there are; ASCII where nothing else arrives. */
export function renderBar(
  event: Amount,
  rate: number | null,
  { columns, unicode }: { readonly columns: number; readonly unicode: boolean },
): string {
  const words = `${renderAmount(event)}${renderPace(event, rate)}`;
  const [short] = words.split(", ");
  const fitting = [words, short ?? "", `${percentOf(event.done, event.total ?? 0)}%`];
  const text = fitting.find((each) => each.length <= columns) ?? "";
  const room = Math.min(barColumns.most, columns - text.length - 2);
  if (event.total === null || room < barColumns.least) return text;
  const width = unicode ? room : room - 2;
  const full = Math.round((width * percentOf(event.done, event.total)) / 100);
  const bar = unicode
    ? "█".repeat(full) + "░".repeat(width - full)
    : `[${"#".repeat(full)}${"-".repeat(width - full)}]`;
  return `${bar}  ${text}`;
}

function percentOf(done: number, total: number): number {
  return total <= 0 ? 100 : Math.min(100, Math.floor((done / total) * 100));
}
