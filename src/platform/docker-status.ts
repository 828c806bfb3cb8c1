/** What Docker's engine of a host has, and what stands in its file or its flags. Pure. */
import { isRegctlError, type RegctlError } from "../errors.ts";
import { explain } from "../explain/errors.ts";
import { type Detected, detectPlatform } from "./detect.ts";
import { sameEntry, sameMirror } from "./engine-entry.ts";
import { engineVersionOf, type HostFacts } from "./facts.ts";
import { insecureRegistries, registryMirrors } from "./formats/format.ts";
import type { HostStatus, MirrorStatus } from "./host-status.ts";
import { findOwner, type ListOwner } from "./owner.ts";

/** Networks that an engine lists without being told. */
const builtIn: ReadonlySet<string> = new Set(["127.0.0.0/8", "::1/128"]);

interface Recognised {
  readonly name: string | null;
  readonly evidence: readonly string[];
  readonly owner: ListOwner | null;
  /** Those that stand in the file or the flags; null when nobody could tell. */
  readonly mirrors: readonly string[] | null;
  readonly problem: string | null;
}

/** What would stop a change is no reason not to look. */
function recognise(facts: HostFacts, named: string | undefined): Recognised {
  let found: Detected | undefined;
  try {
    found = detectPlatform(facts, named);
    const { platform } = found;
    const written = platform.kind === "written" ? platform : null;
    const owner = written && findOwner(found.facts, written, insecureRegistries);
    const mirrors = written && findOwner(found.facts, written, registryMirrors).listed;
    const problem = facts.engine ? null : `the engine does not answer: ${facts.engineProblem}`;
    return { name: platform.name, evidence: found.evidence, owner, mirrors, problem };
  } catch (error) {
    if (!isRegctlError(error) || isRegctlError(error, "USAGE")) throw error;
    const evidence = found?.evidence ?? [];
    return {
      name: found?.platform.name ?? null,
      evidence,
      owner: null,
      mirrors: null,
      problem: problemOf(error),
    };
  }
}

/** An error's words, but for what goes without saying when nobody wanted a change. */
function problemOf(error: RegctlError): string {
  return explain(error).message.replace(" Nothing was changed.", "");
}

/** One row for what the engine takes for the same, in its own spelling where it has it. */
function distinct(entries: readonly string[]): readonly string[] {
  return entries.filter((entry, at) => entries.findIndex((other) => sameEntry(other, entry)) === at);
}

/**
 * @param wanted one registry, there or not; null for all that there are
 * @param named `--platform`
 * @throws RegctlError USAGE for a platform that there is not
 */
export function dockerStatus(
  facts: HostFacts,
  wanted: string | null,
  named: string | undefined,
): Omit<HostStatus, "trusted"> {
  const { name, evidence, owner, mirrors, problem } = recognise(facts, named);
  const { engine } = facts;
  const version = engineVersionOf(facts);
  const told = [...(engine?.insecure ?? []), ...(owner?.listed ?? [])].filter((entry) => !builtIn.has(entry));
  const names = wanted === null ? distinct(told) : [wanted];
  const lists = (entries: readonly string[], registry: string) =>
    entries.some((entry) => sameEntry(entry, registry));
  return {
    host: facts.host,
    platform: name,
    engine: engine || version ? { name: engine?.name ?? "", version } : null,
    registries: names.map((registry) => ({
      registry,
      configured: owner ? lists(owner.listed, registry) : null,
      effective: engine ? lists(engine.insecure, registry) : null,
    })),
    mirrors: mirrorsOf(facts, mirrors, wanted),
    owner: owner?.owner ?? null,
    path: owner?.source.path ?? null,
    restartStops: engine ? (engine.liveRestore ? 0 : engine.running.length) : null,
    evidence,
    problem,
  };
}

function mirrorsOf(
  { engine }: HostFacts,
  configured: readonly string[] | null,
  wanted: string | null,
): readonly MirrorStatus[] {
  const all = [...(engine?.mirrors ?? []), ...(configured ?? [])];
  return all
    .filter((url, at) => all.findIndex((other) => sameMirror(other, url)) === at)
    .filter((url) => wanted === null || (URL.canParse(url) && new URL(url).host === wanted))
    .map((url) => ({
      url,
      configured: configured?.some((each) => sameMirror(each, url)) ?? null,
      effective: engine?.mirrors.some((each) => sameMirror(each, url)) ?? null,
    }));
}
