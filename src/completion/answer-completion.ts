/** What a shell is told when the tab key is pressed: quickly, and nothing where something is wrong. */
import { usualRegistry } from "../access/which-registry.ts";
import type { AccessWorld } from "../access/world.ts";
import type { ProgramWords } from "../command-words.ts";
import { dockerConfigPath } from "../config/docker-config.ts";
import { userPaths } from "../config/paths.ts";
import { readSettings } from "../config/store.ts";
import { complete, type NameKind } from "./complete.ts";
import { engineNames, isStale, readKnownNames } from "./known-names.ts";
import { namesThatFit, parseTyped } from "./names.ts";
import { readContexts, readHosts } from "./read-hosts.ts";

export interface CompletionWorld extends AccessWorld {
  /** How this program is started. */
  readonly program: readonly string[];
  /** Starts a program that nobody waits for. */
  leaveBehind(argv: readonly string[]): Promise<void>;
}

/** The words that ask a registry (or the engine) for its names, in the background. */
const refreshWord = "__complete-refresh";

/**
 * Lines `TEXT` or `TEXT<tab>what it is`; the one line `:files` asks the shell for names of files. A text that ends in
 * a colon or slash is not whole.
 */
export async function answerCompletion(
  words: readonly string[],
  source: ProgramWords,
  world: CompletionWorld,
): Promise<readonly string[]> {
  const completion = complete(words, source);
  switch (completion.kind) {
    case "files":
      return [":files"];
    case "words":
      return completion.words.map(({ text, about }) => (about ? `${text}\t${firstLine(about)}` : text));
    case "names": {
      const { of, typed, before } = completion;
      const names = await readNames(of, typed, world).catch(() => []);
      return names.filter((name) => name.startsWith(typed)).map((name) => before + name);
    }
  }
}

/** Names come from registries and files: no line of them may become two. */
function firstLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, " ");
}

async function readNames(of: NameKind, typed: string, world: CompletionWorld): Promise<readonly string[]> {
  switch (of) {
    case "registry":
      return await readRegistries(world);
    case "repository":
      return await readReferences(typed, false, world);
    case "reference":
      return await readReferences(typed, true, world);
    case "image":
      return await readImages(world);
    case "host":
      return await readHosts(world);
    case "context":
      return await readContexts(world);
    case "tunnel":
      return (await import("./read-tunnels.ts")).readTunnelNames(world);
  }
}

/** Those that the user has named to regctl or logged in to. */
async function readRegistries({ files, environment, home }: CompletionWorld): Promise<readonly string[]> {
  const settings = await readSettings(files, userPaths(environment, home));
  const docker = await files.read(dockerConfigPath(environment, home)).catch(() => null);
  return [
    ...new Set([
      ...(settings.defaultRegistry === undefined ? [] : [settings.defaultRegistry]),
      ...Object.keys(settings.registries ?? {}),
      ...loginsOf(docker),
    ]),
  ];
}

function loginsOf(bytes: Buffer | null): readonly string[] {
  try {
    const { auths }: { auths?: object } = JSON.parse(bytes?.toString("utf8") ?? "{}");
    return Object.keys(auths ?? {}).filter((key) => !key.includes("/"));
  } catch {
    return [];
  }
}

async function readReferences(
  typed: string,
  withTags: boolean,
  world: CompletionWorld,
): Promise<readonly string[]> {
  const reference = parseTyped(typed);
  const settings = await readSettings(world.files, userPaths(world.environment, world.home));
  const registry = reference.registry ?? (await usualRegistry(settings, world))?.registry;
  if (registry === undefined) return await registriesAsPrefixes(world);
  const known = await readKnownNames(registry, world);
  const now = world.clock.now().getTime();
  const whole = known.repositories.includes(reference.repository);
  const asksTags = withTags && (reference.tag !== null || whole);
  const about = asksTags ? reference.repository : "";
  if (isStale(known, about, now)) await refresh(registry, about, world);
  const names = namesThatFit(reference, known, withTags);
  const hosts = reference.registry === null && !asksTags ? await registriesAsPrefixes(world) : [];
  return [...names, ...hosts];
}

async function registriesAsPrefixes(world: CompletionWorld): Promise<readonly string[]> {
  return (await readRegistries(world)).map((registry) => `${registry}/`);
}

async function readImages(world: CompletionWorld): Promise<readonly string[]> {
  const known = await readKnownNames(engineNames, world);
  if (isStale(known, "", world.clock.now().getTime())) await refresh(engineNames, "", world);
  return known.repositories;
}

async function refresh(registry: string, repository: string, world: CompletionWorld): Promise<void> {
  await world.leaveBehind([...world.program, refreshWord, registry, repository]);
}
