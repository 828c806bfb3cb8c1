import { settingsPath, userPaths } from "../config/paths.ts";
import { readSettings, updateSettings } from "../config/store.ts";
import { judgeProbe } from "../engine/probe.ts";
import { explain, toRegctlError } from "../explain/errors.ts";
import { onEachHost } from "./each-host.ts";
import { isReferable, sameEntry } from "./engine-entry.ts";
import type { UndoNote } from "./formats/format.ts";
import { leadsIntoInsecureNetwork } from "./in-insecure-network.ts";
import { type HostPlace, locateHosts } from "./locate.ts";
import { failedOutcome, type HostOutcome, type SetupOutcome } from "./outcome.ts";
import { planInsecure } from "./plan-insecure.ts";
import { standingEntries } from "./plan-undo.ts";
import { insecureByDefault, type JudgedRegistry, judgeRegistry } from "./registry-name.ts";
import { sudoPasswordFrom } from "./rights.ts";
import type { HostSession } from "./session.ts";
import { journalOf, type SetupMode, setUpHost, type Task } from "./set-up-host.ts";
import type { SetupWorld } from "./world.ts";

export interface SetupInsecureInput extends SetupMode {
  readonly registry: string;
  readonly on: readonly string[];
  readonly cwd: string;
}

export interface SetupResult {
  readonly outcome: SetupOutcome;
  readonly exitCode: number;
}

const probeTimeoutMs = 3_000;

/**
 * Tells engines to talk to a registry without a verified certificate.
 * @throws RegctlError whatever the only host failed with; BAD_REGISTRY and its like before any host is asked
 */
export async function setupInsecure(input: SetupInsecureInput, world: SetupWorld): Promise<SetupResult> {
  const judged = judgeRegistry(input.registry);
  const { registry } = judged;
  for (const note of [...judged.said, ...judged.notes]) world.emit({ event: "note", note });
  const about = { registry, dryRun: input.dryRun, notes: [...judged.said, ...judged.notes] };
  if (insecureByDefault(judged, undefined)) {
    const named =
      input.on.length > 0 ? await locateHosts(input.on, input.cwd, world) : [{ name: "localhost" }];
    const hosts = named.map(({ name }) => loopbackOutcome(name, registry));
    return { outcome: { ...about, hosts }, exitCode: 0 };
  }
  const places = await locateHosts(input.on, input.cwd, world);
  const password = sudoPasswordFrom(world.environment, world.prompt, places.length, world.emit);
  const task = insecureTask(judged);
  const { outcomes, exitCode } = await onEachHost(
    places,
    world,
    (place) => setUpHost(place, task, input, password, world),
    failedOutcome,
  );
  const remembered = input.dryRun || input.print ? {} : await remember(judged, places, outcomes, world);
  if (remembered.note) world.emit({ event: "note", note: remembered.note });
  return {
    outcome: {
      ...about,
      notes: [...about.notes, ...(remembered.note ? [remembered.note] : [])],
      hosts: outcomes,
      ...(outcomes.some((host) => host.error) ? { ok: false as const } : {}),
      ...(remembered.registry ? { defaultRegistry: remembered.registry } : {}),
    },
    exitCode,
  };
}

function insecureTask(judged: JudgedRegistry): Task {
  return {
    action: "insecure",
    registry: judged.registry,
    plan: async (session, platform, evidence) => {
      const plan = planInsecure({
        registry: judged,
        facts: session.facts,
        platform,
        evidence,
        verifies: await verifies(session, judged),
        earlier: earlierNotes(session),
      });
      return { plan, undoes: [] };
    },
  };
}

/** Whether the engine, not told anything yet, already trusts the registry: then insecure would be a step back. */
async function verifies(session: HostSession, { registry, kind }: JudgedRegistry): Promise<boolean> {
  const { engine, facts } = session;
  const known = facts.engine?.insecure.some((entry) => sameEntry(entry, registry));
  if (!engine || kind.startsWith("cidr") || known || !isReferable(registry)) return false;
  const answer = await engine.probeRegistry(`${registry}/regctl-probe:latest`, probeTimeoutMs);
  if (judgeProbe(answer).verdict !== "trusted") return false;
  return (
    kind !== "host" || !(await leadsIntoInsecureNetwork(session.host, registry, facts.engine?.insecure ?? []))
  );
}

/** Notes of our other entries that still stand, so that the last to go takes away what the first brought. */
function earlierNotes(session: HostSession): Readonly<Record<string, readonly UndoNote[]>> {
  const notes: Record<string, UndoNote[]> = {};
  for (const edit of standingEntries(journalOf(session)).flatMap((entry) => entry.edits)) {
    if (!edit.change) continue;
    notes[edit.path] = [...(notes[edit.path] ?? []), edit.change.note];
  }
  return notes;
}

function loopbackOutcome(host: string, registry: string): HostOutcome {
  const { error: _, ...outcome } = failedOutcome(host, { code: "", message: "", remedies: [] });
  return { ...outcome, proved: true, nothing: "loopback", detail: registry };
}

/** The engine is told for everybody, a default is a person's own: under sudo that person is somebody else. */
function whyNotRemember(world: SetupWorld): string | null {
  const allowed = world.maySave();
  if (!allowed.ok) return allowed.why;
  const person = world.environment.SUDO_USER;
  return person && person !== "root" ? `running under sudo for ${person}` : null;
}

/**
 * Our own commands may then speak HTTP to it, and it becomes the default registry where there is none: only when
 * this machine's own engine was told, and never for a network. The host is done by then: settings that cannot be
 * kept are a note, not a failure.
 */
async function remember(
  judged: JudgedRegistry,
  places: readonly HostPlace[],
  outcomes: readonly HostOutcome[],
  world: SetupWorld,
): Promise<Remembered> {
  const [place] = places;
  const here = places.length === 1 && place?.local === true && outcomes.every((host) => host.proved);
  if (!here || judged.kind.startsWith("cidr")) return {};
  try {
    return await rememberHere(judged.registry, world);
  } catch (error) {
    return { note: `it is not remembered as insecure: ${explain(toRegctlError(error)).message}` };
  }
}

interface Remembered {
  /** It became the default registry. */
  readonly registry?: string;
  readonly note?: string;
}

async function rememberHere(registry: string, world: SetupWorld): Promise<Remembered> {
  const paths = userPaths(world.environment, world.home);
  const settings = await readSettings(world.files, paths);
  const known = settings.registries?.[registry]?.insecure === true;
  if (known && settings.defaultRegistry !== undefined) return {};
  const refusal = whyNotRemember(world);
  if (refusal !== null)
    return { note: `${refusal}: ${settingsPath(paths)} stays as it is, no default is set` };
  await updateSettings(
    world.files,
    paths,
    (now) => ({
      ...now,
      defaultRegistry: now.defaultRegistry ?? registry,
      registries: { ...now.registries, [registry]: { ...now.registries?.[registry], insecure: true } },
    }),
    world.clock,
  );
  return settings.defaultRegistry === undefined ? { registry } : {};
}
