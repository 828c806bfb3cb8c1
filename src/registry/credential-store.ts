/** Storing and erasing a login, in the place where `docker login` and `docker logout` would. */
import {
  authEntryOf,
  type Credential,
  type DockerConfig,
  dockerConfigPath,
  parseDockerConfig,
} from "../config/docker-config.ts";
import { type ConfigChange, changeDockerConfig } from "../config/docker-config-text.ts";
import { withLock } from "../config/lock.ts";
import { userPaths } from "../config/paths.ts";
import { isRegctlError, RegctlError } from "../errors.ts";
import type { Clock } from "../ports.ts";
import { credentialKeyOf, keysOf } from "./credential-keys.ts";
import { eraseFromHelper, helperProgram, listHelper, storeInHelper } from "./credential-program.ts";
import { type CredentialWorld, helperFor } from "./credentials.ts";

export interface StoreWorld extends CredentialWorld {
  readonly clock: Clock;
}

export interface StoredPlace {
  /** The helper's program, or the path of the file. */
  readonly place: string;
  /** Anybody who reads that file has the password. */
  readonly plainText: boolean;
}

const newFileMode = 0o600;

/** Throws CONFIG_BROKEN, CREDENTIAL_HELPER_FAILED, HOST_FILE_FAILED, LOCKED. */
export async function storeCredential(
  registry: string,
  credential: Exclude<Credential, { kind: "registry-token" }>,
  world: StoreWorld,
): Promise<StoredPlace> {
  const key = credentialKeyOf(registry);
  const { config, path } = await readConfig(world);
  const { helper, isNew } = await chooseHelper(config, key, world);
  if (helper === null) {
    await changeConfig(path, [{ path: ["auths", key], value: authEntryOf(credential) }], world);
    return { place: path, plainText: true };
  }
  await storeInHelper(helper, key, credential, await world.spawn());
  // As Docker does: an empty entry says that there is a login, and the helper has it.
  const entry = { path: ["auths", key], value: {} };
  await changeConfig(path, isNew ? [entry, { path: ["credsStore"], value: helper }] : [entry], world);
  return { place: helperProgram(helper), plainText: false };
}

/** The places that had a login for the registry, under any of the names it may have there. Throws as `store…`. */
export async function eraseCredential(registry: string, world: StoreWorld): Promise<readonly string[]> {
  const { config, path } = await readConfig(world);
  const keys = keysOf(registry, Object.keys(config.auths));
  const asked = [credentialKeyOf(registry), ...keys, ...keysOf(registry, Object.keys(config.credHelpers))];
  const helpers = new Set(asked.flatMap((key) => helperFor(config, key) ?? []));
  const places: string[] = [];
  for (const helper of helpers) {
    if (await eraseAll(helper, registry, world)) places.push(helperProgram(helper));
  }
  await changeConfig(
    path,
    keys.map((key) => ({ path: ["auths", key], value: undefined })),
    world,
  );
  return keys.some((key) => config.auths[key]) ? [...places, path] : places;
}

async function eraseAll(helper: string, registry: string, world: StoreWorld): Promise<boolean> {
  const spawn = await world.spawn();
  const known = await keysInHelper(helper, registry, world);
  let erased = false;
  for (const key of known ?? [credentialKeyOf(registry)]) {
    const had = await eraseFromHelper(helper, key, spawn);
    erased = erased || had;
  }
  return erased;
}

/** Null where the helper cannot list, as some cannot. */
async function keysInHelper(
  helper: string,
  registry: string,
  world: StoreWorld,
): Promise<readonly string[] | null> {
  try {
    return keysOf(registry, await listHelper(helper, await world.spawn()));
  } catch (error) {
    if (isRegctlError(error, "CREDENTIAL_HELPER_FAILED")) return null;
    throw error;
  }
}

/** Docker takes a keychain that is installed into use at the first login, and remembers it. */
async function chooseHelper(
  config: DockerConfig,
  key: string,
  world: StoreWorld,
): Promise<{ readonly helper: string | null; readonly isNew: boolean }> {
  const told = helperFor(config, key);
  const isFirst = Object.keys(config.auths).length + Object.keys(config.credHelpers).length === 0;
  if (told !== null || !isFirst) return { helper: told, isNew: false };
  const usual = (await isOnPath("pass", world)) ? "pass" : "secretservice";
  const helper = (await isOnPath(helperProgram(usual), world)) ? usual : null;
  return { helper, isNew: helper !== null };
}

async function isOnPath(program: string, { environment, files }: CredentialWorld): Promise<boolean> {
  for (const folder of (environment.PATH ?? "").split(":").filter((path) => path.startsWith("/"))) {
    const names: readonly string[] = await files.list(folder).catch(() => []);
    if (names.includes(program)) return true;
  }
  return false;
}

async function readConfig(
  world: StoreWorld,
): Promise<{ readonly config: DockerConfig; readonly path: string }> {
  const path = dockerConfigPath(world.environment, world.home);
  const text = await orFileFailed(path, readText(path, world));
  // Says where it is broken before anything is changed anywhere.
  changeDockerConfig(text, [], path);
  return { config: parseDockerConfig(text) ?? { auths: {}, credsStore: null, credHelpers: {} }, path };
}

/** Under a lock of ours, so that two logins at once are both kept; the docker CLI knows none. */
async function changeConfig(
  path: string,
  changes: readonly ConfigChange[],
  world: StoreWorld,
): Promise<void> {
  if (changes.length === 0) return;
  const { environment, home, files, clock } = world;
  const lock = `${userPaths(environment, home).state}/docker-config.lock`;
  const changed = withLock(lock, clock, async (stillHeld) => {
    const text = await readText(path, world);
    const wanted = changeDockerConfig(text, changes, path);
    await stillHeld();
    if (wanted !== text) await files.write(path, wanted, { mode: newFileMode });
  });
  await orFileFailed(path, changed);
}

async function readText(path: string, { files }: StoreWorld): Promise<string | null> {
  return (await files.read(path))?.toString("utf8") ?? null;
}

async function orFileFailed<T>(path: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    const facts = { host: "localhost", path, problem: error.message };
    throw new RegctlError("HOST_FILE_FAILED", facts, { cause: error });
  }
}
