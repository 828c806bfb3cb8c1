/** The script of a shell, put where the shell finds it. */
import { posix } from "node:path";
import { RegctlError } from "../errors.ts";
import type { Environment, Files } from "../ports.ts";
import { completionScript, type Shell, shells } from "./scripts.ts";

export interface InstalledCompletion {
  readonly shell: Shell;
  readonly path: string;
  readonly changed: boolean;
  /** What the user still has to do, if anything. */
  readonly next: readonly string[];
}

export interface InstallWorld {
  readonly files: Files;
  readonly environment: Environment;
  readonly home: string;
}

interface Place {
  readonly path: string;
  readonly next: readonly string[];
}

/** Folders that the shells' own completion systems load from when a command is first completed. */
function placeOf(shell: Shell, { environment, home }: InstallWorld): Place {
  const data = absoluteOr(environment.XDG_DATA_HOME, posix.join(home, ".local/share"));
  const config = absoluteOr(environment.XDG_CONFIG_HOME, posix.join(home, ".config"));
  switch (shell) {
    case "bash":
      return {
        path: posix.join(data, "bash-completion/completions/regctl"),
        next: ["exec bash"],
      };
    case "fish":
      return { path: posix.join(config, "fish/completions/regctl.fish"), next: [] };
    case "zsh": {
      const folder = posix.join(data, "zsh/site-functions");
      const rc = posix.join(absoluteOr(environment.ZDOTDIR, home), ".zshrc");
      // zsh has no folder of the user's own: its list of folders is the user's to write.
      const line = `fpath=(${folder} $fpath); autoload -Uz compinit; compinit`;
      return { path: posix.join(folder, "_regctl"), next: [`echo '${line}' >> ${rc}`, "exec zsh"] };
    }
  }
}

function absoluteOr(given: string | undefined, usual: string): string {
  return given !== undefined && posix.isAbsolute(given) ? given : usual;
}

/** The shell that is named, else the user's own. @throws RegctlError USAGE */
export function chooseShell(named: string | undefined, environment: Environment): Shell {
  const name = named ?? posix.basename(environment.SHELL ?? "");
  const shell = shells.find((each) => each === name);
  if (shell !== undefined) return shell;
  const problem =
    named === undefined
      ? `$SHELL names no shell that regctl completes for (${name === "" ? "it is not set" : name})`
      : `regctl completes in ${shells.join(", ")}, not in ${name}`;
  throw new RegctlError("USAGE", { problem, type: "regctl completion install bash" });
}

/** @throws RegctlError USAGE, FILE_FAILED */
export async function installCompletion(
  named: string | undefined,
  world: InstallWorld,
): Promise<InstalledCompletion> {
  const shell = chooseShell(named, world.environment);
  const { path, next } = placeOf(shell, world);
  const script = completionScript(shell);
  try {
    const changed = (await world.files.read(path))?.toString("utf8") !== script;
    if (changed) await world.files.write(path, script, { mode: 0o644 });
    return { shell, path, changed, next };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new RegctlError("FILE_FAILED", { path, problem }, { cause: error });
  }
}
