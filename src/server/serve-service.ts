/** `regctl serve --service`: the registry as a service of systemd, which starts it with the machine. */
import { RegctlError } from "../errors.ts";
import type { Clock, Prompt } from "../ports.ts";
import {
  installUnit,
  planUnit,
  readUnitLog,
  type UnitPlan,
  type UnitWorld,
} from "../service/install-unit.ts";
import { serviceId } from "../service/running.ts";
import type { ServeOutcome } from "./outcome.ts";
import { findServer, type RunningServersWorld } from "./running-servers.ts";
import { serveArguments } from "./serve-arguments.ts";
import type { ServeSettings } from "./settings.ts";

export interface ServiceOutcome extends Partial<ServeOutcome> {
  readonly unit: string;
  readonly path: string;
  readonly content: string;
  /** The unit's file was written; with `--dry-run` or `--print`, would be. */
  readonly changed: boolean;
  /** Command lines, as they were run or would be. */
  readonly commands: readonly string[];
}

export interface ServiceRunWorld extends UnitWorld, RunningServersWorld {
  readonly program: readonly string[];
  readonly clock: Clock;
  readonly prompt: Prompt;
}

export interface ServiceRequest {
  readonly settings: ServeSettings;
  /** `--storage` was given: else the service has a folder of its own. */
  readonly named: boolean;
  /** Show what would be done. */
  readonly only: boolean;
}

/** Where the unit of the machine keeps things when nothing is named. */
const systemStorage = "/var/lib/regctl/registry";
const readyMs = 20_000;

export async function serveAsService(
  request: ServiceRequest,
  world: ServiceRunWorld,
): Promise<ServiceOutcome> {
  const own = world.isRoot && !request.named;
  const settings = own ? { ...request.settings, storage: systemStorage } : request.settings;
  const name = unitName(settings, request);
  const folder = request.named ? name : "regctl";
  const plan = await planUnit(`${name}.service`, { ...factsOf(settings, own, world), folder }, world);
  const outcome = describe(plan);
  if (request.only) return outcome;
  for (const step of [`write ${plan.path}`, ...outcome.commands]) {
    world.emit({ event: "note", note: step });
  }
  await installUnit(plan, world);
  return { ...(await waitForServer(settings.storage, plan, world)), ...outcome };
}

/** One unit for each storage; the usual one has the plain name. */
function unitName({ storage }: ServeSettings, { named }: ServiceRequest): string {
  return named ? `regctl-serve-${serviceId(storage)}` : "regctl-serve";
}

function factsOf(settings: ServeSettings, own: boolean, { program }: ServiceRunWorld) {
  return {
    description: `Container registry in ${settings.storage} (regctl serve)`,
    argv: [...program, ...serveArguments(settings), "--yes", "--progress", "plain"],
    writes: own ? null : settings.storage,
    asRoot: !own || settings.htpasswd !== null || settings.tls.kind === "files",
    lowPort: settings.listen.port > 0 && settings.listen.port < 1024,
  };
}

function describe({ name, path, content, changed, commands }: UnitPlan): ServiceOutcome {
  return { unit: name, path, content, changed, commands: commands.map((command) => command.join(" ")) };
}

/** systemd takes it for started when the program runs: ready is who answers. */
async function waitForServer(storage: string, plan: UnitPlan, world: ServiceRunWorld): Promise<ServeOutcome> {
  const until = world.clock.now().getTime() + readyMs;
  while (world.clock.now().getTime() < until) {
    const found = await findServer(storage, world);
    if (found !== null) return found;
    await world.clock.sleep(200, world.signal);
  }
  throw new RegctlError("START_FAILED", { what: plan.name, log: await readUnitLog(plan, world) });
}
