/**
 * JSON as the engine reads daemon.json, with the offsets that edits need. Nothing is ever printed anew: every
 * edit is a splice, so what it does not mean to change stays byte for byte.
 */
import type { Node, ParseError } from "jsonc-parser";
import { parseTree, printParseErrorCode } from "jsonc-parser";
import { RegctlError } from "../../errors.ts";
import type { Hollow, TextProblem } from "./format.ts";
import { lineEndOf, problemAt, splice } from "./format.ts";

export interface Property {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly value: Node;
}

/** `open` and `close` are the offsets of the root's braces; both are -1 for a blank text. */
export interface JsonDocument {
  readonly text: string;
  readonly open: number;
  readonly close: number;
  readonly properties: readonly Property[];
}

export function isBlank(text: string): boolean {
  return /^\uFEFF?[ \t\r\n]*$/.test(text);
}

/** The document, or why it is none for the engine: it takes no comment and no comma too many. */
export function parseJson(text: string): JsonDocument | TextProblem {
  if (isBlank(text)) return { text, open: -1, close: -1, properties: [] };
  const mark = text.startsWith("\uFEFF") ? 1 : 0;
  const errors: ParseError[] = [];
  // The mark becomes a space, so that offsets stay true.
  const body = mark === 0 ? text : ` ${text.slice(1)}`;
  const root = parseTree(body, errors, { disallowComments: true, allowTrailingComma: false });
  const error = errors[0];
  if (error !== undefined) return problemAt(text, error.offset, wordsOf(body, error));
  if (root === undefined || !isJson(body)) return problemAt(text, mark, "it is not JSON");
  if (root.type !== "object") return problemAt(text, root.offset, "it is no object: it has to begin with {");
  return {
    text,
    open: root.offset,
    close: root.offset + root.length - 1,
    properties: (root.children ?? []).flatMap(propertyOf),
  };
}

/** The parser is more forgiving than the engine in corners such as number forms. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function wordsOf(text: string, error: ParseError): string {
  const name = printParseErrorCode(error.error);
  if (name === "InvalidCommentToken") return "it holds a comment, which the engine does not take";
  const closing = /^\s*[\]}]/.test(text.slice(error.offset));
  if (closing && /,\s*$/.test(text.slice(0, error.offset)))
    return "a comma stands before the closing bracket";
  const words = name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase();
  return `it is not JSON: ${words}`;
}

function propertyOf(node: Node): Property[] {
  const [key, value] = node.children ?? [];
  if (key === undefined || value === undefined) return [];
  return [{ key: String(key.value), start: node.offset, end: node.offset + node.length, value }];
}

export function findProperty(document: JsonDocument, key: string): Property | undefined {
  return document.properties.findLast((property) => property.key === key);
}

export function textOf(document: JsonDocument, node: Node): string {
  return document.text.slice(node.offset, node.offset + node.length);
}

/** Whether the author writes a space after a colon. */
export function isAiry(document: JsonDocument): boolean {
  const last = document.properties.at(-1);
  if (last === undefined) return true;
  const key = last.start + JSON.stringify(last.key).length;
  return (
    /\s/.test(document.text.slice(key, last.value.offset)) ||
    /\n/.test(document.text.slice(document.open, document.close))
  );
}

/** The white space that a further item after `start` has to be led by, in the author's manner. */
export function leadBefore(text: string, start: number, airy: boolean): string {
  const lead = /[ \t\r\n]*$/.exec(text.slice(0, start))?.[0] ?? "";
  if (lead === "") return airy ? " " : "";
  return lead.slice(Math.max(0, lead.search(/\r?\n[ \t]*$/)));
}

/** Adds a property at the end of the object; a blank or absent text becomes a document of its own. */
export function insertProperty(
  text: string | null,
  key: string,
  value: string,
): { text: string; hollow: Hollow | null } {
  const document = text === null ? null : documentOf(text);
  const name = JSON.stringify(key);
  if (text === null || document === null || document.open < 0) {
    const mark = text?.startsWith("\uFEFF") ? "\uFEFF" : "";
    const eol = lineEndOf(text ?? "");
    return { text: `${mark}{${eol}  ${name}: ${value}${eol}}${eol}`, hollow: { file: text } };
  }
  const airy = isAiry(document);
  const last = document.properties.at(-1);
  if (last === undefined) {
    const interior = text.slice(document.open + 1, document.close);
    const eol = /\r?\n/.exec(interior)?.[0];
    const filled = eol === undefined ? `${name}: ${value}` : `${eol}  ${name}: ${value}${eol}`;
    return { text: splice(text, document.open + 1, document.close, filled), hollow: { interior } };
  }
  const colon = airy ? ": " : ":";
  const added = `,${leadBefore(text, last.start, airy)}${name}${colon}${value}`;
  return { text: splice(text, last.end, last.end, added), hollow: null };
}

/** Takes a property away with one comma; the last one to go leaves what `hollow` remembers. */
export function dropProperty(text: string, key: string, hollow: Hollow | null): string | null {
  const { properties, open, close } = documentOf(text);
  const index = properties.findIndex((property) => property.key === key);
  const property = properties[index];
  if (property === undefined) return text;
  const before = properties[index - 1];
  const after = properties[index + 1];
  if (before !== undefined) return splice(text, before.end, property.end, "");
  if (after !== undefined) return splice(text, property.start, after.start, "");
  if (hollow !== null && "file" in hollow) return hollow.file;
  return splice(text, open + 1, close, hollow === null ? "" : hollow.interior);
}

/** For texts that were read without a problem. */
export function documentOf(text: string): JsonDocument {
  const document = parseJson(text);
  if ("problem" in document) {
    throw new RegctlError("INTERNAL", { what: `a broken JSON text was to be edited: ${document.problem}` });
  }
  return document;
}
