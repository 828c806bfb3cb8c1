/** Spoiling inputs on purpose, by the same numbers every time. */

/** A whole number from 0 up to `below`, not included. */
export type Random = (below: number) => number;

/** Mulberry32, a generator small enough to be read. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Pieces that parsers stumble over. */
const tokens = [
  ..."/:@,;=<>\"'()[]{}*?\\ \t\n\r.-_+#&%|~0",
  ...[
    "..",
    "//",
    "::",
    "\u0000",
    "\u2028",
    "é",
    "🐳",
    "__proto__",
    "constructor",
    "null",
    "true",
    "-1",
    "1e309",
  ],
  ...[
    "9007199254740993",
    "sha256:",
    "[::1]:5000/",
    "localhost",
    '"manifests":[]',
    '"layers":null',
    "rel=next",
  ],
  ...["Bearer ", "299 - ", "https://u:p@h/?a=b#c", "<script>", "&amp;", "bytes ", "{a,b}", "[!-", "v1.0-"],
];

export const mostBytes = 64 * 1024;

type Mutation = (input: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

function spliced(input: Buffer, at: number, gone: number, added: Uint8Array): Buffer {
  return Buffer.concat([input.subarray(0, at), added, input.subarray(Math.min(input.length, at + gone))]);
}

function pick<T>(list: readonly T[], random: Random, otherwise: T): T {
  return list[random(Math.max(1, list.length))] ?? otherwise;
}

const mutations: readonly Mutation[] = [
  // Another byte.
  (input, random) => spliced(input, random(input.length + 1), 1, Buffer.of(random(256))),
  // A token, put in or put in place of something.
  (input, random) =>
    spliced(input, random(input.length + 1), random(3), Buffer.from(pick(tokens, random, ""))),
  // A part gone.
  (input, random) => spliced(input, random(input.length + 1), 1 + random(16), Buffer.alloc(0)),
  // Cut off.
  (input, random) => input.subarray(0, random(input.length + 1)),
  // A part twice.
  (input, random) => {
    const from = random(input.length + 1);
    return spliced(input, random(input.length + 1), 0, input.subarray(from, from + random(40)));
  },
  // A part of another input.
  (input, random, others) => {
    const other = pick(others, random, input);
    const from = random(other.length + 1);
    return spliced(input, random(input.length + 1), random(20), other.subarray(from, from + random(60)));
  },
];

/** A part very often: the input that shows what takes more than linear time. */
const swollen: Mutation = (input, random) => {
  const from = random(input.length + 1);
  const part = Buffer.from(input.subarray(from, from + 1 + random(6)));
  const text = part.length === 0 ? Buffer.from(pick(tokens, random, "a")) : part;
  const times = Math.floor(random(mostBytes) / text.length);
  return spliced(input, from, 0, Buffer.concat(Array.from({ length: times }, () => text)));
};

/** One to six changes; never longer than `mostBytes`. */
export function mutate(input: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let spoiled = input;
  for (let changes = 1 + random(6); changes > 0; changes -= 1) {
    const mutation = random(200) === 0 ? swollen : pick(mutations, random, swollen);
    spoiled = mutation(spoiled, random, others).subarray(0, mostBytes);
  }
  return spoiled;
}
