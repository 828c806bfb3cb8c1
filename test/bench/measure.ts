/** Interleaved runs of two commands, and the line that tells their ratio. */

export interface Timed {
  readonly name: string;
  run(): Promise<void>;
  /** Not counted, before each run. */
  before?(): Promise<void>;
}

export interface Comparison {
  readonly title: string;
  readonly ours: Timed;
  readonly peer: Timed;
  /** The ratio ours : peer must not be above this. */
  readonly atMost: number;
  readonly rounds: number;
}

export interface Verdict {
  readonly line: string;
  readonly met: boolean;
}

async function timeOnce(timed: Timed): Promise<number> {
  await timed.before?.();
  const start = process.hrtime.bigint();
  await timed.run();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Against the fastest of several. */
export interface Race extends Omit<Comparison, "peer"> {
  readonly peers: readonly Timed[];
}

/** One warm-up of each, then ours and the peer in turn, so that a machine that drifts drifts for both. */
export async function compare({ peer, ...comparison }: Comparison): Promise<Verdict> {
  return await race({ ...comparison, peers: [peer] });
}

export async function race({ title, ours, peers, atMost, rounds }: Race): Promise<Verdict> {
  const runs = [ours, ...peers].map((timed) => ({ timed, times: [] as number[] }));
  for (const { timed } of runs) await timeOnce(timed);
  for (let round = 0; round < rounds; round += 1) {
    for (const { timed, times } of runs) times.push(await timeOnce(timed));
  }
  const [mine = Number.NaN, ...theirs] = runs.map(({ times }) => median(times));
  const ratio = mine / Math.min(...theirs);
  const met = ratio <= atMost;
  const shown = runs.map(({ timed, times }) => `${timed.name} ${median(times).toFixed(0)} ms`).join(", ");
  const line = `${title}: ${shown}, N=${rounds}, median ratio ${ratio.toFixed(2)} (asked ≤ ${Number(atMost.toFixed(2))}) ${met ? "MET" : "MISSED"}`;
  return { line, met };
}

/** Memory, against a bound. */
export function judgeMemory(title: string, peak: number, atMost: number): Verdict {
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const met = peak > 0 && peak < atMost;
  return { line: `${title}: RSS ${mib(peak)} (asked < ${mib(atMost)}) ${met ? "MET" : "MISSED"}`, met };
}
