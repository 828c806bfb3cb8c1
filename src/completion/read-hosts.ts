/** Names of SSH hosts and docker contexts, from the files that name them. */
import { posix } from "node:path";
import type { Environment, Files } from "../ports.ts";

interface HostsWorld {
  readonly files: Files;
  readonly environment: Environment;
  readonly home: string;
}

/** Hosts of ~/.ssh/config, without patterns, and of known_hosts, as far as it is not hashed. */
export async function readHosts({ files, home }: HostsWorld): Promise<readonly string[]> {
  const [config, known] = await Promise.all(
    ["config", "known_hosts"].map((name) => readText(files, `${home}/.ssh/${name}`)),
  );
  return [...new Set([...hostsOfConfig(config ?? ""), ...hostsOfKnown(known ?? "")])];
}

function hostsOfConfig(text: string): readonly string[] {
  return text
    .split("\n")
    .flatMap((line) => /^\s*Host(?:\s+|\s*=\s*)(.*)$/i.exec(line)?.[1]?.split(/\s+/) ?? [])
    .filter((host) => host !== "" && !/[*?!"]/.test(host));
}

function hostsOfKnown(text: string): readonly string[] {
  return text
    .split("\n")
    .filter((line) => !/^\s*(?:[#@|]|$)/.test(line))
    .flatMap((line) => line.trimStart().split(/\s/)[0]?.split(",") ?? [])
    .map((host) => host.replace(/^\[(.*)\](:\d+)$/, "$1$2"))
    .filter((host) => !/[*?!]/.test(host));
}

export async function readContexts({ files, environment, home }: HostsWorld): Promise<readonly string[]> {
  const folder = posix.join(environment.DOCKER_CONFIG || `${home}/.docker`, "contexts/meta");
  const ids = await files.list(folder).catch(() => []);
  const texts = await Promise.all(ids.map((id) => readText(files, posix.join(folder, id, "meta.json"))));
  return ["default", ...texts.flatMap(nameOfContext)];
}

function nameOfContext(text: string): readonly string[] {
  try {
    const { Name: name }: { Name?: unknown } = JSON.parse(text);
    return typeof name === "string" ? [name] : [];
  } catch {
    return [];
  }
}

async function readText(files: Files, path: string): Promise<string> {
  const bytes = await files.read(path).catch(() => null);
  return bytes?.toString("utf8") ?? "";
}
