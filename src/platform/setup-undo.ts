import { userPaths } from "../config/paths.ts";
import { readSettings, updateSettings } from "../config/store.ts";
import { RegctlError } from "../errors.ts";
import { explain, toRegctlError } from "../explain/errors.ts";
import { onEachHost } from "./each-host.ts";
import type { HostFacts } from "./facts.ts";
import { type JournalEdit, type JournalEntry, readBackup } from "./journal.ts";
import { locateHosts } from "./locate.ts";
import { failedOutcome } from "./outcome.ts";
import { fileOf } from "./owner.ts";
import { entriesToUndo, planUndo, standingEntries } from "./plan-undo.ts";
import { judgeRegistry } from "./registry-name.ts";
import { sudoPasswordFrom } from "./rights.ts";
import type { HostSession } from "./session.ts";
import { journalOf, type SetupMode, setUpHost, type Task } from "./set-up-host.ts";
import type { SetupResult } from "./setup-insecure.ts";
import type { SetupWorld } from "./world.ts";

export interface SetupUndoInput extends SetupMode {
  /** Undefined with `last`. */
  readonly registry?: string | undefined;
  readonly last: boolean;
  readonly on: readonly string[];
  readonly cwd: string;
}

/** Takes away what setup added, on each host, and proves it. */
export async function setupUndo(input: SetupUndoInput, world: SetupWorld): Promise<SetupResult> {
  const judged = input.registry === undefined ? null : judgeRegistry(input.registry);
  const places = await locateHosts(input.on, input.cwd, world);
  const password = sudoPasswordFrom(world.environment, world.prompt, places.length, world.emit);
  const task = judged ? undoTask(judged.registry) : undoLastTask();
  const { outcomes, exitCode } = await onEachHost(
    places,
    world,
    (place) => setUpHost(place, task, input, password, world),
    failedOutcome,
  );
  const registry = judged?.registry ?? "";
  const here = places.length === 1 && places[0]?.local === true;
  const note = judged && here && !input.dryRun && !input.print ? await forget(registry, world) : null;
  if (note !== null) world.emit({ event: "note", note });
  return {
    outcome: {
      registry,
      dryRun: input.dryRun,
      notes: [...(judged?.said ?? []), ...(note === null ? [] : [note])],
      hosts: outcomes,
      ...(outcomes.some((host) => host.error) ? { ok: false as const } : {}),
    },
    exitCode,
  };
}

function undoTask(registry: string): Task {
  return {
    action: "undo",
    registry,
    plan: async ({ facts, ...session }, platform, evidence) => {
      const entries = entriesToUndo(journalOf({ facts, ...session }), registry);
      return { plan: planUndo({ registry, facts, platform, evidence, entries }), undoes: entries };
    },
  };
}

/** The last change as a whole, byte for byte, when nobody touched its files since. */
function undoLastTask(): Task {
  return {
    action: "undo",
    registry: "REGISTRY",
    plan: async (session, platform, evidence) => {
      const { facts } = session;
      const journal = journalOf(session);
      const entry = standingEntries(journal).findLast((each) => tookPlace(each, facts));
      const registry = entry?.registry ?? "";
      // With it goes what an undo of it, cut short, had switched on for itself.
      const entries = entriesToUndo(journal, registry).filter(
        (each) => each === entry || each.action === "undo",
      );
      const texts = entry ? await textsBefore(session, entry) : {};
      const plan = planUndo({ registry, facts, platform, evidence, entries, texts });
      return { plan, undoes: entries, registry };
    },
  };
}

/** A run that was ended before its first write changed nothing, nor did one that only loaded what stood there. */
function tookPlace(entry: JournalEntry, facts: HostFacts): boolean {
  const firsts = [...byTarget(entry).values()].map(({ first }) => first);
  const written = firsts.some((edit) => fileOf(facts, edit.path).sha256 !== edit.beforeSha);
  return firsts.length > 0 && (entry.state === "done" || written);
}

async function textsBefore(
  session: HostSession,
  entry: JournalEntry,
): Promise<Record<string, string | null>> {
  const { facts } = session;
  const texts: Record<string, string | null> = {};
  for (const [target, { first, last }] of byTarget(entry)) {
    const changed = () => {
      const backup = first.backup ?? "(there was no file before)";
      return new RegctlError("UNDO_CHANGED_SINCE", { host: facts.host, path: first.path, backup });
    };
    if (fileOf(facts, first.path).sha256 !== last.afterSha) throw changed();
    const before =
      first.backup === null ? null : await readBackup(session.root ?? session.host, first.backup);
    if (first.backup !== null && before === null) throw changed();
    texts[target] = before;
  }
  return texts;
}

function byTarget(entry: JournalEntry): ReadonlyMap<string, { first: JournalEdit; last: JournalEdit }> {
  const targets = new Map<string, { first: JournalEdit; last: JournalEdit }>();
  for (const edit of entry.edits) {
    targets.set(edit.target, { first: targets.get(edit.target)?.first ?? edit, last: edit });
  }
  return targets;
}

/**
 * Our own settings forget the registry as well, on the machine whose engine forgot it. The host is done by then:
 * settings that cannot be changed are a note, not a failure.
 */
async function forget(registry: string, world: SetupWorld): Promise<string | null> {
  try {
    await forgetHere(registry, world);
    return null;
  } catch (error) {
    return `it is still remembered as insecure: ${explain(toRegctlError(error)).message}`;
  }
}

async function forgetHere(registry: string, world: SetupWorld): Promise<void> {
  const paths = userPaths(world.environment, world.home);
  const settings = await readSettings(world.files, paths);
  const known = settings.registries?.[registry] !== undefined || settings.defaultRegistry === registry;
  if (!known || !world.maySave().ok) return;
  await updateSettings(
    world.files,
    paths,
    ({ defaultRegistry, registries, ...rest }) => {
      const { [registry]: _, ...others } = registries ?? {};
      const keepsDefault = defaultRegistry !== undefined && defaultRegistry !== registry;
      return { ...rest, ...(keepsDefault ? { defaultRegistry } : {}), registries: others };
    },
    world.clock,
  );
}
