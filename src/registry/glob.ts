/**
 * Globs: `*` for any text, `?` for one character, `[a-z]` and `[!a-z]` for one of some, `{a,b}` for either, and a
 * backslash before a character that is meant. Matching takes time linear in pattern and name, whatever the pattern.
 * Pure.
 */

type Test = (character: string) => boolean;

type Part =
  | { readonly kind: "one"; readonly test: Test }
  | { readonly kind: "any" }
  | { readonly kind: "either"; readonly choices: readonly (readonly Part[])[] };

/** A step of the matching machine: takes a character and goes on, or with no test goes on at once. */
interface State {
  readonly test: Test | null;
  readonly next: readonly number[];
}

const longestPattern = 1000;

/** Whether a text is a pattern rather than a name. */
export function isGlob(text: string): boolean {
  return /[*?[{\\]/.test(text);
}

/** Tells whether a whole name matches; or in words what is wrong with the pattern. */
export function compileGlob(pattern: string): ((name: string) => boolean) | string {
  if (pattern.length > longestPattern) return `it has more than ${longestPattern} characters`;
  const reader = { characters: [...pattern], at: 0 };
  const parts = readSequence(reader, false);
  if (typeof parts === "string") return parts;
  const states: State[] = [{ test: null, next: [] }];
  const start = addSequence(states, parts, 0);
  return (name) => run(states, start, name);
}

interface Reader {
  readonly characters: readonly string[];
  at: number;
}

function readSequence(reader: Reader, inBraces: boolean): readonly Part[] | string {
  const parts: Part[] = [];
  for (; reader.at < reader.characters.length; reader.at += 1) {
    const character = reader.characters[reader.at] ?? "";
    if (inBraces && (character === "," || character === "}")) return parts;
    const part = readPart(reader, character);
    if (typeof part === "string") return part;
    parts.push(part);
  }
  return inBraces ? "a { has no }" : parts;
}

/** Leaves the reader at the last character of the part. */
function readPart(reader: Reader, character: string): Part | string {
  if (character === "*") return { kind: "any" };
  if (character === "?") return { kind: "one", test: () => true };
  if (character === "[") return readClass(reader);
  if (character === "{") return readChoices(reader);
  if (character === "\\") reader.at += 1;
  const meant = reader.characters[reader.at];
  return meant === undefined ? "it ends with a backslash" : { kind: "one", test: (given) => given === meant };
}

function readChoices(reader: Reader): Part | string {
  const choices: (readonly Part[])[] = [];
  do {
    reader.at += 1;
    const choice = readSequence(reader, true);
    if (typeof choice === "string") return choice;
    choices.push(choice);
  } while (reader.characters[reader.at] === ",");
  return { kind: "either", choices };
}

/** A `]` that stands first, and a `-` at either end, are themselves. */
function readClass(reader: Reader): Part | string {
  const { characters } = reader;
  const negated = characters[reader.at + 1] === "!" || characters[reader.at + 1] === "^";
  const first = reader.at + (negated ? 2 : 1);
  const end = characters.indexOf("]", first + 1);
  if (end < 0) return "a [ has no ]";
  const ranges: (readonly [low: string, high: string])[] = [];
  for (let at = first; at < end; at += 1) {
    const low = characters[at] ?? "";
    const isRange = characters[at + 1] === "-" && at + 2 < end;
    const high = isRange ? (characters[at + 2] ?? "") : low;
    if (low > high) return `${low}-${high} is the wrong way round`;
    ranges.push([low, high]);
    if (isRange) at += 2;
  }
  reader.at = end;
  return {
    kind: "one",
    test: (given) => negated !== ranges.some(([low, high]) => given >= low && given <= high),
  };
}

/** Adds the states of a sequence that goes on at `next`; answers with its first. */
function addSequence(states: State[], parts: readonly Part[], next: number): number {
  return parts.reduceRight((after, part) => addPart(states, part, after), next);
}

function addPart(states: State[], part: Part, next: number): number {
  if (part.kind === "one") return states.push({ test: part.test, next: [next] }) - 1;
  if (part.kind === "any") {
    const loop = states.length;
    states.push({ test: null, next: [next, loop + 1] }, { test: () => true, next: [loop] });
    return loop;
  }
  const starts = part.choices.map((choice) => addSequence(states, choice, next));
  return states.push({ test: null, next: starts }) - 1;
}

function run(states: readonly State[], start: number, name: string): boolean {
  let current = reachable(states, [start]);
  for (const character of name) {
    if (current.size === 0) return false;
    const taken = [...current].flatMap((index) =>
      states[index]?.test?.(character) ? states[index].next : [],
    );
    current = reachable(states, taken);
  }
  return current.has(0);
}

/** Those states and all that they lead to without a character; state 0 is the end of the pattern. */
function reachable(states: readonly State[], from: readonly number[]): ReadonlySet<number> {
  const found = new Set(from);
  // A set that grows while it is walked is walked to its end.
  for (const index of found) {
    const state = states[index];
    if (state !== undefined && state.test === null) for (const next of state.next) found.add(next);
  }
  return found;
}
