/** What there is: the engine, the default registry, the registry that was named. Nothing is changed. */
import { readEngineTrust } from "../access/engine-trust.ts";
import { openClient } from "../access/open.ts";
import { usualRegistry } from "../access/which-registry.ts";
import { userPaths } from "../config/paths.ts";
import { readSettings } from "../config/store.ts";
import type { ProbeVerdict } from "../engine/probe.ts";
import { reachEngine } from "../engine/reach-engine.ts";
import { isRegctlError } from "../errors.ts";
import { findCredential } from "../registry/credentials.ts";
import { findServer } from "../server/running-servers.ts";
import { storagePath } from "../server/settings.ts";
import { readEngineSide } from "../tunnel/read-engine-side.ts";
import { findTunnel } from "../tunnel/running-tunnels.ts";
import type { Answers } from "./ask.ts";
import type { Reach, Surroundings, Target } from "./plan.ts";
import type { InitWorld } from "./world.ts";

export interface LookInput extends Reach {
  readonly to: string | undefined;
  /** Of the tunnel or of the registry that is served; 0 for any. */
  readonly port: number | undefined;
  readonly timeoutSeconds: number | undefined;
}

export async function lookAround(world: InitWorld): Promise<Surroundings> {
  const settings = await readSettings(world.files, userPaths(world.environment, world.home));
  const [engine, found] = await Promise.all([lookAtEngine(world), usualRegistry(settings, world)]);
  const from = found?.from === "environment" ? "environment" : "other";
  return { engine, current: found === null ? null : { registry: found.registry, from } };
}

async function lookAtEngine(world: InitWorld): Promise<Surroundings["engine"]> {
  try {
    const { engine, local, close } = await reachEngine(world);
    try {
      const { operatingSystem, serverVersion } = await engine.info();
      const side = local ? await readEngineSide(null, world) : null;
      return { name: nameOf(operatingSystem, serverVersion), near: side?.side === "here" };
    } finally {
      await close();
    }
  } catch (error) {
    if (!isRegctlError(error, "ENGINE_UNREACHABLE")) throw error;
    // One that does not let us in is worth a word; one that is not there is not.
    const refused = error.facts.tried.filter((line) => !/: not there$|ENOENT/.test(line));
    for (const line of refused) world.emit({ event: "warning", warning: `no engine answers: ${line}` });
    return null;
  }
}

function nameOf(operatingSystem: string, version: string): string {
  return `the engine ${version}${operatingSystem === "" ? "" : ` (${operatingSystem})`}`;
}

/** Throws what keeps a registry from being reached, whatever is done here. */
export async function lookAtTarget(
  answers: Answers,
  input: LookInput,
  { engine }: Surroundings,
  world: InitWorld,
): Promise<Target> {
  switch (answers.kind) {
    case "serve": {
      const storage = storagePath(undefined, { ...world, cwd: "/" });
      const running = (await findServer(storage, world))?.registry ?? null;
      return { ...answers, port: input.port ?? (await findPort(world)), running };
    }
    case "server": {
      const running = (await findTunnel(answers.server, world))?.registry ?? null;
      return { ...answers, to: input.to, port: input.port, running };
    }
    case "registry": {
      const { registry } = answers;
      world.emit({ event: "step", host: registry, step: "ask" });
      const seen = await lookAtRegistry(registry, input, engine !== null, world);
      return { kind: "registry", registry, ...seen, engine: engine && (await askEngine(registry, world)) };
    }
  }
}

const usualPort = 5000;

/** The usual one, or the next that is free. */
async function findPort(world: InitWorld): Promise<number> {
  for (let port = usualPort; port < usualPort + 100; port += 1) {
    if (await world.isPortFree(port, "127.0.0.1")) return port;
  }
  return 0;
}

type Seen = Pick<Extract<Target, { kind: "registry" }>, "contact" | "verified" | "wantsLogin">;

async function lookAtRegistry(
  registry: string,
  input: LookInput,
  canTellEngine: boolean,
  world: InitWorld,
): Promise<Seen> {
  try {
    return { contact: "well", ...(await askRegistry(registry, input, world)) };
  } catch (error) {
    if (isRegctlError(error, "REGISTRY_PROTOCOL")) {
      return { contact: "plain", ...(await askRegistry(registry, { ...input, insecure: true }, world)) };
    }
    const curable = isRegctlError(error, "REGISTRY_CERTIFICATE") && !error.facts.ours;
    if (curable && canTellEngine && input.ca === undefined) {
      return { contact: "untrusted", verified: false, wantsLogin: null };
    }
    throw error;
  }
}

/** No stored login is shown: nobody has agreed yet to how the registry is spoken to. */
async function askRegistry(
  registry: string,
  { insecure, ca, timeoutSeconds }: LookInput,
  world: InitWorld,
): Promise<Omit<Seen, "contact">> {
  const settings = await readSettings(world.files, userPaths(world.environment, world.home));
  const reach = { insecure, ca, timeoutSeconds };
  const client = await openClient({ registry, settings, login: null, ...reach }, world);
  try {
    const { access } = await client.ping();
    const wantsLogin = access === "refused" && (await findCredential(registry, world)) === null;
    return { verified: client.verified, wantsLogin };
  } finally {
    await client.close();
  }
}

async function askEngine(registry: string, world: InitWorld): Promise<ProbeVerdict> {
  const { engine, close } = await reachEngine(world);
  try {
    return (await readEngineTrust(engine, registry)).verdict;
  } finally {
    await close();
  }
}
