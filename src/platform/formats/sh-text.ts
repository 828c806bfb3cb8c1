/**
 * The assignments of a file that sh sources, in the order of the text. Conditions are not weighed and functions
 * not called: an assignment counts wherever it stands.
 */
import type { Lookup, ShWord } from "./sh-word.ts";
import { readWord, ShFault } from "./sh-word.ts";

export interface ShAssignment {
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
  /** With the variables that the text set before; others are left as they are written. */
  readonly value: string;
}

export interface ShText {
  readonly assignments: readonly ShAssignment[];
  /** The values that the text leaves behind. */
  readonly values: ReadonlyMap<string, string>;
  readonly fault?: { readonly offset: number; readonly problem: string };
}

interface Opener {
  readonly closer: string;
  readonly offset: number;
}

interface State {
  readonly text: string;
  readonly variable: string;
  readonly values: Map<string, string>;
  readonly assignments: ShAssignment[];
  readonly open: Opener[];
  pending: ShAssignment[];
  /** What the words of the running command are. */
  mode: "start" | "export" | "readonly" | "arguments";
  /** The running command is reached only when the one before it allows it. */
  conditional: boolean;
  at: number;
}

/** Words after which a command begins, with what they want to be closed by. */
const openers: Readonly<Record<string, string>> = { if: "fi", case: "esac", "{": "}", do: "done" };
const closers = new Set(["fi", "esac", "}", "done"]);
const connectors = new Set(["then", "else", "elif", "while", "until", "!"]);

/** Reads a whole text for the sake of one variable, which is empty until the text sets it. */
export function parseShText(text: string, variable: string): ShText {
  const values = new Map([[variable, ""]]);
  const state: State = {
    text,
    variable,
    values,
    assignments: [],
    open: [],
    pending: [],
    mode: "start",
    conditional: false,
    at: 0,
  };
  try {
    while (state.at < text.length) step(state);
    endCommand(state);
    const [opener] = state.open;
    if (opener !== undefined)
      throw new ShFault(opener.offset, `${opener.closer} is missing for what begins here`);
  } catch (error) {
    if (!(error instanceof ShFault)) throw error;
    return { assignments: [], values: new Map(), fault: { offset: error.offset, problem: error.problem } };
  }
  return { assignments: state.assignments, values };
}

function step(state: State): void {
  const { text, at } = state;
  const char = text[at] ?? "";
  if (char === "\\" && text[at + 1] === "\n" && at + 2 < text.length) state.at += 2;
  else if (/[ \t]/.test(char)) state.at += 1;
  else if (char === "#") state.at = endOfLine(text, at);
  else if (/[\n;&|()]/.test(char)) separate(state, char);
  else if (/[<>]/.test(char)) redirect(state);
  else takeWord(state);
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

function separate(state: State, char: string): void {
  endCommand(state);
  const doubled = state.text[state.at + 1] === char && /[&|;]/.test(char);
  state.conditional = doubled && char !== ";";
  if (char === "(") state.open.push({ closer: ")", offset: state.at });
  if (char === ")" && state.open.at(-1)?.closer !== "esac") close(state, ")", state.at);
  state.at += doubled ? 2 : 1;
}

function endCommand(state: State): void {
  for (const assignment of state.pending) {
    state.values.set(assignment.name, assignment.value);
    state.assignments.push(assignment);
  }
  state.pending = [];
  state.mode = "start";
}

function close(state: State, closer: string, offset: number): void {
  if (state.open.pop()?.closer !== closer) throw new ShFault(offset, `${closer} closes nothing`);
}

function redirect(state: State): void {
  if (state.text.startsWith("<<", state.at)) {
    throw new ShFault(state.at, "a here-document stands there, which this program does not read");
  }
  const [sign = ">"] = /^[<>]+[&|]?[ \t]*/.exec(state.text.slice(state.at)) ?? [];
  state.at = readWord(state.text, state.at + sign.length, () => undefined).end;
}

/** Assignments before a command are for that command alone; alone or after `export` they last. */
function takeWord(state: State): void {
  const { text, at, mode } = state;
  const lookup: Lookup = (name) =>
    state.pending.findLast((assignment) => assignment.name === name)?.value ?? state.values.get(name);
  const word = readWord(text, at, lookup);
  state.at = word.end;
  const name = /^([A-Za-z_]\w*)=/.exec(text.slice(at, word.end))?.[1];
  if (mode === "readonly" && (name ?? word.value) === state.variable) {
    throw new ShFault(word.start, `${state.variable} is made readonly here, and nothing can be added to it`);
  }
  if (name !== undefined && mode !== "arguments") {
    const { start, end } = word;
    const value = word.value.slice(name.length + 1);
    state.pending.push({ name, start, valueStart: start + name.length + 1, end, value });
  } else if (mode === "start") {
    beginCommand(state, word);
  }
}

function beginCommand(state: State, word: ShWord): void {
  const raw = state.text.slice(word.start, word.end);
  const closer = openers[raw];
  state.pending = [];
  if (raw === "export" || raw === "readonly") {
    state.mode = raw;
    return;
  }
  if (closer !== undefined) state.open.push({ closer, offset: word.start });
  else if (closers.has(raw)) close(state, raw, word.start);
  if (raw === "case") state.mode = "arguments";
  else if (closer === undefined && !connectors.has(raw)) state.mode = "arguments";
  if (/^(?:return|exit)$/.test(raw) && state.open.length === 0 && !state.conditional) {
    throw new ShFault(word.start, `"${raw}" ends the reading here, and lines after it do nothing`);
  }
}
