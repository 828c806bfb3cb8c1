import { dialEngine } from "../engine/dial-engine.ts";
import { insecureRegistriesOf } from "../engine/engine-info.ts";
import { readEndpoint } from "../engine/read-endpoint.ts";
import { isRegctlError } from "../errors.ts";
import { hostOf, isListed } from "../registry/insecure-list.ts";
import type { AccessWorld } from "./world.ts";

const answerWithinMs = 2_000;

/**
 * Whether the docker engine of this machine has been told that a registry is insecure, by name or by network: then
 * so it is for regctl. An engine that does not answer has told nothing.
 */
export async function isInsecureForEngine(registry: string, world: AccessWorld): Promise<boolean> {
  const entries = await readEntries(world);
  if (entries.length === 0) return false;
  const host = hostOf(registry);
  const addresses = await world.addressesOf(host);
  const listed = isListed({ registry, addresses, entries });
  if (listed) {
    const note = `${registry} is taken as insecure, since the docker engine of this machine lists it so`;
    world.emit({ event: "note", note });
  }
  return listed;
}

async function readEntries(world: AccessWorld): Promise<readonly string[]> {
  try {
    const { endpoints } = await readEndpoint(world.files, {
      environment: world.environment,
      home: world.home,
    });
    const [endpoint] = endpoints;
    if (endpoint?.kind !== "unix") return [];
    const [plain, openHttp] = await Promise.all([world.localHost(), world.http()]);
    const engine = await dialEngine({ plain, socketPath: endpoint.path, openHttp, answerWithinMs });
    try {
      return insecureRegistriesOf(await engine.info());
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (isRegctlError(error)) return [];
    throw error;
  }
}
