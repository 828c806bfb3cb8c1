/** `--explain`: what a message of another program means. */
import { RegctlError } from "../errors.ts";
import { explainText } from "../explain/messages/explain-text.ts";
import type { CauseOutcome, DoctorOutcome } from "./outcome.ts";

export interface ExplainOutcome extends DoctorOutcome {
  /** Everything that it may mean, the most likely first; empty when nobody knows it. */
  readonly explained: readonly (CauseOutcome & {
    /** The kind of program that says so. */
    readonly who: string;
    /** The part of the text that was recognised. */
    readonly quoted: string;
  })[];
}

/** `-` reads standard input. Throws USAGE. */
export async function readExplanation(
  given: string,
  target: string | undefined,
  world: { readonly input: () => Promise<string> },
): Promise<ExplainOutcome> {
  if (target !== undefined) {
    throw new RegctlError("USAGE", {
      problem: "--explain takes one text, in quotes, and no registry",
      type: "regctl doctor --explain 'TEXT'",
    });
  }
  const text = given === "-" ? await world.input() : given;
  if (text.trim() === "") {
    throw new RegctlError("USAGE", {
      problem: "there is no text to explain",
      type: "docker pull NAME 2>&1 | regctl doctor --explain -",
    });
  }
  return explainMessage(text);
}

/** Pure. `ok` says that it is known. */
function explainMessage(text: string): ExplainOutcome {
  const explained = explainText(text);
  const [best] = explained;
  const cause =
    best === undefined ? null : { code: best.code, message: best.message, remedies: best.remedies };
  return { ok: best !== undefined, registry: null, cause, checks: [], explained };
}
