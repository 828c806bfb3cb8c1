import { isRegctlError } from "../errors.ts";
import type { Host } from "../ports.ts";
import type { Activation } from "./plan.ts";
import type { ToldEngine } from "./told-engine.ts";

const commandTimeoutMs = 120_000;

/**
 * Runs the commands that make the engine take notice. Their success proves nothing (init scripts answer 0 for a
 * dead daemon, a reload says nothing of what it refused), so null only means that the proof may be looked for.
 */
export async function activate(
  on: { readonly root: Host; readonly engine: ToldEngine },
  activation: Activation,
): Promise<string | null> {
  if (activation.kind === "none" || activation.kind === "read") return null;
  // A signal in the first moments of a start kills dockerd: it must answer first.
  if (activation.kind === "reload") await on.engine.ping();
  const commands = activation.kind === "reload" ? [activation.command] : activation.commands;
  for (const command of commands) {
    const problem = await runOne(on.root, command);
    if (problem !== null) return problem;
  }
  return null;
}

// Init scripts talk while they stop and start an engine. Should nobody listen any more (regctl was killed, the
// connection was cut), their next word would end them in between: so a shell listens, over there, to the end.
const toItsEndScript = 'said=$("$@" 2>&1 </dev/null); code=$?; printf "%s\\n" "$said"; exit "$code"';

async function runOne(root: Host, command: readonly string[]): Promise<string | null> {
  try {
    const toItsEnd = ["sh", "-c", toItsEndScript, "regctl-activate", ...command];
    const result = await root.run(toItsEnd, { timeoutMs: commandTimeoutMs });
    if (result.code === 0) return null;
    const said = (result.stderr.toString("utf8").trim() || result.stdout.toString("utf8").trim())
      .split("\n")
      .at(-1);
    return `${command.join(" ")} failed with ${result.code ?? "a signal"}${said ? `: ${said}` : ""}`;
  } catch (error) {
    if (isRegctlError(error, "SSH_COMMAND_TIMEOUT") || isRegctlError(error, "HOST_COMMAND_FAILED")) {
      return `${command.join(" ")} did not end`;
    }
    throw error;
  }
}
