/** Engines in virtual machines that are told by where their socket is, and the way into the machine by SSH. Pure. */
import { basename, dirname } from "node:path";
import { numberOf, objectOf, parseJson, textOf } from "../engine/lenient-json.ts";
import type { Environment } from "../ports.ts";

/** A `Host` of an SSH configuration that the machine's own tool has written. */
export interface MachineConfig {
  readonly path: string;
  readonly alias: string;
}

export interface LimaMachine {
  /** For people: "Colima", "Lima's machine web". */
  readonly name: string;
  /** Where its configuration may be, the best first. */
  readonly configs: readonly MachineConfig[];
}

/**
 * The machine of Lima, or of what is built on it, that a socket leads into; null when it is none of these. Lima
 * writes `ssh.config` into the folder of each instance (docs: limactl show-ssh), Colima lists all of its own in
 * `ssh_config` (abiosoft/colima config/files.go).
 */
export function limaMachineOf(socket: string, environment: Environment, home: string): LimaMachine | null {
  const colima = environment.COLIMA_HOME || `${home}/.colima`;
  const folder = dirname(socket);
  if (basename(socket) === "docker.sock" && [folder, dirname(folder)].some((at) => isColima(at, colima))) {
    const store = isColima(folder, colima) ? folder : dirname(folder);
    const profile = store === folder ? "default" : basename(folder);
    const instance = profile === "default" ? "colima" : `colima-${profile}`;
    return {
      name: profile === "default" ? "Colima" : `Colima's profile ${profile}`,
      configs: [
        { path: `${store}/_lima/${instance}/ssh.config`, alias: `lima-${instance}` },
        { path: `${store}/ssh_config`, alias: instance },
      ],
    };
  }
  if (socket === `${home}/.rd/docker.sock`) {
    const stores = [`${home}/Library/Application Support`, `${home}/.local/share`];
    const path = (store: string) => `${store}/rancher-desktop/lima/0/ssh.config`;
    return {
      name: "Rancher Desktop",
      configs: stores.map((store) => ({ path: path(store), alias: "lima-0" })),
    };
  }
  const store = environment.LIMA_HOME || `${home}/.lima`;
  const instance = dirname(folder);
  if (basename(folder) !== "sock" || dirname(instance) !== store) return null;
  const name = basename(instance);
  return {
    name: `Lima's machine ${name}`,
    configs: [{ path: `${instance}/ssh.config`, alias: `lima-${name}` }],
  };
}

function isColima(folder: string, named: string): boolean {
  return folder === named || folder.endsWith("/.colima") || folder.endsWith("/.config/colima");
}

export interface PodmanMachine {
  readonly name: string;
  readonly user: string;
  readonly port: number;
  readonly keyFile: string;
}

/**
 * From a machine's file below ~/.config/containers/podman/machine (podman pkg/machine/vmconfigs/config.go; before
 * podman 5 the fields of `SSH` stand at the top). Null when it does not say how to log in.
 */
export function parsePodmanMachine(text: string): PodmanMachine | null {
  const config = objectOf(parseJson(text));
  const ssh = config.SSH === undefined ? config : objectOf(config.SSH);
  const [name, user, keyFile] = [textOf(config.Name), textOf(ssh.RemoteUsername), textOf(ssh.IdentityPath)];
  const port = numberOf(ssh.Port);
  if (name === "" || keyFile === "" || port === 0) return null;
  return { name, user: user === "" ? "core" : user, port, keyFile };
}

/** Whether a socket is that of a machine of podman, rather than of podman itself. */
export function isPodmanMachineSocket(socket: string): boolean {
  return /\/podman\/machine\/|\/podman\/[^/]*-api\.sock$|\/podman-machine-[^/]*\//.test(socket);
}

/** The machine whose name the socket carries, or the only one there is. */
export function podmanMachineOf(socket: string, machines: readonly PodmanMachine[]): PodmanMachine | null {
  const named = machines.filter(({ name }) =>
    [`/${name}/podman.sock`, `/${name}-api.sock`].some((end) => socket.endsWith(end)),
  );
  const [first] = named.length > 0 ? named : machines;
  return named.length > 0 || machines.length === 1 ? (first ?? null) : null;
}
