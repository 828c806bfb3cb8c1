/** Whether the registry answers through a tunnel. */
import { openClient } from "../access/open.ts";
import type { AccessWorld } from "../access/world.ts";
import { userPaths } from "../config/paths.ts";
import { readSettings } from "../config/store.ts";
import { isRegctlError, RegctlError } from "../errors.ts";
import type { TunnelRequest } from "./request.ts";

const checkSeconds = 15;
const healthMs = 4000;

/** One that wants a login is there. Throws whatever keeps it from being used. */
export async function checkRegistry(
  registry: string,
  trust: TunnelRequest["trust"],
  world: AccessWorld,
): Promise<void> {
  const settings = await readSettings(world.files, userPaths(world.environment, world.home));
  try {
    const client = await openClient(
      { registry, settings, ...trust, login: null, timeoutSeconds: checkSeconds },
      world,
    );
    try {
      await client.ping();
    } finally {
      await client.close();
    }
  } catch (error) {
    if (isRegctlError(error, "UNAUTHORIZED")) return;
    throw nameMismatch(error) ?? error;
  }
}

/** `Host: localhost. is not in the cert's altnames: DNS:registry.example`, as Node says it. */
function nameMismatch(error: unknown): RegctlError | null {
  if (!isRegctlError(error, "REGISTRY_CERTIFICATE")) return null;
  const [, names] = /.*altnames: (.+?)\.?$/.exec(error.facts.reason) ?? [];
  if (names === undefined) return null;
  const facts = { registry: error.facts.registry, names: names.replaceAll(/(DNS|IP Address):/g, "") };
  return new RegctlError("REGISTRY_NAME_MISMATCH", facts, { cause: error });
}

/** The same in a few seconds, as yes or no. */
export async function isHealthy(
  registry: string,
  trust: TunnelRequest["trust"],
  world: AccessWorld,
): Promise<boolean> {
  const signal = AbortSignal.any([world.signal, AbortSignal.timeout(healthMs)]);
  const quiet = { ...world, signal, emit: () => {} };
  const checked = checkRegistry(registry, trust, quiet).then(
    () => true,
    () => false,
  );
  const late = new Promise<boolean>((resolve) => {
    signal.addEventListener("abort", () => resolve(false), { once: true });
  });
  return await Promise.race([checked, late]);
}
