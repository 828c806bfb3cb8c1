/** From a thrown error to its words. The words stand in one table, cut into files by what they speak about. */
import { type ErrorCode, RegctlError } from "../errors.ts";
import { certificateWords } from "./certificate-errors.ts";
import { contentWords } from "./content-errors.ts";
import type { Words, WordsFor } from "./explanation.ts";
import { hostWords } from "./host-errors.ts";
import { registryClientWords } from "./registry-client-errors.ts";
import { registryWords } from "./registry-errors.ts";
import { serviceWords } from "./service-errors.ts";
import { sshWords } from "./ssh-errors.ts";
import { tunnelWords } from "./tunnel-errors.ts";
import { usageWords } from "./usage-errors.ts";

/** A failure in words, in the shape that `--json` prints. */
export interface Explanation extends Words {
  readonly code: ErrorCode;
}

/** Complete by its type: a new code does not compile before it has words. */
const words: WordsFor<ErrorCode> = {
  ...usageWords,
  ...hostWords,
  ...registryWords,
  ...registryClientWords,
  ...certificateWords,
  ...contentWords,
  ...serviceWords,
  ...sshWords,
  ...tunnelWords,
};

export function explain<C extends ErrorCode>(error: RegctlError<C>): Explanation {
  return { code: error.code, ...words[error.code](error.facts) };
}

/** Any thrown value as one of ours: what nobody foresaw is a bug, and keeps what was thrown as its cause. */
export function toRegctlError(error: unknown): RegctlError {
  if (error instanceof RegctlError) return error;
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new RegctlError("INTERNAL", { what }, { cause: error });
}
