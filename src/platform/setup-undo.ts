import { type ChangeKind, changeKinds } from "./change-request.ts";
import { judgeRegistry } from "./registry-name.ts";
import { forget } from "./remember.ts";
import type { Task } from "./set-up-host.ts";
import { type SetupInput, type SetupResult, setupOutcome, tellHosts } from "./tell-hosts.ts";
import type { SetupWorld } from "./world.ts";

export interface SetupUndoInput extends SetupInput {
  /** Undefined with `last`. */
  readonly registry?: string | undefined;
  readonly last: boolean;
  /** All when left out. */
  readonly kinds?: readonly ChangeKind[] | undefined;
}

/** Takes away what setup added, on each host, and proves it. */
export async function setupUndo(input: SetupUndoInput, world: SetupWorld): Promise<SetupResult> {
  const judged = input.registry === undefined ? null : judgeRegistry(withoutPath(input.registry));
  const kinds = input.kinds ?? changeKinds;
  const task: Task = {
    action: "undo",
    registry: judged?.registry ?? "REGISTRY",
    request: async () => ({ kind: "undo", registry: judged?.registry ?? null, kinds }),
  };
  const told = await tellHosts(task, input, world);
  const registry = judged?.registry ?? "";
  const here = told.places.length === 1 && told.places[0]?.local === true;
  const note = judged && here && !input.dryRun && !input.print ? await forget(registry, kinds, world) : null;
  if (note !== null) world.emit({ event: "note", note });
  const notes = [...(judged?.said ?? []), ...(note === null ? [] : [note])];
  return { outcome: setupOutcome(registry, input, told, notes), exitCode: told.exitCode };
}

/** A mirror is given as a URL, and known by its host. */
function withoutPath(given: string): string {
  return /^https?:\/\//i.test(given) ? given.replace(/\/+$/, "") : given;
}
