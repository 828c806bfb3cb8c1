/**
 * `buildkitd.toml`: people's file, of which one block for each registry is ours. A block is known again by its bytes;
 * it stands at the end, where TOML lets a new table stand whatever came before. Pure.
 * @see https://github.com/moby/buildkit/blob/master/docs/buildkitd.toml.md
 */
import { parse, TomlError } from "smol-toml";
import type { TextProblem } from "./format.ts";

export interface BuildkitRegistry {
  /** HOST[:PORT] as references begin. */
  readonly registry: string;
  readonly http: boolean;
  readonly insecure: boolean;
  /** Files of authorities. */
  readonly ca: readonly string[];
  readonly keypairs: readonly (readonly [certificate: string, key: string])[];
  /** HOST[:PORT], asked in that order; how each is reached says its own table. */
  readonly mirrors: readonly string[];
}

export interface BuildkitdToml {
  readonly tables: readonly BuildkitRegistry[];
  /** buildkitd does not start with such a file. */
  readonly problem?: TextProblem;
}

export function emptyRegistry(registry: string): BuildkitRegistry {
  return { registry, http: false, insecure: false, ca: [], keypairs: [], mirrors: [] };
}

export function readBuildkitdToml(text: string): BuildkitdToml {
  try {
    const { registry } = parse(text) as { registry?: unknown };
    const tables = Object.entries(objectOf(registry)).map(([name, table]) => tableOf(name, objectOf(table)));
    return { tables };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column } = error;
    return { tables: [], problem: { line, column, problem: error.message.split("\n")[0] ?? "" } };
  }
}

function tableOf(registry: string, table: Readonly<Record<string, unknown>>): BuildkitRegistry {
  const pairs = Array.isArray(table.keypair) ? table.keypair.map(objectOf) : [];
  return {
    registry,
    http: table.http === true,
    insecure: table.insecure === true,
    ca: textsOf(table.ca),
    keypairs: pairs.map(({ cert, key }) => [String(cert), String(key)] as const),
    mirrors: textsOf(table.mirrors),
  };
}

/** The table of a registry, when its block is one of ours. */
export function readOwnBlock(text: string, registry: string): BuildkitRegistry | null {
  const table = readBuildkitdToml(text).tables.find((each) => each.registry === registry);
  return table && blockAt(text, renderBlock(table)) !== -1 ? table : null;
}

/**
 * Puts a block in the place of the one that is there, or at the end.
 * @param own our block as it stands now; null when there is none
 */
export function withBlock(text: string, own: BuildkitRegistry | null, next: BuildkitRegistry): string {
  if (own === null) {
    const gap = text === "" ? "" : "\n";
    return `${text}${gap}${renderBlock(next)}`;
  }
  const block = renderBlock(own);
  const at = blockAt(text, block);
  return isEmpty(next) ? withoutBlock(text, block, at) : replaced(text, at, block, renderBlock(next));
}

function isEmpty({ http, insecure, ca, keypairs, mirrors }: BuildkitRegistry): boolean {
  return !http && !insecure && ca.length + keypairs.length + mirrors.length === 0;
}

function replaced(text: string, at: number, block: string, next: string): string {
  return text.slice(0, at) + next + text.slice(at + block.length);
}

/** With the line end that parted it from what came before. */
function withoutBlock(text: string, block: string, at: number): string {
  return text.slice(0, Math.max(0, at - 1)) + text.slice(at + block.length);
}

/** Where it stands as lines of its own, and nothing goes on with its table; -1 when it does not. */
function blockAt(text: string, block: string): number {
  const at = text.indexOf(block);
  const next = text
    .slice(at + block.length)
    .split("\n")
    .find((line) => !/^\s*(#|$)/.test(line));
  const ends = next === undefined || /^\s*\[/.test(next);
  return at !== -1 && (at === 0 || text[at - 1] === "\n") && ends ? at : -1;
}

function renderBlock({ registry, http, insecure, ca, keypairs, mirrors }: BuildkitRegistry): string {
  const name = JSON.stringify(registry);
  const lines = [
    "# Written by regctl; `regctl setup undo` takes it away.",
    `[registry.${name}]`,
    ...(http ? ["  http = true"] : []),
    ...(insecure ? ["  insecure = true"] : []),
    ...(ca.length > 0 ? [`  ca = ${listed(ca)}`] : []),
    ...(mirrors.length > 0 ? [`  mirrors = ${listed(mirrors)}`] : []),
    ...keypairs.flatMap(([certificate, key]) => [
      `  [[registry.${name}.keypair]]`,
      `    key = ${JSON.stringify(key)}`,
      `    cert = ${JSON.stringify(certificate)}`,
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

const listed = (texts: readonly string[]): string =>
  `[${texts.map((text) => JSON.stringify(text)).join(", ")}]`;

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
