/**
 * The `buildkitd.toml` that a builder of buildx was given when it was made. buildx writes it anew from what it read, so
 * it has no comments and no layout to be kept: it is taken as data, of which only tables of registries change. Pure.
 * @see https://github.com/docker/buildx/blob/master/util/confutil/container.go
 */
import { isDeepStrictEqual } from "node:util";
import { parse, stringify, type TomlTable } from "smol-toml";

type Table = Readonly<Record<string, unknown>>;

/** Keys of tables of registries, as they shall be; undefined for one that goes. */
export type RegistryKeys = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What stands of each registry. */
export function registriesOf(text: string): Readonly<Record<string, Table>> {
  const { registry } = parse(text);
  // As plain data, to be compared with what is written here.
  const tables = JSON.parse(JSON.stringify(tableOf(registry))) as Table;
  return Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, tableOf(table)]));
}

/** The text with those keys as they shall be, the very text when they are so already. */
export function withRegistryKeys(text: string, changes: RegistryKeys): string {
  const before = registriesOf(text);
  const after: Record<string, Table> = { ...before };
  for (const [name, keys] of Object.entries(changes)) {
    const table = Object.entries({ ...before[name], ...keys }).filter(([, value]) => value !== undefined);
    if (table.length > 0) after[name] = Object.fromEntries(table);
    else delete after[name];
  }
  if (isDeepStrictEqual(before, after)) return text;
  const { registry: _, ...rest } = parse(text);
  const whole = Object.keys(after).length > 0 ? { ...rest, registry: after as TomlTable } : rest;
  return Object.keys(whole).length === 0 ? "" : `${stringify(whole).trimEnd()}\n`;
}

/** Takes a change back: of each key what it was, and of lists what it brought, wherever nobody changed it since. */
export function withoutChange(text: string, before: string, after: string): string {
  const [was, became, now] = [before, after, text].map(registriesOf);
  const changes: Record<string, Record<string, unknown>> = {};
  for (const [name, table] of Object.entries(became ?? {})) {
    for (const key of new Set([...Object.keys(table), ...Object.keys(was?.[name] ?? {})])) {
      const [old, made, current] = [was, became, now].map((each) => each?.[name]?.[key]);
      if (isDeepStrictEqual(old, made)) continue;
      const left = keyBack(old, made, current);
      if (!isDeepStrictEqual(left, current)) changes[name] = { ...changes[name], [key]: left };
    }
  }
  return withRegistryKeys(text, changes);
}

function keyBack(old: unknown, made: unknown, current: unknown): unknown {
  if (isDeepStrictEqual(made, current)) return old;
  if (!Array.isArray(made) || !Array.isArray(current)) return current;
  const kept = Array.isArray(old) ? old : [];
  const brought = made.filter((item) => !kept.some((each) => isDeepStrictEqual(each, item)));
  const left = current.filter((item) => !brought.some((each) => isDeepStrictEqual(each, item)));
  return left.length === 0 && old === undefined ? undefined : left;
}

function tableOf(value: unknown): Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Table) : {};
}
