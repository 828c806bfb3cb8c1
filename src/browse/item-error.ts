/** Failures that stay with one of many items. Pure. */
import { type ErrorCode, isRegctlError, type RegctlError } from "../errors.ts";
import { exitCodeOf } from "../exit-codes.ts";
import { explain } from "../explain/errors.ts";

/** A failure as it stands inside an item of a JSON document. */
export interface ItemError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedies: readonly string[];
}

/** What is wrong with one manifest; everything else is wrong with the registry, or with us. */
const ofOneItem: ReadonlySet<ErrorCode> = new Set([
  "NOT_FOUND",
  "CONTENT_BROKEN",
  "DIGEST_MISMATCH",
  "REGISTRY_ERROR",
  "DENIED",
]);

/** Throws on what ends the whole. */
export function itemErrorOf(error: unknown): ItemError {
  if (!isRegctlError(error) || !ofOneItem.has(error.code)) throw error;
  return explainItem(error);
}

function explainItem(error: RegctlError): ItemError {
  const { code, message, remedies } = explain(error);
  return { code, message, remedies };
}

/** A document, and the exit code that goes with the errors inside it. */
export interface Listed<Document> {
  readonly document: Document;
  readonly exitCode: number;
}

/** 0 when nothing failed; the common code of what failed, else 1. */
export function exitCodeOfItems(items: readonly { readonly error?: ItemError }[]): number {
  const codes = items.flatMap(({ error }) => (error === undefined ? [] : [exitCodeOf[error.code]]));
  const [first = 0] = codes;
  return codes.every((code) => code === first) ? first : 1;
}
