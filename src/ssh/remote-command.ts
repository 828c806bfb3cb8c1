import { quoteLine } from "../explain/quote.ts";

/**
 * The one place where an argument vector becomes a command line.
 *
 * sshd hands the line to the login shell, which may be anything: bash, busybox ash, zsh, csh, fish. So the line is
 * `exec /bin/sh -c '…'` with nothing between the quotes that any of them reads specially (no quote, no `!`, which
 * csh expands even there, no newline, no doubled backslash), and the real work is done by the POSIX sh that every
 * host has. Arguments that need quoting travel octal-escaped, are decoded there by `printf %b` and evaluated once.
 * `exec` twice, so that exit codes and signals are the command's own and no shell waits in between.
 */
export function renderRemoteCommand(argv: readonly string[]): string {
  if (argv.some((argument) => argument.includes("\0")))
    throw new TypeError("an argument cannot hold a NUL character");
  const line = `exec ${quoteLine(argv)}`;
  if (!unsafe.test(line)) return `exec /bin/sh -c '${line}'`;
  return `exec /bin/sh -c 'eval "$(printf %b "${escapeOctal(line)}")"'`;
}

const unsafe = /[^A-Za-z0-9_./:=@%+, -]/;

function escapeOctal(line: string): string {
  return Buffer.from(line)
    .reduce<string[]>((text, byte) => {
      const character = String.fromCharCode(byte);
      text.push(unsafe.test(character) ? `\\0${byte.toString(8).padStart(3, "0")}` : character);
      return text;
    }, [])
    .join("");
}
