/** What somebody edited before and never loaded comes into force with our change: a plan says so. Pure. */
import { daemonOf, type HostFacts } from "./facts.ts";
import { daemonJsonPath, fileOf, type ListOwner } from "./owner.ts";
import type { Phase } from "./plan.ts";
import type { WrittenPlatform } from "./platform.ts";

/** The starting time of a process is known to a second or so. */
const slackSeconds = 1;

/** A reload reads daemon.json as a whole; a restart reads the files of flags as well. */
export function staleNotes(
  facts: HostFacts,
  platform: WrittenPlatform,
  owner: Pick<ListOwner, "isDaemonJson">,
  phases: readonly Phase[],
): readonly string[] {
  const daemon = daemonOf(facts);
  const kinds = phases.map((phase) => phase.activation.kind);
  if (!daemon || kinds.every((kind) => kind === "none")) return [];
  const loaded = Math.max(daemon.started, facts.engine?.lastReload ?? 0);
  const what = owner.isDaemonJson ? "Its other settings" : "Its settings";
  const notes = noteOf(facts, daemonJsonPath(facts), loaded, loaded, what);
  if (!kinds.includes("restart")) return notes;
  const sources = [...new Set(platform.flagSources(facts).map(({ path }) => path))];
  const since = daemon.started + slackSeconds;
  return [
    ...notes,
    ...sources.flatMap((path) => noteOf(facts, path, daemon.started, since, "Its other settings")),
  ];
}

function noteOf(
  facts: HostFacts,
  path: string,
  loaded: number,
  since: number,
  what: string,
): readonly string[] {
  const file = fileOf(facts, path);
  if (file.text === null || file.modified <= since) return [];
  return [
    `${path} was edited at ${time(file.modified)} and the engine last read it at ${time(loaded)}. ${what} come into force too`,
  ];
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.000Z$/, "Z");
}
