/** Engines that are asked by running a program of theirs on the host. */
import type { ProbeAnswer } from "../../engine/probe.ts";
import { isRegctlError } from "../../errors.ts";
import type { Host } from "../../ports.ts";
import type { ToldEngine } from "../told-engine.ts";

/** A program that runs for each command always answers, and keeps no container alive that a change could end. */
export const programPerCommand: Pick<ToldEngine, "ping" | "containers" | "containerProcess"> = {
  ping: async () => ({ apiVersion: "" }),
  containers: async () => [],
  containerProcess: async () => null,
};

/** What a program says when it never came as far as the registry. */
const ofItself =
  /permission denied|configure storage|no such file or directory|not found in \$PATH|unknown (flag|command|shorthand)/i;

/**
 * Has a program fetch what is not there. What it prints is the answer; status 200 where it found something after all.
 * @param argv with the reference in it
 */
export async function probeByCommand(
  actor: Host,
  argv: readonly string[],
  timeoutMs: number,
): Promise<ProbeAnswer> {
  try {
    const { code, stdout, stderr } = await actor.run(argv, { timeoutMs });
    if (code === 0) return { status: 200, message: "" };
    const said = stderr.toString("utf8").trim() || stdout.toString("utf8").trim();
    const last = said.split("\n").at(-1) ?? "";
    return {
      status: 0,
      message:
        code === 126 || code === 127 || ofItself.test(last)
          ? `it cannot ask a registry there: ${last}`
          : last,
    };
  } catch (error) {
    if (isRegctlError(error, "SSH_COMMAND_TIMEOUT") || isRegctlError(error, "HOST_COMMAND_FAILED")) {
      return { status: 0, message: `no answer within ${timeoutMs / 1000} s` };
    }
    throw error;
  }
}
