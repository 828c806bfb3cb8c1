/** regctl as a plugin of the docker CLI: a program of its name in the user's folder of plugins. */
import { posix } from "node:path";
import pjson from "../../package.json" with { type: "json" };
import { dockerConfigPath } from "../config/docker-config.ts";
import { RegctlError } from "../errors.ts";
import { quoteLine } from "../explain/quote.ts";
import type { Environment, Files } from "../ports.ts";

export interface PluginOutcome {
  readonly path: string;
  readonly installed: boolean;
  readonly changed: boolean;
}

export interface PluginWorld {
  readonly files: Files;
  readonly environment: Environment;
  readonly home: string;
  /** How this program is started: an interpreter, its options, and the program. */
  readonly program: readonly string[];
}

/** The second line, by which a file is known to be ours. */
const mark = "# regctl as a plugin of the docker CLI; regctl plugin uninstall removes it";

function pathOf({ environment, home }: PluginWorld): string {
  return posix.join(posix.dirname(dockerConfigPath(environment, home)), "cli-plugins/docker-regctl");
}

/** docker asks every plugin what it is each time it shows its help: that is answered by the shell alone. */
function renderPlugin(program: readonly string[], metadata: string): string {
  return `#!/bin/sh
${mark}
if [ "$1" = docker-cli-plugin-metadata ]; then
  cat <<'METADATA'
${metadata}
METADATA
  exit
fi
exec ${quoteLine(program)} "$@"
`;
}

/** @throws RegctlError FILE_EXISTS for a plugin of this name that is somebody else's, FILE_FAILED */
export async function installPlugin(world: PluginWorld): Promise<PluginOutcome> {
  const path = pathOf(world);
  const before = await readOurs(path, world);
  const text = renderPlugin(
    world.program,
    JSON.stringify({ ...pjson.dockerCliPlugin, Version: pjson.version }),
  );
  if (before === text) return { path, installed: true, changed: false };
  // Replaced as a whole, not written into: docker may be reading it.
  if (before !== null) await world.files.remove(path);
  await atPath(path, () => world.files.write(path, text, { mode: 0o755 }));
  return { path, installed: true, changed: true };
}

/** @throws RegctlError FILE_EXISTS, FILE_FAILED */
export async function uninstallPlugin(world: PluginWorld): Promise<PluginOutcome> {
  const path = pathOf(world);
  const before = await readOurs(path, world);
  if (before !== null) await atPath(path, () => world.files.remove(path));
  return { path, installed: false, changed: before !== null };
}

async function readOurs(path: string, { files }: PluginWorld): Promise<string | null> {
  const text = (await atPath(path, () => files.read(path)))?.toString("utf8") ?? null;
  if (text === null || text.split("\n")[1] === mark) return text;
  throw new RegctlError("FILE_EXISTS", { path });
}

async function atPath<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new RegctlError("FILE_FAILED", { path, problem }, { cause: error });
  }
}
