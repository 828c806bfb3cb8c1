/**
 * Engines in VMs that docker-machine or boot2docker made: recognised by the environment that those tools set, and
 * reached by the SSH address that they keep. Pure.
 */
import { posix } from "node:path";
import type { Environment } from "../ports.ts";
import { numberOf, objectOf, parseJson, textOf } from "./lenient-json.ts";

export interface MachineOrigin {
  readonly kind: "docker-machine" | "boot2docker";
  /** Of the machine. */
  readonly name: string;
  /** DOCKER_CERT_PATH; for docker-machine also the machine's own folder. */
  readonly certPath: string;
}

export interface MachineAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
}

/** Judged by DOCKER_CERT_PATH alone: other tools set DOCKER_MACHINE_NAME, and a certificate path is no accident. */
export function machineOf(environment: Environment): MachineOrigin | null {
  // Windows paths come with either slash.
  const certPath = environment.DOCKER_CERT_PATH?.replace(/\\/g, "/").replace(/\/+$/, "") ?? "";
  const parts = certPath.split("/");
  const [store = "", folder = "", name = ""] = parts.slice(-3);
  if (name === "") return null;
  const storePath = environment.MACHINE_STORAGE_PATH?.replace(/\/+$/, "");
  const isMachine =
    folder === "machines" && (store === "machine" || posix.dirname(posix.dirname(certPath)) === storePath);
  if (isMachine) return { kind: "docker-machine", name, certPath };
  if (store === ".boot2docker" && folder === "certs") return { kind: "boot2docker", name, certPath };
  return null;
}

/**
 * From the machine's `config.json` (docker/machine libmachine/drivers/base.go, libmachine/host/host.go). Null when
 * it does not say where the machine is.
 */
export function parseMachineConfig(text: string, certPath: string): MachineAddress | null {
  const config = objectOf(parseJson(text));
  const driver = objectOf(config.Driver);
  // The VirtualBox driver forwards a port of this machine instead of using the VM's address.
  const host = textOf(config.DriverName) === "virtualbox" ? "127.0.0.1" : textOf(driver.IPAddress);
  if (host === "") return null;
  return {
    host,
    port: numberOf(driver.SSHPort) || 22,
    user: textOf(driver.SSHUser) || "root",
    keyFile: textOf(driver.SSHKeyPath) || `${certPath}/id_rsa`,
  };
}

/** The account and key that every boot2docker VM has; `host` is that of DOCKER_HOST. */
export function boot2dockerAddress(host: string, home: string): MachineAddress {
  return { host, port: 22, user: "docker", keyFile: `${home}/.ssh/id_boot2docker` };
}
