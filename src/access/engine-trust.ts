/** Whether an engine trusts a registry, as the engine itself says when it is made to ask there. */
import type { Engine } from "../engine/client.ts";
import { isPodman } from "../engine/engine-info.ts";
import { judgeProbe, type ProbeJudgement } from "../engine/probe.ts";
import { hubRegistry } from "../registry/docker-hub.ts";

const probeTimeoutMs = 5_000;

/** Every engine trusts Docker Hub, which would count the question. Podman answers 404 to it, wherever it was to ask. */
export async function readEngineTrust(
  engine: Pick<Engine, "version" | "probeRegistry">,
  registry: string,
): Promise<ProbeJudgement> {
  if (registry === hubRegistry) return { verdict: "trusted", message: "" };
  if (isPodman(await engine.version())) return { verdict: "unsupported", message: "Podman cannot be asked" };
  return judgeProbe(await engine.probeRegistry(`${registry}/regctl-probe:latest`, probeTimeoutMs));
}
