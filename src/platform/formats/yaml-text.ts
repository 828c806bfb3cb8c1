/**
 * Single values put into YAML and taken out of it again, with every other byte as it was: block or flow, whatever its
 * indent and comments. Pure. What cannot be done so is not done: the answer is null, and a person edits the file.
 */
import { type Document, isMap, isNode, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from "yaml";
import { type Leaf, lineEndOf, problemAt, splice, type TextProblem } from "./format.ts";

export interface YamlReading {
  /** Plain data; null for an empty document. */
  readonly value: unknown;
  readonly problem?: TextProblem;
}

export function readYaml(text: string): YamlReading {
  const [error] = parse(text).errors;
  if (!error) return { value: dataOf(text) };
  const problem = error.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "";
  return { value: null, problem: problemAt(text, error.pos[0], problem) };
}

const parse = (text: string): Document => parseDocument(text, { version: "1.2", uniqueKeys: true });
const dataOf = (text: string): unknown => parse(text).toJS();

/** The text with that value in it, null when there is no safe place. One that is there already must not be given. */
export function putIn(text: string, leaf: Leaf): string | null {
  const doc = parse(text);
  if (doc.errors.length > 0 || text.includes("\n...")) return null;
  const next = placed(text, doc, leaf);
  return next !== null && holdsMore(text, next, leaf) ? next : null;
}

/** The text without that value; null when it is not there, or not so that it could be taken out by itself. */
export function takeOut(text: string, leaf: Leaf): string | null {
  const doc = parse(text);
  if (doc.errors.length > 0) return null;
  const found = doc.getIn(leaf.path, true);
  const next =
    leaf.item === undefined
      ? withoutPair(text, doc, leaf.path)
      : withoutItem(text, isSeq(found) ? found.items : [], leaf.item);
  return next !== null && parse(next).errors.length === 0 ? next : null;
}

/** The text without a map or list that has nothing in it any more; the text as it is when it has something. */
export function withoutEmpty(text: string, path: readonly string[]): string {
  const doc = parse(text);
  const found = doc.errors.length > 0 ? undefined : doc.getIn(path, true);
  const empty =
    ((isMap(found) || isSeq(found)) && found.items.length === 0) || (isScalar(found) && found.value === null);
  return empty ? (withoutPair(text, doc, path) ?? text) : text;
}

function placed(text: string, doc: Document, leaf: Leaf): string | null {
  let node: unknown = doc.contents;
  let indent = -step;
  let after = text.length;
  for (const [depth, key] of leaf.path.entries()) {
    const rest = leaf.path.slice(depth);
    if (node === null || (isScalar(node) && node.value === null)) {
      if (isScalar(node) && node.source !== "") return null;
      return withLines(text, after, blockOf({ ...leaf, path: rest }, indent + step));
    }
    if (!isMap(node) || node.anchor !== undefined) return null;
    const pair = pairOf(node, key);
    if (!pair) return intoMap(text, node, { ...leaf, path: rest });
    if (!node.flow) {
      const start = startOf(pair.key);
      if (!isWhole(text, start)) return null;
      indent = start - lineStart(text, start);
    }
    after = lineEnd(text, endOf(pair.key));
    node = pair.value;
  }
  return leaf.item === undefined ? null : intoList(text, node, leaf.item, indent, after);
}

const step = 2;

function intoMap(text: string, map: YAMLMap, leaf: Leaf): string | null {
  const last = map.items.at(-1);
  if (map.flow) {
    const at = last ? endOf(last.value ?? last.key) : startOf(map) + 1;
    return splice(text, at, at, `${last ? ", " : ""}${flowOf(leaf)}`);
  }
  const start = startOf(map.items[0]?.key);
  if (!last || !isWhole(text, start)) return null;
  return withLines(text, lineEnd(text, endOf(last)), blockOf(leaf, start - lineStart(text, start)));
}

function intoList(text: string, list: unknown, item: string, indent: number, after: number): string | null {
  if (list === null || (isScalar(list) && list.value === null && list.source === "")) {
    return withLines(text, after, [`${" ".repeat(indent + step)}- ${quoted(item)}`]);
  }
  if (!isSeq(list) || list.anchor !== undefined) return null;
  const last = list.items.at(-1);
  if (list.flow) {
    const at = last === undefined ? startOf(list) + 1 : endOf(last);
    return splice(text, at, at, `${last === undefined ? "" : ", "}${quoted(item)}`);
  }
  if (last === undefined) return null;
  const dash = text.lastIndexOf("-", startOf(last));
  return withLines(text, lineEnd(text, endOf(last)), [
    `${text.slice(lineStart(text, dash), dash)}- ${quoted(item)}`,
  ]);
}

function withLines(text: string, at: number, lines: readonly string[]): string {
  const end = lineEndOf(text);
  const cut = at > 0 && text[at - 1] !== "\n" ? end : "";
  return splice(text, at, at, cut + lines.map((line) => line + end).join(""));
}

function blockOf({ path, item, value }: Leaf, indent: number): readonly string[] {
  const lines = path.map((key, depth) => `${" ".repeat(indent + depth * step)}${plain(key)}:`);
  if (item !== undefined) return [...lines, `${" ".repeat(indent + path.length * step)}- ${quoted(item)}`];
  return [...lines.slice(0, -1), `${lines.at(-1)} ${JSON.stringify(value)}`];
}

function flowOf({ path, item, value }: Leaf): string {
  const inner = item === undefined ? JSON.stringify(value) : `[${quoted(item)}]`;
  return path.reduceRight(
    (text, key, depth) => (depth === 0 ? `${quoted(key)}: ${text}` : `{${quoted(key)}: ${text}}`),
    inner,
  );
}

/** YAML's double-quoted strings take JSON's. */
const quoted = (text: string): string => JSON.stringify(text);
const plain = (key: string): string => (/^[a-z][a-z_-]*$/.test(key) ? key : quoted(key));

function withoutPair(text: string, doc: Document, path: readonly string[]): string | null {
  const parent = path.length === 1 ? doc.contents : doc.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return null;
  const index = parent.items.findIndex(({ key }) => isScalar(key) && String(key.value) === path.at(-1));
  const pair = parent.items[index];
  if (!pair) return null;
  if (parent.flow) return withoutFlow(text, parent.items, index);
  const start = startOf(pair.key);
  if (!isWhole(text, start)) return null;
  return splice(text, lineStart(text, start), lineEnd(text, endOf(pair)), "");
}

function withoutItem(text: string, items: readonly unknown[], item: string): string | null {
  const index = items.findIndex((each) => isScalar(each) && each.value === item);
  const found = items[index];
  if (found === undefined) return null;
  const start = startOf(found);
  if (!/^[ \t]*- *$/.test(text.slice(lineStart(text, start), start))) return withoutFlow(text, items, index);
  return splice(text, lineStart(text, start), lineEnd(text, endOf(found)), "");
}

function withoutFlow(text: string, items: readonly unknown[], index: number): string {
  const [before, next] = [items[index - 1], items[index + 1]];
  const start = before === undefined ? startOf(items[index]) : endOf(before);
  const end = before === undefined && next !== undefined ? startOf(next) : endOf(items[index]);
  return splice(text, start, end, "");
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}

function startOf(node: unknown): number {
  if (isPair(node)) return startOf(node.key);
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

/** Behind the last thing that is written of it; a collection's own range goes on to what follows. */
function endOf(node: unknown): number {
  if (isPair(node)) return Math.max(endOf(node.key), endOf(node.value));
  if ((isMap(node) || isSeq(node)) && !node.flow) return endOf(node.items.at(-1));
  return isNode(node) ? (node.range?.[1] ?? 0) : 0;
}

function isPair(node: unknown): node is Pair {
  return typeof node === "object" && node !== null && "key" in node && !isNode(node);
}

const lineStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1;

/** Behind the line that a place is on; behind a block of text it is there already. */
function lineEnd(text: string, at: number): number {
  if (at > 0 && text[at - 1] === "\n") return at;
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end + 1;
}

/** Nothing but blanks stand before it on its line. */
const isWhole = (text: string, at: number): boolean => /^ *$/.test(text.slice(lineStart(text, at), at));

/** That and nothing else has come. */
function holdsMore(before: string, after: string, leaf: Leaf): boolean {
  if (parse(after).errors.length > 0) return false;
  return JSON.stringify(withLeaf(dataOf(before), leaf)) === JSON.stringify(dataOf(after));
}

function withLeaf(value: unknown, { path, item, value: scalar }: Leaf): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return item === undefined ? scalar : [...(Array.isArray(value) ? value : []), item];
  const map = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  return { ...map, [key]: withLeaf(map[key], leafAt(rest, item, scalar)) };
}

function leafAt(
  path: readonly string[],
  item: string | undefined,
  value: string | boolean | undefined,
): Leaf {
  return { path, ...(item === undefined ? {} : { item }), ...(value === undefined ? {} : { value }) };
}
