/** `regctl tunnel --detach`: whatever must be asked is asked here, then a process of its own keeps the tunnel. */
import { isRegctlError, type RegctlError } from "../errors.ts";
import { type DetachWorld, detach } from "../service/detach.ts";
import { choosePort } from "./choose-port.ts";
import { identifyTunnel, noSecrets, prepareTunnel, type Secrets } from "./prepare-tunnel.ts";
import type { TunnelRequest } from "./request.ts";
import { portFacts } from "./start-tunnel.ts";
import { type ReachFlags, tunnelArguments } from "./tunnel-arguments.ts";
import type { TunnelOutcome } from "./tunnel-outcome.ts";
import { assertNameFree, logPath } from "./tunnel-place.ts";
import type { TunnelWorld } from "./world.ts";

export interface BackgroundWorld extends TunnelWorld, Pick<DetachWorld, "program" | "startInBackground"> {}

/**
 * The answers and the password go to the other process by its standard input, and are nowhere else.
 * @throws RegctlError TUNNEL_RUNS, PORT_HELD, START_FAILED, and as `prepareTunnel`
 */
export async function tunnelInBackground(
  request: TunnelRequest,
  reach: ReachFlags,
  cwd: string,
  world: BackgroundWorld,
): Promise<TunnelOutcome> {
  const identity = await identifyTunnel(request, world);
  await assertNameFree(identity.name, world);
  await assertPortFree(request, world);
  const prepared = await prepareTunnel(request, identity, noSecrets, world);
  await prepared.discard();
  const args = [
    ...tunnelArguments(request, prepared, reach, cwd),
    ...["--started-by", "background", "--progress", "none"],
  ];
  const input = JSON.stringify(prepared.secrets());
  const path = logPath(identity.name, world);
  try {
    const document = await detach({ what: "The tunnel", args, logPath: path, input }, world);
    // It is this program's own document.
    return document as TunnelOutcome;
  } catch (error) {
    throw isRegctlError(error, "START_FAILED") ? await whyNotStarted(error, identity.name, world) : error;
  }
}

/** Another one may have got the name meanwhile, and then that is what there is to say. */
async function whyNotStarted(
  failed: RegctlError,
  name: string,
  world: BackgroundWorld,
): Promise<RegctlError> {
  try {
    await assertNameFree(name, world);
    return failed;
  } catch (error) {
    return isRegctlError(error, "TUNNEL_RUNS") ? error : failed;
  }
}

/** What another process would only report in words is found out here, with its code. @throws RegctlError PORT_HELD */
export async function assertPortFree(request: TunnelRequest, world: TunnelWorld): Promise<void> {
  if (request.localPort === null) return;
  await choosePort({ exact: request.localPort, remembered: null }, portFacts(request, new Set(), world));
}

/** What the process in the background was given. */
export function parseSecrets(text: string): Secrets {
  if (text.trim() === "") return noSecrets;
  const value: unknown = JSON.parse(text);
  // Both ends are this program.
  return value as Secrets;
}
