/** What a user has set: the text of `config.json` and back. Pure. */
import { RegctlError } from "../errors.ts";

export interface RegistrySettings {
  /** Plain HTTP or a certificate that is not verified. */
  readonly insecure?: true;
  /** Path of a PEM file with the certificate authority. */
  readonly ca?: string;
}

export interface Settings {
  readonly defaultRegistry?: string;
  /** By HOST[:PORT]. */
  readonly registries?: Readonly<Record<string, RegistrySettings>>;
}

type Json = Readonly<Record<string, unknown>>;

/** `path` is for the error: STATE_UNREADABLE. No text, or an empty one, are no settings. */
export function parseSettings(text: string | null, path: string): Settings {
  const raw = parseRaw(text, path);
  const registries = Object.fromEntries(
    Object.entries(objectAt(raw.registries ?? {}, "registries", path)).map(([registry, value]) => [
      registry,
      parseRegistry(objectAt(value, `registries["${registry}"]`, path), registry, path),
    ]),
  );
  const { defaultRegistry } = raw;
  if (defaultRegistry !== undefined && typeof defaultRegistry !== "string") {
    throw unreadable(path, "defaultRegistry is not a string");
  }
  return {
    ...(defaultRegistry === undefined ? {} : { defaultRegistry }),
    ...(raw.registries === undefined ? {} : { registries }),
  };
}

function parseRegistry({ insecure, ca }: Json, registry: string, path: string): RegistrySettings {
  if (insecure !== undefined && typeof insecure !== "boolean") {
    throw unreadable(path, `registries["${registry}"].insecure is neither true nor false`);
  }
  if (ca !== undefined && typeof ca !== "string") {
    throw unreadable(path, `registries["${registry}"].ca is not a string`);
  }
  return { ...(insecure === true ? { insecure } : {}), ...(ca === undefined ? {} : { ca }) };
}

/** The text with these settings in it. Keys that are not ours stay, in their order. */
export function renderSettings(text: string | null, path: string, settings: Settings): string {
  const raw = parseRaw(text, path);
  const old = objectAt(raw.registries ?? {}, "registries", path);
  const registries = Object.fromEntries(
    Object.entries(settings.registries ?? {}).map(([registry, { insecure, ca }]) => [
      registry,
      replaceKeys(old[registry], { insecure, ca }),
    ]),
  );
  const changed = replaceKeys(raw, {
    defaultRegistry: settings.defaultRegistry,
    registries: settings.registries === undefined ? undefined : registries,
  });
  return `${JSON.stringify(changed, null, 2)}\n`;
}

/** `JSON.stringify` leaves out what is undefined. */
function replaceKeys(old: unknown, keys: Json): Json {
  return { ...(typeof old === "object" ? old : {}), ...keys };
}

function parseRaw(text: string | null, path: string): Json {
  if (text === null || text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error));
  }
  return objectAt(value, "the file", path);
}

function objectAt(value: unknown, where: string, path: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw unreadable(path, `${where} is not a JSON object`);
}

function unreadable(path: string, problem: string): RegctlError {
  return new RegctlError("STATE_UNREADABLE", { path, problem });
}
