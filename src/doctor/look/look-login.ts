/** The login that is stored for a registry, and those that nearly are. */
import { dockerConfigPath, parseDockerConfig } from "../../config/docker-config.ts";
import { isRegctlError } from "../../errors.ts";
import { credentialKeyOf, keysOf } from "../../registry/credential-keys.ts";
import { getFromHelper, helperProgram } from "../../registry/credential-program.ts";
import { type FoundCredential, findCredential, helperFor } from "../../registry/credentials.ts";
import { hostOf } from "../../registry/insecure-list.ts";
import type { LoginLook } from "../facts.ts";
import type { DoctorWorld } from "../world.ts";

export interface LoginVisit {
  readonly look: LoginLook;
  readonly found: FoundCredential | null;
}

/** `addresses`: of the registry's host, under which a login may be stored as well. */
export async function visitLogin(
  registry: string,
  addresses: readonly string[],
  world: DoctorWorld,
): Promise<LoginVisit> {
  // What it would warn of is a check of its own here.
  const found = await findCredential(registry, { ...world, emit: () => {} });
  const path = dockerConfigPath(world.environment, world.home);
  const text = (await world.files.read(path).catch(() => null))?.toString("utf8") ?? null;
  const config = parseDockerConfig(text);
  if (config === null) {
    return { found, look: { from: found?.from ?? null, elsewhere: [], helper: null, unreadable: path } };
  }
  const keys = [...Object.keys(config.auths), ...Object.keys(config.credHelpers)];
  const own = keysOf(registry, keys);
  const elsewhere = keys.filter((key) => !own.includes(key) && isNear(key, registry, addresses));
  const name = helperFor(
    config,
    keysOf(registry, Object.keys(config.credHelpers))[0] ?? credentialKeyOf(registry),
  );
  const helper = name === null || found !== null ? null : await problemOfHelper(name, registry, world);
  return { found, look: { from: found?.from ?? null, elsewhere, helper, unreadable: null } };
}

async function problemOfHelper(
  name: string,
  registry: string,
  world: DoctorWorld,
): Promise<LoginLook["helper"]> {
  try {
    await getFromHelper(name, credentialKeyOf(registry), await world.spawn());
    return null;
  } catch (error) {
    if (!isRegctlError(error, "CREDENTIAL_HELPER_FAILED")) throw error;
    return { program: helperProgram(name), reason: error.facts.reason };
  }
}

/** The same host with another port or none, or one of its addresses. Pure. */
function isNear(key: string, registry: string, addresses: readonly string[]): boolean {
  const host = hostOf(key.replace(/^https?:\/\//i, "").split("/")[0] ?? "");
  return host !== "" && [hostOf(registry), ...addresses].includes(host.toLowerCase());
}
