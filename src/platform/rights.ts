import { RegctlError } from "../errors.ts";
import type { CommandOptions, CommandResult, Emit, Environment, Host, Prompt } from "../ports.ts";
import type { Rights } from "./facts.ts";

// A frame's length is in bytes whatever the login's locale, which stays what it is for the command.
const bestRightsScript = `
say() ( LC_ALL=C; printf '%s %d\\n%s\\n' "$1" "\${#2}" "$2" )
say login "$(id -un 2>/dev/null || id -u)"
say home "$HOME"
if [ "$(id -u)" = 0 ]; then say rights root; exec "$@"
elif sudo -n true 2>/dev/null; then say rights sudo; exec sudo -n -- env "REGCTL_HOME=$HOME" "COLIMA_HOME=$COLIMA_HOME" "XDG_CONFIG_HOME=$XDG_CONFIG_HOME" "$@"
else say rights none; exec "$@"; fi
`;

/** Runs a command with the best rights that need no password, after the frames `login` and `rights`. */
export function withBestRights(argv: readonly string[]): readonly string[] {
  return ["sh", "-c", bestRightsScript, "regctl-rights", ...argv];
}

export function parseRights(text: string): Rights {
  return text === "root" || text === "sudo" ? text : "none";
}

const sudoUnasked = ["sudo", "-n", "--"];
const sudoAsking = ["sudo", "-k", "-S", "-p", "", "--"];

/**
 * Where its rules ask for none, sudo leaves the password unread, and it must not become the input of the command. So
 * whatever comes before a mark is dropped; a shell reads a pipe byte by byte up to there, and what follows is whole.
 */
const behindMarkScript =
  'while IFS= read -r line; do [ "$line" = "$1" ] && { shift; exec "$@"; }; done; echo "the input was cut" >&2; exit 1';

/** The same host, with every command run as root. `dial` stays what it was: sudo opens no sockets for us. */
export function privilegedHost(
  host: Host,
  how: Exclude<Rights, "none"> | { readonly password: string },
): Host {
  if (how === "root") return host;
  const mark = crypto.randomUUID();
  const asking = [...sudoAsking, "sh", "-c", behindMarkScript, "regctl-root", mark];
  const prefix = how === "sudo" ? sudoUnasked : asking;
  const first = how === "sudo" ? Buffer.alloc(0) : Buffer.from(`${how.password}\n${mark}\n`);
  return {
    name: host.name,
    local: host.local,
    run: (argv, options) => host.run([...prefix, ...argv], withInput(options, first)),
    open: async (argv) => {
      const stream = await host.open([...prefix, ...argv]);
      if (first.length > 0) stream.write(first);
      return stream;
    },
    dial: (destination) => host.dial(destination),
  };
}

function withInput(options: CommandOptions | undefined, first: Buffer): CommandOptions {
  if (first.length === 0) return options ?? {};
  return { ...options, input: Buffer.concat([first, Buffer.from(options?.input ?? "")]) };
}

/** Asks for the sudo password at most once for all hosts; undefined when nobody can be asked. */
export type SudoPassword = (host: string) => Promise<string | undefined>;

export function sudoPasswordFrom(
  environment: Environment,
  prompt: Prompt,
  hosts: number,
  emit: Emit,
): SudoPassword {
  const given = environment.REGCTL_SUDO_PASSWORD;
  let asked: Promise<string> | undefined;
  let told = false;
  const tell = () => {
    if (told || hosts < 2) return;
    told = true;
    const which = given === undefined ? "the sudo password" : "REGCTL_SUDO_PASSWORD";
    emit({ event: "note", note: `${which} is sent to each of the ${hosts} hosts whose sudo asks for one` });
  };
  return async (host) => {
    if (given !== undefined || prompt.interactive) tell();
    if (given !== undefined) return given;
    if (!prompt.interactive) return undefined;
    asked ??= prompt.secret({
      kind: "secret",
      host,
      question: "sudo password:",
      flag: "REGCTL_SUDO_PASSWORD",
    });
    return asked;
  };
}

/** Root on a host whose login has no password-free way to it, or NO_RIGHTS with what a person could paste. */
export async function acquireRoot(
  host: Host,
  user: string,
  password: SudoPassword,
  paste: readonly string[],
): Promise<Host> {
  const refuse = (reason: string) => new RegctlError("NO_RIGHTS", { host: host.name, user, reason, paste });
  const given = await password(host.name);
  if (given === undefined) {
    throw refuse("it is not root, and sudo wants a password or does not know this user");
  }
  // By itself, for a sudo that does not accept the password takes the next line as another try.
  const check = await host.run([...sudoAsking, "sh", "-c", ":"], { input: `${given}\n`, timeoutMs: 20_000 });
  if (check.code !== 0) throw refuse(sudoRefusal(check));
  return privilegedHost(host, { password: given });
}

/** Why sudo said no, from what it prints (sudo 1.8 and 1.9, LANG of the login). */
function sudoRefusal(result: CommandResult): string {
  const text = result.stderr.toString("utf8");
  if (result.code === 127 || /sudo: .*not found|no such file/i.test(text)) return "there is no sudo";
  if (/not in the sudoers file|may not run sudo|not allowed to (execute|run)/i.test(text))
    return "sudo does not allow this user";
  if (/incorrect password|no password was provided|try again|a password is required/i.test(text)) {
    return "sudo did not accept the password";
  }
  return `sudo failed: ${text.trim().split("\n").at(-1) ?? "no reason given"}`;
}
