/**
 * containerd's own configuration: whether its CRI looks for `hosts.toml` files, read from `containerd config dump`
 * (any version, imports and defaults merged), and the few lines that make it look, added to `config.toml`. Pure.
 * @see https://github.com/containerd/containerd/blob/main/docs/cri/registry.md
 */
import { parse } from "smol-toml";

export interface ContainerdRegistry {
  /** Version of the configuration's form. */
  readonly version: number;
  /** Folders with a folder for each registry, in their order; none when CRI does not look. */
  readonly configPath: readonly string[];
  /** The old way, `registry.mirrors` or `registry.configs`: with a config_path beside it CRI does not load. */
  readonly isOldWay: boolean;
  /** CRI is there and switched on: else nobody reads config_path. */
  readonly hasCri: boolean;
}

/** The table of CRI's registries, by version of the configuration. */
const tables: Readonly<Record<number, string>> = {
  2: '[plugins."io.containerd.grpc.v1.cri".registry]',
  3: '[plugins."io.containerd.cri.v1.images".registry]',
};

type Dump = {
  readonly version?: number;
  readonly disabled_plugins?: readonly string[];
  readonly plugins?: Readonly<Record<string, { readonly registry?: Registry }>>;
};

type Registry = { readonly config_path?: string; readonly mirrors?: object; readonly configs?: object };

/** Null when it is no configuration. */
export function readContainerdDump(text: string): ContainerdRegistry | null {
  try {
    const { version = 1, disabled_plugins = [], plugins = {} } = parse(text) as Dump;
    const cri = plugins["io.containerd.cri.v1.images"] ?? plugins["io.containerd.grpc.v1.cri"];
    const { config_path = "", mirrors = {}, configs = {} } = cri?.registry ?? {};
    const isOff = disabled_plugins.some(
      (name) => name === "cri" || name.startsWith("io.containerd.grpc.v1.cri"),
    );
    return {
      version,
      configPath: config_path.split(":").filter((folder) => folder !== ""),
      isOldWay: Object.keys(mirrors).length > 0 || Object.keys(configs).length > 0,
      hasCri: cri !== undefined && !isOff,
    };
  } catch {
    return null;
  }
}

const open = "# regctl: where CRI finds hosts.toml files";
const close = "# regctl: end";

/**
 * The text with a config_path, or why somebody has to write that by hand.
 * @param text null when there is no file
 * @param version of the running containerd's own form, for a file that there is not yet
 */
export function addConfigPath(
  text: string | null,
  folder: string,
  version: number,
): { readonly text: string } | { readonly cannot: string } {
  const stands = text === null ? version : versionOf(text);
  const table = tables[stands];
  if (table === undefined)
    return { cannot: `it is written in version ${stands}, which has another place for it` };
  if (text !== null && holdsTable(text, stands)) {
    return { cannot: `it has a table ${table} already: add config_path = "${folder}" to that` };
  }
  const block = `${open}\n${table}\n  config_path = ${JSON.stringify(folder)}\n${close}\n`;
  if (text === null || text === "")
    return { text: `${text === null ? `version = ${version}\n` : ""}${block}` };
  return { text: `${text}${text.endsWith("\n") ? "" : "\n"}${block}` };
}

/** Undefined when our lines are not there as they were written; null when nothing else ever stood there. */
export function removeConfigPath(text: string): string | null | undefined {
  const start = text.indexOf(`${open}\n`);
  const end = text.indexOf(`${close}\n`, start);
  if (start < 0 || end < 0) return undefined;
  const left = text.slice(0, start) + text.slice(end + close.length + 1);
  return /^version = \d\n$/.test(left) ? null : left;
}

function versionOf(text: string): number {
  return (attempt(text) as Dump | null)?.version ?? 1;
}

function holdsTable(text: string, version: number): boolean {
  const plugins = (attempt(text) as Dump | null)?.plugins ?? {};
  const name = version === 3 ? "io.containerd.cri.v1.images" : "io.containerd.grpc.v1.cri";
  return plugins[name]?.registry !== undefined;
}

function attempt(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return null;
  }
}
