/**
 * `registries.conf` and its drop-ins, which Podman, Buildah, Skopeo and CRI-O read: those of people are read, and one
 * file of our own for each registry is written whole. Pure.
 * @see https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md
 */
import { parse, TomlError } from "smol-toml";
import type { TextProblem } from "./format.ts";

export interface RegistryMirror {
  /** HOST[:PORT] */
  readonly location: string;
  readonly insecure: boolean;
}

/** A `[[registry]]` table of our own. */
export interface OwnRegistry {
  /** HOST[:PORT], as references begin. */
  readonly registry: string;
  readonly insecure: boolean;
  /** In the order in which they are asked. */
  readonly mirrors: readonly RegistryMirror[];
}

/** A `[[registry]]` table of anybody. */
export interface RegistryTable {
  /** What references begin with; `*.domain` stands for all names below. */
  readonly prefix: string;
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  readonly mirrors: readonly RegistryMirror[];
}

export interface RegistriesConf {
  readonly tables: readonly RegistryTable[];
  /** Written in the form before version 2, with `[registries.insecure]`. */
  readonly isVersion1: boolean;
  /** Every command that reads the file fails because of it. */
  readonly problem?: TextProblem;
}

const head = "# Written by regctl; `regctl setup undo` takes it away.\n";

export function renderOwnRegistry({ registry, insecure, mirrors }: OwnRegistry): string {
  const name = JSON.stringify(registry);
  const table = [
    "[[registry]]",
    `prefix = ${name}`,
    `location = ${name}`,
    ...(insecure ? ["insecure = true"] : []),
  ];
  const asked = mirrors.map((mirror) =>
    [
      "[[registry.mirror]]",
      `location = ${JSON.stringify(mirror.location)}`,
      ...(mirror.insecure ? ["insecure = true"] : []),
    ].join("\n"),
  );
  return `${head}${[table.join("\n"), ...asked].join("\n\n")}\n`;
}

/** Reads a file that setup has written; null for any other, which only its owner may change. */
export function readOwnRegistry(text: string): OwnRegistry | null {
  if (!text.startsWith(head)) return null;
  const [table, ...others] = readRegistriesConf(text).tables;
  if (table === undefined || others.length > 0) return null;
  const own = { registry: table.prefix, insecure: table.insecure, mirrors: table.mirrors };
  return renderOwnRegistry(own) === text ? own : null;
}

export function readRegistriesConf(text: string): RegistriesConf {
  try {
    const root = parse(text) as Record<string, unknown>;
    const tables = objectsOf(root.registry).map(tableOf);
    return { tables, isVersion1: root.registries !== undefined };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const problem = error.message.split("\n")[0] ?? "";
    const { line, column } = error;
    return { tables: [], isVersion1: false, problem: { line, column, problem } };
  }
}

function tableOf(table: Record<string, unknown>): RegistryTable {
  const prefix = textOf(table.prefix) || textOf(table.location);
  return {
    prefix,
    location: textOf(table.location) || prefix,
    insecure: table.insecure === true,
    blocked: table.blocked === true,
    mirrors: objectsOf(table.mirror).map((mirror) => ({
      location: textOf(mirror.location),
      insecure: mirror.insecure === true,
    })),
  };
}

function objectsOf(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "object" && each !== null) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/**
 * The table that counts for a registry: of all those that match the one with the longest prefix, and of tables of the
 * same prefix the one that is read last.
 */
export function tableFor<Table extends RegistryTable>(
  tables: readonly Table[],
  registry: string,
): Table | undefined {
  return tables
    .filter(({ prefix }) => matchesPrefix(prefix, registry))
    .reduce<Table | undefined>(
      (best, table) => (best === undefined || table.prefix.length >= best.prefix.length ? table : best),
      undefined,
    );
}

/** `host` covers `host:5000` as well, which is another registry to Docker. */
function matchesPrefix(prefix: string, registry: string): boolean {
  if (prefix.startsWith("*.")) return registry.replace(/:\d+$/, "").endsWith(prefix.slice(1));
  return prefix === registry || registry.startsWith(`${prefix}:`);
}
