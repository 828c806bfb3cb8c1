/** From any text that a container tool printed to what it means. */
import type { CauseCode } from "./cause-codes.ts";
import { recognise } from "./recognise.ts";

/** One thing that a text says, in our words. */
export interface ExplainedMessage {
  /** An error code of ours where one fits, else a code of docs/troubleshooting.md. */
  readonly code: CauseCode;
  /** The kind of program that says so, as people call it: `docker`, `podman, buildah, skopeo`. */
  readonly who: string;
  /** The part of the text that was recognised, on one line, without control characters. */
  readonly quoted: string;
  /** One or two sentences. */
  readonly message: string;
  /** Lines to paste wherever there is something to type; ours first. Never empty. */
  readonly remedies: readonly string[];
}

/** What the text means, the most likely cause first; empty when no row knows it. Any text is safe, of any length. */
export function explainText(text: string): readonly ExplainedMessage[] {
  return recognise(text).flatMap(({ row, quoted, place }) => {
    const meanings = [row.means(place)].flat();
    return meanings.map((meaning) => ({ ...meaning, who: row.who ?? place.speaker.label, quoted }));
  });
}
