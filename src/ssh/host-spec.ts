import { RegctlError } from "../errors.ts";

/** A host as a person names it; what is missing comes from the SSH configuration. */
export interface HostSpec {
  readonly user?: string;
  readonly host: string;
  readonly port?: number;
  /** What it is called in messages and JSON; `user@host[:port]` when not given. */
  readonly name?: string;
}

const forms = "[USER@]HOST[:PORT], [USER@][IPV6]:PORT or ssh://[USER@]HOST[:PORT]";

/**
 * Reads `[USER@]HOST[:PORT]`. A bare IPv6 address has no port. Neither user nor host may start with a dash: they
 * become arguments of `ssh`.
 * @throws RegctlError USAGE
 */
export function parseHostSpec(text: string): HostSpec {
  const refuse = (problem: string): never => {
    throw new RegctlError("USAGE", {
      problem: `"${printable(text)}" is not an SSH host: ${problem}`,
      type: forms,
    });
  };
  const rest = /^ssh:\/\/(.*?)\/?$/i.exec(text)?.[1] ?? text;
  const at = rest.lastIndexOf("@");
  const user = at === -1 ? undefined : rest.slice(0, at);
  const { host, port } = splitPort(rest.slice(at + 1), refuse);
  if (user !== undefined && !/^[^\s:/\p{Cc}-][^\s:/\p{Cc}]*$/u.test(user)) refuse("the user name is not one");
  if (!/^[\p{L}\p{N}_:][\p{L}\p{N}._:%-]*$/u.test(host))
    refuse(host === "" ? "no host" : "the host name is not one");
  return { ...(user !== undefined && { user }), host, ...(port !== undefined && { port }) };
}

function splitPort(text: string, refuse: (problem: string) => never): { host: string; port?: number } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (!bracketed && text.split(":").length > 2) return { host: text };
  const [host = "", port] = bracketed ? [bracketed[1], bracketed[2]] : text.split(":");
  if (port === undefined) return { host };
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535)
    refuse("the port is not 1 to 65535");
  return { host, port: Number(port) };
}

/** `user@host`, with `:port` when it is not 22. */
export function renderHostName(spec: {
  readonly user: string;
  readonly host: string;
  readonly port: number;
}): string {
  if (spec.port === 22) return `${spec.user}@${spec.host}`;
  return `${spec.user}@${spec.host.includes(":") ? `[${spec.host}]` : spec.host}:${spec.port}`;
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
