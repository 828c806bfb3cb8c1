/**
 * Reading JSON that strangers wrote. What is missing, null or of another type is undefined: most fields are left
 * out by somebody, and only the caller knows which ones it cannot do without. Pure.
 */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Undefined when the bytes are no UTF-8 or no JSON (no JSON text stands for undefined). */
export function parseJson(bytes: Uint8Array | string): unknown {
  try {
    return JSON.parse(
      typeof bytes === "string" ? bytes : new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    );
  } catch {
    return undefined;
  }
}

export function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

export function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** An empty text says as little as none. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The texts of a list; what is none is left out. */
export function textsOf(value: unknown): readonly string[] {
  return listOf(value)?.filter((item) => typeof item === "string") ?? [];
}

/** The entries of an object whose values are texts; undefined when it is no object. */
export function textRecordOf(value: unknown): Readonly<Record<string, string>> | undefined {
  const object = objectOf(value);
  if (object === undefined) return undefined;
  const entries = Object.entries(object).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(entries);
}

/** A number of bytes or of things: whole, not negative, exact in a double. */
export function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** The object without its undefined values, as `exactOptionalPropertyTypes` wants optional fields. */
export function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
