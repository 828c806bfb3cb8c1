/** Words for a failure. Remedies are lines to type wherever there is something to type. */
import type { ErrorCode, ErrorFacts } from "../errors.ts";

export interface Words {
  /** One or more sentences; further lines (a daemon's log) follow a newline. */
  readonly message: string;
  readonly remedies: readonly string[];
}

/** For each of the named codes, how its facts are said. */
export type WordsFor<Codes extends ErrorCode> = {
  readonly [C in Codes]: (facts: ErrorFacts[C]) => Words;
};

/** Ends a sentence that came from elsewhere with a full stop, unless it has an end already. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?:]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** ` on HOST`, or nothing for the host regctl runs on. */
export function onHost(host: string): string {
  return host === "localhost" ? "" : ` on ${host}`;
}

/** Lines below a message, indented, after a heading; nothing when there are none. */
export function below(heading: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `\n${heading}\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
