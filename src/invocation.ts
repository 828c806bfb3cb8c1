/** How this program was started, from what the process was given. Pure. */
import { basename } from "node:path";
import type { Environment } from "./ports.ts";

export interface Invocation {
  /** The words behind the program's name. */
  readonly argv: readonly string[];
  /** What a person types to start it the same way again: `regctl`, `docker regctl`, `npx docker-regctl`. */
  readonly program: string;
}

/** `processArgv` as Node has it: the interpreter, the program as it was found, and what was typed behind it. */
export function readInvocation(processArgv: readonly string[], environment: Environment): Invocation {
  const [, path = "", ...words] = processArgv;
  // As a plugin of the docker CLI it is started with its own name as the first word.
  if (words[0] === "regctl") return { argv: words.slice(1), program: "docker regctl" };
  return { argv: words, program: nameOf(path, environment) };
}

/** Scripts of our package.json that a person runs: in a clone, where npx knows this program as `regctl`. */
const ownScripts = ["regctl", "quickstart"];

/** npm's variables come down to whatever it starts: they count only where it started this very program. */
function nameOf(path: string, environment: Environment): string {
  const { npm_command: command = "", npm_lifecycle_event: script = "" } = environment;
  const name = basename(path);
  if (name === "run.js") {
    return /^run(-script)?$/.test(command) && ownScripts.includes(script) ? "npx regctl" : "regctl";
  }
  const byNpx = command === "exec" && /[/\\](_npx|node_modules)[/\\]/.test(path);
  if (!byNpx) return name === "docker-regctl" ? name : "regctl";
  // npm's own `regctl` is a stranger's package: where `-p` fetched this one only its whole name finds it.
  return name === "regctl" && environment.npm_config_package === undefined
    ? "npx regctl"
    : "npx docker-regctl";
}
