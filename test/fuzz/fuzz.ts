/** Running one target on spoiled inputs until there are enough, or one is a finding. */
import { isRegctlError } from "../../src/errors.ts";
import { mutate, type Random } from "./mutate.ts";
import type { Target } from "./targets.ts";

export interface Finding {
  readonly target: string;
  readonly input: Buffer;
  readonly error: unknown;
}

/** What the target threw that it must not throw, or null. */
function findingOf({ name, run }: Target, input: Buffer): Finding | null {
  try {
    run(input);
  } catch (error) {
    if (!isRegctlError(error) || error.code === "INTERNAL") return { target: name, input, error };
  }
  return null;
}

/** `before` is told each input before it is tried, and ends the run by answering false. */
export function fuzz(target: Target, random: Random, before: (input: Buffer) => boolean): Finding | null {
  const seeds = target.seeds.map((seed) => Buffer.from(seed));
  // Inputs that were spoiled already are spoiled further, so that changes add up.
  const pool: Buffer[] = [...seeds];
  for (let count = 0; ; count += 1) {
    const base: Buffer = pool[random(pool.length)] ?? Buffer.alloc(0);
    const input: Buffer = count < seeds.length ? (seeds[count] ?? base) : mutate(base, random, seeds);
    if (!before(input)) return null;
    const finding = findingOf(target, input);
    if (finding !== null) return finding;
    if (input.length < 2000 && random(4) === 0) pool[seeds.length + random(50)] = input;
  }
}
