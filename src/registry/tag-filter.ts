/** `--filter`: a glob, or between slashes a regular expression. Pure. */
import { RegctlError } from "../errors.ts";
import { compileGlob, isGlob } from "./glob.ts";

export interface TagFilter {
  /** As typed. */
  readonly text: string;
  matches(name: string): boolean;
}

/** A glob matches the whole name, a regular expression any part of it; `/…/i` ignores case. Throws USAGE. */
export function parseTagFilter(text: string): TagFilter {
  const matches = text.startsWith("/") ? compileExpression(text) : compileGlob(text);
  if (typeof matches !== "string") return { text, matches };
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "?").slice(0, 100);
  throw new RegctlError("USAGE", {
    problem: `"${shown}" is no filter: ${matches}`,
    type: "--filter 'v1.*' or --filter '/^v1\\.[0-9]+$/'",
  });
}

function compileExpression(text: string): TagFilter["matches"] | string {
  const end = text.lastIndexOf("/");
  const flags = text.slice(end + 1);
  if (end === 0) return "a regular expression ends with a slash as well";
  if (flags !== "" && flags !== "i") return `after the last slash only i may stand, not ${flags}`;
  try {
    const expression = new RegExp(text.slice(1, end), flags);
    return (name) => expression.test(name);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export interface TagPattern {
  /** The part before the colon, a reference without tag. */
  readonly name: string;
  readonly filter: TagFilter;
}

/** `NAME:GLOB`, as `delete` takes it; null when no glob stands in the tag's place. Throws USAGE. */
export function parseTagPattern(text: string): TagPattern | null {
  const colon = text.indexOf(":", text.lastIndexOf("/") + 1);
  const tag = colon < 0 ? "" : text.slice(colon + 1);
  return isGlob(tag) ? { name: text.slice(0, colon), filter: parseTagFilter(tag) } : null;
}
