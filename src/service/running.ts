/** Where running services are found: `KIND.ID.PID.sock` in the folders of the user and of the system. */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import { userPaths } from "../config/paths.ts";
import type { Files } from "../ports.ts";
import type { ServiceWorld } from "./world.ts";

export type ServiceKind = "serve" | "tunnel";

export interface RunningService {
  readonly kind: ServiceKind;
  /** Of what it serves. */
  readonly id: string;
  readonly pid: number;
  readonly socket: string;
}

/** Services that systemd runs for everybody: the usual one, and those with a name, each in a folder of its own. */
const systemFolder = "/run/regctl/services";
const namedUnit = /^regctl-(?:serve|tunnel)-[0-9a-f]{12}$/;

/** Short and the same for the same thing: a socket's path has room for about a hundred bytes. */
export function serviceId(what: string): string {
  return createHash("sha256").update(what).digest("hex").slice(0, 12);
}

/** Where a service of ours puts its socket and its log. systemd names a folder that it takes away again. */
export function ownFolder({ environment, home, maySave }: Omit<ServiceWorld, "files">): string {
  const runtime = environment.RUNTIME_DIRECTORY?.split(":")[0];
  if (runtime !== undefined && runtime !== "") return posix.join(runtime, "services");
  // Root leaves nothing in the home of somebody else.
  return maySave().ok ? posix.join(userPaths(environment, home).state, "services") : systemFolder;
}

export function socketPath(folder: string, kind: ServiceKind, id: string, pid: number): string {
  return posix.join(folder, `${kind}.${id}.${pid}.sock`);
}

function parseSocketName(name: string): Omit<RunningService, "socket"> | null {
  const [, kind, id = "", pid = ""] = /^(serve|tunnel)\.([0-9a-f]{12})\.(\d+)\.sock$/.exec(name) ?? [];
  return kind === "serve" || kind === "tunnel" ? { kind, id, pid: Number(pid) } : null;
}

/** Sockets of services that may run: whoever asks them finds out. */
export async function listServices(
  kind: ServiceKind,
  world: ServiceWorld,
): Promise<readonly RunningService[]> {
  const { environment, home } = world;
  const own = posix.join(userPaths(environment, home).state, "services");
  const units = (await world.files.list("/run").catch(() => [])).filter((name) => namedUnit.test(name));
  const ofUnits = units.map((name) => `/run/${name}/services`);
  const folders = [...new Set([own, ownFolder(world), systemFolder, ...ofUnits])];
  const found = await Promise.all(folders.map((folder) => readFolder(folder, kind, world.files)));
  return found.flat();
}

async function readFolder(
  folder: string,
  kind: ServiceKind,
  files: Files,
): Promise<readonly RunningService[]> {
  // Another user's folder is none of ours.
  const names = await files.list(folder).catch(() => []);
  return names.flatMap((name) => {
    const parsed = parseSocketName(name);
    return parsed?.kind === kind ? [{ ...parsed, socket: posix.join(folder, name) }] : [];
  });
}
