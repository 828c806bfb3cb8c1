/** The shape of one row of the table. */
import type { CauseCode } from "./cause-codes.ts";
import type { Speaker } from "./speakers.ts";

/** What the text tells besides. */
export interface Place {
  /** `host[:port]`, or the words HOST:PORT. Safe to paste. */
  readonly registry: string;
  /** For sentences: "the registry HOST:PORT", or "the registry" where the text does not name it. */
  readonly named: string;
  /** The same at the beginning of a sentence. */
  readonly Named: string;
  /** Its name or address alone, or the word HOST. Safe to paste. */
  readonly host: string;
  /** Who said it, as far as the text tells. */
  readonly speaker: Speaker;
  /** A group of the expression, on one line; `otherwise` where it is empty. To paste it, quote it. */
  part(group: string, otherwise: string): string;
}

export interface Meaning {
  readonly code: CauseCode;
  /** One or two sentences. */
  readonly message: string;
  readonly remedies: readonly string[];
}

export interface MessageRow {
  readonly id: string;
  /** As people meet it: the heading in docs/troubleshooting.md. The row recognises it. */
  readonly says: string;
  /** Over one line. Every repetition has a bound, so that no text takes long. */
  readonly match: RegExp;
  /** Only one program says it. Without: whoever the text shows. */
  readonly who?: string;
  /** Other rows say why: it does not count beside one that matches the same line. */
  readonly symptom?: true;
  /** The most likely first. */
  means(at: Place): Meaning | readonly Meaning[];
}
