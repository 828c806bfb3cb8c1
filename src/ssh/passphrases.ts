import { RegctlError } from "../errors.ts";
import type { SshWorld } from "./world.ts";

/** As OpenSSH: three tries for what a person types. */
export const triesOfAPerson = 3;

/**
 * The passphrase of a key file, asked once in a run: everyone who needs it meanwhile waits for the same answer.
 * `again` says that the last answer was wrong.
 */
export function askPassphrase(path: string, again: boolean, host: string, world: SshWorld): Promise<string> {
  const given = world.passphrases.get(path);
  if (given && !again) return given;
  const asked = world.prompt.interactive
    ? world.prompt.secret({ kind: "secret", host, question: `Passphrase for ${path}`, flag: "ssh-agent" })
    : Promise.reject(
        new RegctlError("MISSING_ANSWER", { question: `Passphrase for ${path}`, flag: "ssh-agent" }),
      );
  asked.catch(() => {});
  world.passphrases.set(path, asked);
  return asked;
}
