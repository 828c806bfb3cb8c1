/** The user's logins: found where Docker and Podman keep them, stored and erased where `docker login` would. */
import {
  type Credential,
  type DockerConfig,
  dockerConfigPath,
  parseDockerConfig,
  podmanAuthPaths,
} from "../config/docker-config.ts";
import { isRegctlError } from "../errors.ts";
import type { Emit, Environment, Files, Spawn } from "../ports.ts";
import { credentialKeyOf, keysOf } from "./credential-keys.ts";
import { getFromHelper, helperProgram } from "./credential-program.ts";

export interface CredentialWorld {
  readonly environment: Environment;
  readonly home: string;
  readonly files: Files;
  readonly emit: Emit;
  /** Loaded only when there is a helper to ask. */
  spawn(): Promise<Spawn>;
}

export interface FoundCredential {
  readonly credential: Credential;
  /** The helper's program or the file's path. */
  readonly from: string;
}

/**
 * The login for a registry (HOST[:PORT], `docker.io` for Docker Hub). A file or helper that cannot be used is
 * warned of and passed over: whoever may come in without a login shall not fail for it.
 */
export async function findCredential(
  registry: string,
  world: CredentialWorld,
): Promise<FoundCredential | null> {
  const { environment, home } = world;
  const given = environment.DOCKER_AUTH_CONFIG;
  if (given) {
    const found = fromAuths(registry, parseDockerConfig(given), "DOCKER_AUTH_CONFIG");
    if (found !== null) return found;
  }
  for (const path of [dockerConfigPath(environment, home), ...podmanAuthPaths(environment, home)]) {
    const config = await readLogins(path, world);
    const found = (await fromHelper(registry, config, world)) ?? fromAuths(registry, config, path);
    if (found !== null) return found;
  }
  return null;
}

async function readLogins(path: string, { files, emit }: CredentialWorld): Promise<DockerConfig | null> {
  try {
    const config = parseDockerConfig((await files.read(path))?.toString("utf8") ?? null);
    if (config === null)
      emit({ event: "warning", warning: `${path} is not valid JSON: its logins are not used` });
    return config;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    emit({ event: "warning", warning: `the logins of ${path} are not used: ${problem}` });
    return null;
  }
}

/** The helper that is asked for a key, as the docker CLI chooses it. */
export function helperFor(config: DockerConfig, key: string): string | null {
  return config.credHelpers[key] ?? config.credsStore;
}

async function fromHelper(
  registry: string,
  config: DockerConfig | null,
  world: CredentialWorld,
): Promise<FoundCredential | null> {
  if (config === null) return null;
  const own = keysOf(registry, Object.keys(config.credHelpers));
  const key = own[0] ?? credentialKeyOf(registry);
  const helper = helperFor(config, key);
  if (helper === null) return null;
  try {
    const credential = await getFromHelper(helper, key, await world.spawn());
    return credential === null ? null : { credential, from: helperProgram(helper) };
  } catch (error) {
    if (!isRegctlError(error, "CREDENTIAL_HELPER_FAILED")) throw error;
    const { helper: program, reason } = error.facts;
    world.emit({ event: "warning", warning: `${program} could not be asked for a login: ${reason}` });
    return null;
  }
}

function fromAuths(registry: string, config: DockerConfig | null, from: string): FoundCredential | null {
  for (const key of keysOf(registry, Object.keys(config?.auths ?? {}))) {
    const credential = config?.auths[key];
    if (credential) return { credential, from };
  }
  return null;
}
