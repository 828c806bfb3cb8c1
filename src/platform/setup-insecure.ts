import { isRegctlError } from "../errors.ts";
import { failedOutcome, type HostOutcome } from "./outcome.ts";
import { insecureByDefault, judgeRegistry } from "./registry-name.ts";
import { remember } from "./remember.ts";
import type { Task } from "./set-up-host.ts";
import { type SetupInput, type SetupResult, setupOutcome, tellHosts, toldHere } from "./tell-hosts.ts";
import type { SetupWorld } from "./world.ts";

export interface SetupInsecureInput extends SetupInput {
  readonly registry: string;
}

/**
 * Tells engines to talk to a registry without a verified certificate.
 * @throws RegctlError whatever the only host failed with; BAD_REGISTRY and its like before any host is asked
 */
export async function setupInsecure(input: SetupInsecureInput, world: SetupWorld): Promise<SetupResult> {
  const judged = judgeRegistry(input.registry);
  const { registry } = judged;
  const said = [...judged.said, ...judged.notes];
  for (const note of said) world.emit({ event: "note", note });
  const isTaken = insecureByDefault(judged, undefined) && (input.engine ?? "docker") === "docker";
  const task: Task = {
    action: "insecure",
    registry,
    request: async () => ({ kind: "insecure", registry: judged }),
    // Docker takes it as it is, and Podman does not: which of them is meant is known by a look at the host.
    taken: (engine, host) => (engine === "docker" && isTaken ? loopbackOutcome(host, registry) : null),
    ...(isTaken ? { unseen: (host: string) => loopbackOutcome(host, registry) } : {}),
  };
  const told = await tellHosts(task, input, world).catch((error: unknown) => {
    // An engine elsewhere is Docker's, and takes it there as it is.
    if (!isTaken || !isRegctlError(error, "ENGINE_ELSEWHERE")) throw error;
    return { places: [], outcomes: [loopbackOutcome("localhost", registry)], exitCode: 0 };
  });
  // A network is no registry that one of our commands could name.
  const isTold = told.outcomes.some(({ nothing }) => nothing !== "loopback");
  const isKept = isTold && toldHere(told, input) && !judged.kind.startsWith("cidr");
  const kept = isKept
    ? await remember(registry, "as insecure", (now) => ({ ...now, insecure: true }), world)
    : {};
  if (kept.note) world.emit({ event: "note", note: kept.note });
  const outcome = setupOutcome(registry, input, told, [...said, ...(kept.note ? [kept.note] : [])]);
  return {
    outcome: { ...outcome, ...(kept.registry ? { defaultRegistry: kept.registry } : {}) },
    exitCode: told.exitCode,
  };
}

function loopbackOutcome(host: string, registry: string): HostOutcome {
  const { error: _, ...outcome } = failedOutcome(host, { code: "", message: "", remedies: [] });
  return { ...outcome, proved: true, nothing: "loopback", detail: registry };
}
