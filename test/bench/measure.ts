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

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** One warm-up of each, then ours and the peer in turn, so that a machine that drifts drifts for both. */
export async function compare({ title, ours, peer, atMost, rounds }: Comparison): Promise<Verdict> {
  await timeOnce(ours);
  await timeOnce(peer);
  const times = { ours: [] as number[], peer: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    times.ours.push(await timeOnce(ours));
    times.peer.push(await timeOnce(peer));
  }
  const [a, b] = [median(times.ours), median(times.peer)];
  const ratio = a / b;
  const met = ratio <= atMost;
  const line = `${title}: ${ours.name} ${a.toFixed(0)} ms, ${peer.name} ${b.toFixed(0)} ms, N=${rounds}, median ratio ${ratio.toFixed(2)} (asked ≤ ${atMost}) ${met ? "MET" : "MISSED"}`;
  return { line, met };
}
