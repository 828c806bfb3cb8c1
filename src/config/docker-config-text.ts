/** Changes to the text of Docker's `config.json`: what is not ours stays as it is. Pure. */
import { applyEdits, modify, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { RegctlError } from "../errors.ts";

/** `value` undefined takes the key away. */
export interface ConfigChange {
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * The text with the changes in it, in its own indentation; a new file gets tabs, as Docker writes it. `where` is for
 * the error. Throws CONFIG_BROKEN.
 */
export function changeDockerConfig(
  text: string | null,
  changes: readonly ConfigChange[],
  where: string,
): string {
  const old = text === null || text.trim() === "" ? "{}" : text;
  checkObject(old, where);
  const formattingOptions = { ...indentOf(old), eol: old.includes("\r\n") ? "\r\n" : "\n" };
  return changes.reduce(
    (current, { path, value }) =>
      applyEdits(current, modify(current, [...path], value, { formattingOptions })),
    old,
  );
}

function indentOf(text: string): { readonly insertSpaces: boolean; readonly tabSize: number } {
  const indent = /^([ \t]+)"/m.exec(text)?.[1];
  if (indent === undefined || indent.startsWith("\t")) return { insertSpaces: false, tabSize: 1 };
  return { insertSpaces: true, tabSize: indent.length };
}

function checkObject(text: string, where: string): void {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  const [error] = errors;
  if (error !== undefined) throw broken(text, where, error.offset, printParseErrorCode(error.error));
  if (root?.type !== "object") throw broken(text, where, root?.offset ?? 0, "it is no JSON object");
}

function broken(text: string, path: string, offset: number, problem: string): RegctlError {
  const before = text.slice(0, offset).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  return new RegctlError("CONFIG_BROKEN", {
    host: "localhost",
    path,
    line: before.length,
    column,
    problem,
  });
}
