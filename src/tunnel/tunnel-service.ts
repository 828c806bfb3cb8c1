/** `regctl tunnel --service`: systemd keeps the tunnel for its user, across logins. */
import { isRegctlError, RegctlError } from "../errors.ts";
import { explain } from "../explain/errors.ts";
import type { Environment, Prompt } from "../ports.ts";
import {
  installUnit,
  planUnit,
  readUnitLog,
  removeUnit,
  takeBackUnit,
  type UnitPlan,
  type UnitWorld,
} from "../service/install-unit.ts";
import { serviceId } from "../service/running.ts";
import { findRegistry } from "./find-registry.ts";
import { parseDestination } from "./forward-argument.ts";
import { identifyTunnel } from "./prepare-tunnel.ts";
import type { TunnelRequest } from "./request.ts";
import { nameOfTunnel, namesMeant, runningTunnel } from "./running-tunnels.ts";
import { type ReachFlags, tunnelArguments } from "./tunnel-arguments.ts";
import { assertPortFree } from "./tunnel-in-background.ts";
import type { TunnelItem } from "./tunnel-outcome.ts";
import type { TunnelWorld } from "./world.ts";

export interface TunnelServiceOutcome {
  readonly unit: string;
  readonly path: string;
  readonly content: string;
  /** The unit's file was written or removed; with `--dry-run`, would be. */
  readonly changed: boolean;
  /** Command lines, as they were run or would be. */
  readonly commands: readonly string[];
  /** The tunnel, once it is up. */
  readonly items: readonly TunnelItem[];
}

export interface TunnelServiceWorld extends TunnelWorld, UnitWorld {
  readonly program: readonly string[];
}

const readyMs = 60_000;
const unitOf = (name: string): string => `regctl-tunnel-${serviceId(name)}.service`;

/**
 * When it does not start, everything is as it was before.
 * @throws RegctlError TUNNEL_RUNS, PORT_HELD, KEY_NEEDS_PERSON, NO_SERVICE_MANAGER, HOST_COMMAND_FAILED, START_FAILED,
 * and as `prepareTunnel`
 */
export async function tunnelAsService(
  request: TunnelRequest,
  options: { readonly reach: ReachFlags; readonly cwd: string; readonly only: boolean },
  world: TunnelServiceWorld,
): Promise<TunnelServiceOutcome> {
  const { name, server, record } = await identifyTunnel(request, world);
  await assertPlaceFree(name, request, world);
  const to = await findUnattended(request, record?.to ?? "localhost:5000", server, world);
  const words = tunnelArguments(request, { name, to }, options.reach, options.cwd);
  const argv = [...world.program, ...words, "--started-by", "service", "--progress", "plain"];
  const description = `Tunnel to the registry of ${server} (regctl tunnel)`;
  const facts = { description, argv, writes: null, asRoot: true, lowPort: false, folder: "regctl" };
  const environment = pickEnvironment(world.environment);
  const plan = await planUnit(unitOf(name), { ...facts, environment, patient: true }, world, "user");
  const outcome = { ...describe(plan), items: [] };
  if (options.only) return outcome;
  for (const step of [`write ${plan.path}`, ...outcome.commands]) world.emit({ event: "note", note: step });
  try {
    await installUnit(plan, world);
    return { ...outcome, items: [await waitForTunnel(name, plan, world)] };
  } catch (error) {
    // One that was there as it is now is left to systemd, which goes on trying.
    if (plan.changed && !isRegctlError(error, "NO_SERVICE_MANAGER")) await takeBackUnit(plan, world);
    throw error;
  }
}

/** Where our files and the engine are: what a shell has set, the user's manager need not know. */
const carried = [
  ...["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"],
  ...["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"],
];

function pickEnvironment(environment: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(
    carried.flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
}

/** Its own service may run, and is started again: that gives up the name and the port. */
async function assertPlaceFree(name: string, request: TunnelRequest, world: TunnelWorld): Promise<void> {
  const running = await runningTunnel(name, world);
  if (running === null) return await assertPortFree(request, world);
  const { pid, registry, startedBy } = running;
  if (startedBy !== "service") throw new RegctlError("TUNNEL_RUNS", { name, pid, registry });
}

/** Where the registry is, by a connection that asks nobody and uses no agent. */
async function findUnattended(
  request: TunnelRequest,
  usual: string,
  server: string,
  world: TunnelServiceWorld,
) {
  const { SSH_AUTH_SOCK: _, REGCTL_SSH_PASSWORD: __, ...environment } = world.environment;
  const how = { prompt: nobody(world.prompt), environment, signal: world.signal };
  const connecting = world.connectAs(request.spec, {
    ...how,
    timeoutMs: world.connectTimeoutMs,
    ssh: "node",
  });
  const connection = await connecting.catch((error: unknown) => {
    if (!isRegctlError(error, "SSH_AUTH_FAILED") && !isRegctlError(error, "MISSING_ANSWER")) throw error;
    const reason = explain(error).message;
    throw new RegctlError("KEY_NEEDS_PERSON", { server, reason }, { cause: error });
  });
  try {
    return await findRegistry(connection, request.to ?? parseDestination(usual, "--to"), world);
  } finally {
    await connection.close();
  }
}

/** Only a host key may be vouched for: it is recorded, and not asked about again. */
function nobody({ interactive, consent }: Prompt): Prompt {
  const refuse = async (question: { readonly question: string; readonly flag: string }) => {
    throw new RegctlError("MISSING_ANSWER", { question: question.question, flag: question.flag });
  };
  return { interactive, consent, secret: refuse, text: refuse };
}

/** Also one that never came up. @throws RegctlError USAGE, NO_SERVICE_MANAGER, NOT_RUNNING: there is no such unit */
export async function removeTunnelService(
  typed: string | null,
  world: TunnelServiceWorld,
): Promise<TunnelServiceOutcome> {
  if (typed === null) {
    const type = "regctl tunnel stop --service NAME";
    throw new RegctlError("USAGE", { problem: "--service needs the name of the tunnel", type });
  }
  for (const name of await namesMeant(typed, world)) {
    const plan = await removeUnit(unitOf(name), world, "user");
    if (plan !== null) return { ...describe(plan), items: [] };
  }
  throw new RegctlError("NOT_RUNNING", {
    what: "service for the tunnel",
    name: await nameOfTunnel(typed, "stop --service", world),
    start: "regctl tunnel USER@SERVER --service",
  });
}

function describe({ name, path, content, changed, commands }: UnitPlan) {
  return { unit: name, path, content, changed, commands: commands.map((command) => command.join(" ")) };
}

/** systemd takes it for started when the program runs: up is who answers. */
async function waitForTunnel(name: string, plan: UnitPlan, world: TunnelServiceWorld): Promise<TunnelItem> {
  const until = world.clock.now().getTime() + readyMs;
  while (world.clock.now().getTime() < until) {
    const found = await runningTunnel(name, world);
    if (found?.startedBy === "service" && found.registry !== null) return found;
    await world.clock.sleep(200, world.signal);
  }
  throw new RegctlError("START_FAILED", { what: plan.name, log: await readUnitLog(plan, world) });
}
