import { RegctlError } from "../errors.ts";
import { findNearest } from "../explain/nearest.ts";
import { daemonOf, type HostFacts } from "./facts.ts";
import type { EngineHome, Platform } from "./platform.ts";
import { recognisedFirst } from "./platforms/recognised.ts";
import { platforms } from "./platforms/table.ts";

export interface Detected {
  readonly platform: Platform;
  /** Why we think so, for people. */
  readonly evidence: readonly string[];
  /** What of the host concerns the engine. */
  readonly facts: HostFacts;
  /** Null where root runs it on the host itself, and where it is not written. */
  readonly home: EngineHome | null;
}

/** The first platform that recognises the host, or the one that was named. Pure. */
export function detectPlatform(facts: HostFacts, named: string | undefined): Detected {
  if (named !== undefined) return detected(facts, platformNamed(named), ["--platform names it"]);
  for (const platform of platforms) {
    const evidence = platform.recognise(facts);
    if (evidence)
      return detected(
        facts,
        platform,
        evidence,
        recognisedFirst.some((first) => first === platform),
      );
  }
  assertEngineHere(facts);
  if (!facts.engine && !facts.socketExists && facts.daemons.length === 0) {
    const reason = `no dockerd runs there, and there is no ${facts.socket}`;
    throw new RegctlError("ENGINE_UNREACHABLE", { host: facts.host, tried: [], reason });
  }
  throw new RegctlError("PLATFORM_UNKNOWN", {
    host: facts.host,
    evidence: knownOf(facts),
    known: platforms.map((platform) => platform.name),
  });
}

/** A name says what kind of host this is, not that the engine runs on it. */
function detected(
  facts: HostFacts,
  platform: Platform,
  evidence: readonly string[],
  knownByEngine = platform.kind === "recognised",
): Detected {
  const home = (platform.kind === "written" && platform.home?.(facts)) || null;
  const format = home?.format ? { daemonFormat: home.format.name } : {};
  const told = home ? { ...facts, daemonJson: home.daemonJson, ...format } : facts;
  if (home?.inVm) {
    const noneOfThisMachine = { daemons: [], unit: null, pidFile: null };
    return { platform, evidence, home, facts: { ...told, ...noneOfThisMachine } };
  }
  if (!knownByEngine) assertEngineHere(facts, home !== null);
  return { platform, evidence, home, facts: told };
}

/**
 * Judges a `--platform` before any host is asked. Pure.
 * @throws RegctlError USAGE
 */
export function assertPlatformName(name: string): void {
  platformNamed(name);
}

function platformNamed(name: string): Platform {
  const platform = platforms.find((candidate) => candidate.name === name);
  if (platform) return platform;
  const names = platforms.map((candidate) => candidate.name).sort();
  const nearest = findNearest(name, names);
  throw new RegctlError("USAGE", {
    problem: `There is no platform "${name}". Known: ${names.join(", ")}`,
    ...(nearest === undefined ? {} : { type: `--platform ${nearest}` }),
  });
}

/**
 * A socket can lead out of a container or into a VM; then the files of this machine are the wrong ones.
 * @param ownRoot it is known to see another root than ours, with the same files where its own are
 */
function assertEngineHere(facts: HostFacts, ownRoot = false): void {
  const daemon = daemonOf(facts);
  const elsewhere = (why: string) =>
    new RegctlError("ENGINE_ELSEWHERE", {
      endpoint: `unix://${facts.socket}`,
      why,
      remedy: "Name the machine that runs dockerd, with your login there: --on USER@HOST",
    });
  if (daemon && !daemon.sameRoot && !(ownRoot && !facts.markers.has("container"))) {
    throw elsewhere(`its dockerd (pid ${daemon.pid}) sees another root file system than this one`);
  }
  if (daemon || !facts.engine) return;
  // Whoever sees no process of others may miss one on a machine; in a container nobody runs a dockerd unseen.
  if (facts.markers.has("container")) {
    throw elsewhere("this is a container, and its dockerd runs outside of it");
  }
  if (facts.rights !== "none") throw elsewhere("no dockerd of this machine listens on it");
}

function knownOf(facts: HostFacts): readonly string[] {
  return [
    `os-release ID is ${facts.osRelease.ID ?? "not there"}`,
    `init is ${facts.init}`,
    facts.daemons.length > 0
      ? `dockerd runs (pid ${facts.daemons.map((d) => d.pid).join(", ")})`
      : "no dockerd runs",
    facts.socketExists ? `${facts.socket} is there` : `there is no ${facts.socket}`,
  ];
}
