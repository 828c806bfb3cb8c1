import { judgeMirror } from "./mirror-name.ts";
import type { Task } from "./set-up-host.ts";
import { type SetupInput, type SetupResult, setupOutcome, tellHosts } from "./tell-hosts.ts";
import type { SetupWorld } from "./world.ts";

export interface SetupMirrorInput extends SetupInput {
  /** URL of the mirror. */
  readonly mirror: string;
  /** The registry whose images it has: `docker.io`. */
  readonly upstream: string;
}

/**
 * Tells engines to ask a mirror first.
 * @throws RegctlError whatever the only host failed with; BAD_REGISTRY before any host is asked
 */
export async function setupMirror(input: SetupMirrorInput, world: SetupWorld): Promise<SetupResult> {
  const mirror = judgeMirror(input.mirror);
  const upstream = normalUpstream(input.upstream);
  for (const note of mirror.said) world.emit({ event: "note", note });
  const task: Task = {
    action: "mirror",
    registry: mirror.registry,
    request: async () => ({ kind: "mirror", mirror, upstream }),
  };
  const told = await tellHosts(task, input, world);
  const outcome = setupOutcome(mirror.registry, input, told, mirror.said);
  return { outcome: { ...outcome, mirror: { url: mirror.url, upstream } }, exitCode: told.exitCode };
}

/** Docker Hub has several names, and references know it by one. */
function normalUpstream(given: string): string {
  const name = given
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/\/+$/, "");
  const hub = ["docker.io", "index.docker.io", "registry-1.docker.io", "hub.docker.com"];
  return hub.includes(name) ? "docker.io" : name;
}
