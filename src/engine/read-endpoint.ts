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

/** The engine that the docker CLI would use here. Throws USAGE where the CLI would fail too. */
export async function readEndpoint(
  files: Files,
  surroundings: EndpointSurroundings,
): Promise<EndpointChoice> {
  const folder = dockerConfigFolder(surroundings.environment, surroundings.home);
  const dockerConfigText = await readText(files, `${folder}/config.json`);
  const context = chooseContext({ ...surroundings, dockerConfigText });
  if (context === null) {
    return resolveEndpoint({ ...surroundings, dockerConfigText, contextMetaText: null, contextTlsFiles: [] });
  }
  const { meta, tls } = contextFolders(folder, context);
  const contextMetaText = await readText(files, `${meta}/meta.json`);
  const contextTlsFiles = await files.list(tls);
  return resolveEndpoint({ ...surroundings, dockerConfigText, contextMetaText, contextTlsFiles });
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
  const text = await readText(files, path);
  const address = text === null ? null : parseMachineConfig(text, certPath);
  if (address !== null) return address;
  const problem = text === null ? "the file is missing" : "it names no address of the machine";
  throw new RegctlError("STATE_UNREADABLE", { path, problem });
}

async function readText(files: Files, path: string): Promise<string | null> {
  return (await files.read(path))?.toString("utf8") ?? null;
}
