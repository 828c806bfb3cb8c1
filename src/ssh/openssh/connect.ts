import { isRegctlError, RegctlError } from "../../errors.ts";
import type { SshTarget } from "../target.ts";
import type { SshOptions, SshWorld } from "../world.ts";
import { OpenSshConnection } from "./connection.ts";
import { createControl } from "./control.ts";
import { startMaster } from "./master.ts";

/**
 * Connects with the system's `ssh`, which follows its own configuration, jump hosts included.
 * `destination` names the host to it; `reason` tells why it must be this carrier.
 * @throws RegctlError SSH_*
 */
export async function connectOpenSsh(
  target: SshTarget,
  destination: readonly string[],
  options: SshOptions,
  world: SshWorld,
  reason: string,
): Promise<OpenSshConnection> {
  try {
    const master = await startMaster(target, destination, options, world);
    return new OpenSshConnection(master, createControl(master.folder, world.spawn), target);
  } catch (error) {
    throw isRegctlError(error, "SSH_NOT_INSTALLED")
      ? new RegctlError("SSH_NOT_INSTALLED", { reason })
      : error;
  }
}
