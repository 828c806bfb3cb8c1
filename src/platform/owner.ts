import { RegctlError } from "../errors.ts";
import { parseDaemonArguments } from "./daemon-arguments.ts";
import { atLeast, parseEngineVersion } from "./engine-version.ts";
import { daemonOf, engineVersionOf, type HostFacts, type HostFile } from "./facts.ts";
import { colimaYaml } from "./formats/colima-yaml.ts";
import { daemonJson } from "./formats/daemon-json.ts";
import type { ListFormat, Listing, Setting } from "./formats/format.ts";
import { sha256 } from "./host-files.ts";
import { defaultDaemonJson, type FlagSource, type WrittenPlatform } from "./platform.ts";

/** The place where an engine's list lives, or would live: the file and the way it is written. */
export interface ListOwner {
  /** `none` when the setting stands nowhere yet; then `source` is where it will be put. */
  readonly owner: "file" | "flags" | "none";
  readonly source: FlagSource;
  readonly isDaemonJson: boolean;
  /** What the source lists now. */
  readonly listed: readonly string[];
}

const noFile = (path: string): HostFile => ({
  path,
  target: path,
  text: null,
  unreadable: false,
  mode: "644",
  uid: 0,
  gid: 0,
  modified: 0,
  sha256: null,
});

export function fileOf(facts: HostFacts, path: string): HostFile {
  return facts.files[path] ?? noFile(path);
}

/** The daemon's configuration file: what the platform or its command line says, else the default. */
export function daemonJsonPath(facts: HostFacts): string {
  const daemon = daemonOf(facts);
  const argv = daemon?.argv ?? facts.unit?.execStart.split(" ") ?? [];
  return facts.daemonJson ?? parseDaemonArguments(argv).configFile ?? defaultDaemonJson;
}

/** What that file is written in. */
export function daemonFormatOf({ daemonFormat }: HostFacts): ListFormat {
  return daemonFormat === colimaYaml.name ? colimaYaml : daemonJson;
}

/**
 * Reads a list, or says why the file must not be touched.
 * @throws RegctlError CONFIG_BROKEN, NO_RIGHTS when the file cannot be read
 */
export function readList(facts: HostFacts, path: string, format: ListFormat, setting: Setting): Listing {
  const file = fileOf(facts, path);
  if (file.unreadable) {
    throw new RegctlError("NO_RIGHTS", {
      host: facts.host,
      user: facts.user,
      reason: `${path} cannot be read`,
      paste: [],
    });
  }
  const refuse = (problem: { line: number; column: number; problem: string }) =>
    new RegctlError("CONFIG_BROKEN", { host: facts.host, path, ...problem });
  if (file.text !== null && file.sha256 !== null && sha256(file.text) !== file.sha256) {
    throw refuse({ line: 1, column: 1, problem: "it is not UTF-8 text" });
  }
  const listing = format.read(file.text, setting, { version: engineVersionOf(facts) ?? undefined });
  if (listing.problem) throw refuse(listing.problem);
  return listing;
}

/**
 * Who decides on a list: flags of the daemon, its file, or nobody yet. The file and a flag are never both set, for
 * the engine would not start again. Pure.
 * @throws RegctlError CONFIG_BROKEN, CONFIG_CONFLICT, PLATFORM_NOT_WRITTEN
 */
export function findOwner(facts: HostFacts, platform: WrittenPlatform, setting: Setting): ListOwner {
  const path = daemonJsonPath(facts);
  const format = daemonFormatOf(facts);
  const file = readList(facts, path, format, setting);
  const fromFile: ListOwner = {
    owner: file.present ? "file" : "none",
    source: { path, format },
    isDaemonJson: true,
    listed: file.entries,
  };
  const flags = flagsInForce(facts, setting);
  const written = platform
    .flagSources(facts)
    .map((source) => ({ source, listing: listFlags(facts, source, setting) }))
    .filter(({ listing }) => listing.entries.length > 0);
  if (flags.length > 0 || written.length > 0) {
    const holder = written.find(
      ({ listing }) => flags.length === 0 || listing.entries.some((e) => flags.includes(e)),
    );
    if (file.present) throw conflict(facts, path, holder?.source.path, setting);
    if (!holder) throw flagsFromNowhere(facts, flags, setting);
    return { owner: "flags", source: holder.source, isDaemonJson: false, listed: holder.listing.entries };
  }
  return file.present || prefersFile(facts, platform, setting)
    ? fromFile
    : firstFlagSource(facts, platform, setting);
}

function flagsInForce(facts: HostFacts, setting: Setting): readonly string[] {
  const daemon = daemonOf(facts);
  if (!daemon) return [];
  const argv = parseDaemonArguments(daemon.argv);
  return setting.key === "insecure-registries" ? argv.insecureRegistries : argv.registryMirrors;
}

/** A file of flags that does not parse stops us only when it is the one to be edited. */
function listFlags(facts: HostFacts, source: FlagSource, setting: Setting): Listing {
  const file = fileOf(facts, source.path);
  if (file.text === null) return { entries: [], present: false };
  const listing = source.format.read(file.text, setting);
  const mentions = file.text.includes(setting.flag);
  if (listing.problem && mentions) return readList(facts, source.path, source.format, setting);
  return listing;
}

/** Where engines do not read the key again on a signal, a restart is due either way. */
function prefersFile(facts: HostFacts, platform: WrittenPlatform, setting: Setting): boolean {
  const version = parseEngineVersion(engineVersionOf(facts) ?? "");
  return (version === null || atLeast(version, setting.reloadedSince)) && platform.keepsDaemonJson(facts);
}

function firstFlagSource(facts: HostFacts, platform: WrittenPlatform, setting: Setting): ListOwner {
  const source = platform.flagSources(facts)[0];
  if (!source) {
    throw new RegctlError("PLATFORM_NOT_WRITTEN", {
      host: facts.host,
      platform: platform.title,
      evidence: [
        `engine ${engineVersionOf(facts)} takes ${setting.key} from flags alone, and no file here passes flags`,
      ],
      paste: [
        `# start dockerd with ${setting.flag} ${setting.key === "registry-mirrors" ? "URL" : "HOST:PORT"}`,
      ],
    });
  }
  const listed = readList(facts, source.path, source.format, setting).entries;
  return { owner: "none", source, isDaemonJson: false, listed };
}

function conflict(
  facts: HostFacts,
  path: string,
  flagPath: string | undefined,
  setting: Setting,
): RegctlError {
  return new RegctlError("CONFIG_CONFLICT", {
    host: facts.host,
    path,
    problem: `${setting.key} stands in ${path} and as ${setting.flag} in ${flagPath ?? "the daemon's own command line"}: the engine does not start with both`,
    remedy: `remove one of the two: the key from ${path}, or the flag`,
  });
}

function flagsFromNowhere(facts: HostFacts, flags: readonly string[], setting: Setting): RegctlError {
  return new RegctlError("CONFIG_CONFLICT", {
    host: facts.host,
    path: daemonJsonPath(facts),
    problem: `dockerd runs with ${flags.map((entry) => `${setting.flag} ${entry}`).join(" ")}, and no file that we may write passes these flags`,
    remedy: `add ${setting.flag} where they come from, and restart the engine`,
  });
}
