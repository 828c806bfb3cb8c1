import { assertNotOfNode, placesOf } from "./cluster-nodes.ts";
import { onEachHost } from "./each-host.ts";
import { type HostPlace, locateHosts } from "./locate.ts";
import { failedOutcome, type HostOutcome, type SetupOutcome } from "./outcome.ts";
import { sudoPasswordFrom } from "./rights.ts";
import { type SetupMode, setUpHost, type Task } from "./set-up-host.ts";
import type { SetupWorld } from "./world.ts";

/** What all setup commands are given. */
export interface SetupInput extends SetupMode {
  readonly on: readonly string[];
  readonly cwd: string;
}

export interface SetupResult {
  readonly outcome: SetupOutcome;
  readonly exitCode: number;
}

export interface Told {
  readonly places: readonly HostPlace[];
  readonly outcomes: readonly HostOutcome[];
  readonly exitCode: number;
}

/** Asks the same of the engine of every host. */
export async function tellHosts(task: Task, input: SetupInput, world: SetupWorld): Promise<Told> {
  if (task.action !== "undo") assertNotOfNode(task.registry, input.engine);
  const places = await placesOf(await locateHosts(input.on, input.cwd, world), input.engine);
  const password = sudoPasswordFrom(world.environment, world.prompt, places.length, world.emit);
  const told = await onEachHost(
    places,
    world,
    (place) => setUpHost(place, task, { ...input, engine: place.engine ?? input.engine }, password, world),
    failedOutcome,
  );
  return { places, ...told };
}

/** The document of a run, without what belongs to one command alone. */
export function setupOutcome(
  registry: string,
  { dryRun }: SetupInput,
  { outcomes }: Pick<Told, "outcomes">,
  notes: readonly string[],
): SetupOutcome {
  return {
    registry,
    dryRun,
    notes,
    hosts: outcomes,
    ...(outcomes.some((host) => host.error) ? { ok: false as const } : {}),
  };
}

/** This machine's own engine was told, and nobody else's, and it is proved. */
export function toldHere(
  { places, outcomes }: Pick<Told, "places" | "outcomes">,
  { dryRun, print }: SetupMode,
): boolean {
  const isHere = places.length === 1 && places[0]?.local === true;
  return isHere && !dryRun && !print && outcomes.every(({ proved }) => proved);
}
