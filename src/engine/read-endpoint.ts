import { RegctlError } from "../errors.ts";
import type { Environment, Files } from "../ports.ts";
import {
  chooseContext,
  contextFolders,
  dockerConfigFolder,
  type EndpointChoice,
  type EngineEndpoint,
  resolveEndpoint,
} from "./endpoint.ts";
import { boot2dockerAddress, type MachineAddress, parseMachineConfig } from "./machine.ts";

export interface EndpointSurroundings {
  readonly environment: Environment;
  readonly home: string;
  /** `--context NAME`. */
  readonly contextFlag?: string;
}

/**
 * The engine that the docker CLI would use here. Throws USAGE where the CLI would fail too; a config.json that cannot
 * be read is a warning, as for the CLI.
 */
export async function readEndpoint(
  files: Files,
  surroundings: EndpointSurroundings,
): Promise<EndpointChoice> {
  const folder = dockerConfigFolder(surroundings.environment, surroundings.home);
  const unreadable: string[] = [];
  const dockerConfigText = await readText(files, `${folder}/config.json`).catch((error: unknown) => {
    unreadable.push(`the docker CLI's config.json cannot be read: ${reasonOf(error)}`);
    return null;
  });
  const context = chooseContext({ ...surroundings, dockerConfigText });
  const found = context === null ? noContext : await readContext(files, folder, context);
  const choice = resolveEndpoint({ ...surroundings, dockerConfigText, ...found });
  return { ...choice, warnings: [...unreadable, ...choice.warnings] };
}

const noContext = { contextMetaText: null, contextTlsFiles: [] };

async function readContext(files: Files, folder: string, context: string) {
  const { meta, tls } = contextFolders(folder, context);
  try {
    const contextMetaText = await readText(files, `${meta}/meta.json`);
    return { contextMetaText, contextTlsFiles: await files.list(tls) };
  } catch (cause) {
    const problem = `the docker context "${context}" cannot be read: ${reasonOf(cause)}`;
    throw new RegctlError("USAGE", { problem, type: "docker context ls" }, { cause });
  }
}

/**
 * How to log in to the machine that an endpoint's environment belongs to; null when the endpoint is none of these.
 * Throws STATE_UNREADABLE when docker-machine's own file is missing or says nothing.
 */
export async function readMachineAddress(
  files: Files,
  home: string,
  endpoint: EngineEndpoint,
): Promise<MachineAddress | null> {
  if (endpoint.kind !== "tcp" || endpoint.machine === undefined) return null;
  const { kind, certPath } = endpoint.machine;
  if (kind === "boot2docker") return boot2dockerAddress(endpoint.host, home);
  const path = `${certPath}/config.json`;
  const text = await readText(files, path).catch((cause: unknown) => {
    throw new RegctlError("STATE_UNREADABLE", { path, problem: reasonOf(cause) }, { cause });
  });
  const address = text === null ? null : parseMachineConfig(text, certPath);
  if (address !== null) return address;
  const problem = text === null ? "the file is missing" : "it names no address of the machine";
  throw new RegctlError("STATE_UNREADABLE", { path, problem });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function readText(files: Files, path: string): Promise<string | null> {
  return (await files.read(path))?.toString("utf8") ?? null;
}
