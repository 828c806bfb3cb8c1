/**
 * Names of a registry, kept between two presses of the tab key: whoever waits for them at a prompt gets what is known
 * at once, and a process in the background asks anew.
 */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import { openClient } from "../access/open.ts";
import type { AccessWorld } from "../access/world.ts";
import { userPaths } from "../config/paths.ts";
import { readSettings } from "../config/store.ts";
import { type EngineWorld, reachEngine } from "../engine/reach-engine.ts";
import type { Environment, Files } from "../ports.ts";
import type { KnownNames } from "./names.ts";

/** Known names, and when they were asked for: milliseconds since 1970, by repository; "" stands for the catalog. */
interface Kept extends KnownNames {
  readonly asked: Readonly<Record<string, number>>;
}

/** Stands for a registry where the images of the engine are meant. */
export const engineNames = "engine";

const none: Kept = { repositories: [], tags: {}, asked: {} };

/** So long a name is taken for true without asking. */
const freshMs = 60_000;
/** So long one question is waited for before another is begun. */
const busyMs = 5_000;
const mostRepositories = 5_000;

export type RefreshWorld = AccessWorld & EngineWorld;

interface KeepWorld {
  readonly files: Files;
  readonly environment: Environment;
  readonly home: string;
}

function pathFor(registry: string, { environment, home }: KeepWorld): string {
  const name = createHash("sha256").update(registry).digest("hex").slice(0, 32);
  return posix.join(userPaths(environment, home).cache, "completion", `${name}.json`);
}

/** A file that cannot be read says nothing. */
export async function readKnownNames(registry: string, world: KeepWorld): Promise<Kept> {
  const bytes = await world.files.read(pathFor(registry, world)).catch(() => null);
  if (bytes === null) return none;
  try {
    const { repositories, tags, asked }: Kept = JSON.parse(bytes.toString("utf8"));
    const whole = Array.isArray(repositories) && typeof tags === "object" && typeof asked === "object";
    return whole ? { repositories, tags: tags ?? {}, asked: asked ?? {} } : none;
  } catch {
    return none;
  }
}

/** Whether somebody should ask for the catalog ("") or the tags of a repository now. */
export function isStale({ asked }: Kept, repository: string, now: number): boolean {
  const at = asked[repository];
  return at === undefined || Math.abs(now - at) > freshMs;
}

/** Asks the registry, and keeps what it says. Throws what the client throws; nobody hears of it. */
export async function refreshNames(registry: string, repository: string, world: RefreshWorld): Promise<void> {
  const before = await readKnownNames(registry, world);
  const now = world.clock.now().getTime();
  const path = pathFor(registry, world);
  // Others see that it is asked already: by a time that is fresh for as long as the question may take.
  const claimed = { ...before, asked: { ...before.asked, [repository]: now - freshMs + busyMs } };
  await world.files.write(path, JSON.stringify(claimed), { mode: 0o600, durable: false });
  const found = registry === engineNames ? await readEngine(world) : await ask(registry, repository, world);
  const known = await readKnownNames(registry, world);
  const kept: Kept = {
    repositories: found.repositories ?? known.repositories,
    tags: { ...known.tags, ...found.tags },
    asked: { ...known.asked, [repository]: world.clock.now().getTime() },
  };
  await world.files.write(path, JSON.stringify(kept), { mode: 0o600, durable: false });
}

async function readEngine(world: RefreshWorld): Promise<Partial<KnownNames>> {
  const { engine, close } = await reachEngine(world);
  try {
    const images = await engine.images.list();
    return { repositories: images.flatMap(({ tags }) => tags).sort() };
  } finally {
    await close();
  }
}

async function ask(registry: string, repository: string, world: RefreshWorld): Promise<Partial<KnownNames>> {
  const settings = await readSettings(world.files, userPaths(world.environment, world.home));
  const client = await openClient({ registry, settings, timeoutSeconds: 5 }, world);
  try {
    return repository === "" ? await readCatalog(client) : await readTags(client, repository);
  } finally {
    await client.close();
  }
}

type Client = Awaited<ReturnType<typeof openClient>>;

async function readCatalog(client: Client): Promise<Partial<KnownNames>> {
  const repositories: string[] = [];
  for await (const { entries } of client.catalogPages()) {
    repositories.push(...entries);
    if (repositories.length >= mostRepositories) break;
  }
  return { repositories: repositories.slice(0, mostRepositories).sort() };
}

async function readTags(client: Client, repository: string): Promise<Partial<KnownNames>> {
  const tags: string[] = [];
  for await (const { entries } of client.tagPages(repository)) tags.push(...entries);
  return { tags: { [repository]: tags } };
}
