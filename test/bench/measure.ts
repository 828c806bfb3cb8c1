/** Interleaved runs of two commands, and the line that tells their ratio. */

export interface Timed {
  readonly name: string;
  /** What it gives is not looked at. */
  run(): Promise<unknown>;
  /** Not counted, before each run. */
  before?(): Promise<unknown>;
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
  const [mine, ...theirs] = await timeInTurn([ours, ...peers], rounds);
  if (mine === undefined) throw new Error("nothing was timed");
  return judgeRatio({ title, mine, theirs, atMost, rounds });
}

/** Milliseconds of one that was run several times. */
export interface Took {
  readonly name: string;
  readonly median: number;
}

/** A warm-up of each, then all in turn, round by round. */
export async function timeInTurn(timeds: readonly Timed[], rounds: number): Promise<readonly Took[]> {
  const runs = timeds.map((timed) => ({ timed, times: [] as number[] }));
  for (const { timed } of runs) await timeOnce(timed);
  for (let round = 0; round < rounds; round += 1) {
    for (const { timed, times } of runs) times.push(await timeOnce(timed));
  }
  return runs.map(({ timed, times }) => ({ name: timed.name, median: median(times) }));
}

export interface Ratio {
  readonly title: string;
  readonly mine: Took;
  readonly theirs: readonly Took[];
  readonly atMost: number;
  readonly rounds: number;
}

/** Against the fastest of several. */
export function judgeRatio({ title, mine, theirs, atMost, rounds }: Ratio): Verdict {
  const ratio = mine.median / Math.min(...theirs.map(({ median: each }) => each));
  const met = ratio <= atMost;
  const shown = [mine, ...theirs].map(({ name, median: each }) => `${name} ${each.toFixed(0)} ms`).join(", ");
  const line = `${title}: ${shown}, N=${rounds}, median ratio ${ratio.toFixed(2)} (asked ≤ ${Number(atMost.toFixed(2))}) ${met ? "MET" : "MISSED"}`;
  return { line, met };
}

/** What took less than it may, without a peer. */
export function judgeTime(
  title: string,
  { name, median: took }: Took,
  atMostMs: number,
  rounds: number,
): Verdict {
  const met = took <= atMostMs;
  const line = `${title}: ${name} ${took.toFixed(0)} ms, N=${rounds} (asked ≤ ${atMostMs.toFixed(0)} ms) ${met ? "MET" : "MISSED"}`;
  return { line, met };
}

/** Memory, against a bound. */
export function judgeMemory(title: string, peak: number, atMost: number): Verdict {
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const met = peak > 0 && peak < atMost;
  return { line: `${title}: RSS ${mib(peak)} (asked < ${mib(atMost)}) ${met ? "MET" : "MISSED"}`, met };
}
