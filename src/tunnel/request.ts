/** What is wanted of a tunnel, read from the flags. Pure. */
import { RegctlError } from "../errors.ts";
import type { Destination } from "../ports.ts";
import { isLoopbackHost } from "../registry/loopback.ts";
import { renderDestination } from "../ssh/connection.ts";
import { type HostSpec, parseHostSpec } from "../ssh/host-spec.ts";
import type { SshTarget } from "../ssh/target.ts";
import { noEngineHost } from "./engine-side.ts";
import { parseDestination, parseForward } from "./forward-argument.ts";
import type { Forward } from "./tunnel.ts";

export interface TunnelRequest {
  /** The server as it was typed. */
  readonly typed: string;
  readonly spec: HostSpec;
  /** The registry, seen from the server; null for where it was last time, or localhost:5000. */
  readonly to: Destination | null;
  /** Exactly this port here, 0 for a free one; null for the one of last time, 5000, or the next. */
  readonly localPort: number | null;
  /** An address to listen at besides 127.0.0.1; null for none. */
  readonly bind: string | null;
  readonly name: string | null;
  /** The host of the engine, as [USER@]HOST[:PORT]; `none`: listen here alone; null for where the engine is found. */
  readonly engineHost: string | null;
  readonly forwards: readonly Forward[];
  readonly trust: { readonly insecure?: boolean | undefined; readonly ca?: string | undefined };
}

export interface TunnelFlags {
  readonly to?: string | undefined;
  readonly "local-port"?: number | undefined;
  readonly bind?: string | undefined;
  readonly name?: string | undefined;
  readonly "engine-host"?: string | undefined;
  readonly forward?: readonly string[] | undefined;
  readonly insecure?: boolean | undefined;
  readonly ca?: string | undefined;
}

/** Throws USAGE. */
export function parseTunnelRequest(server: string, flags: TunnelFlags): TunnelRequest {
  const { insecure, ca } = flags;
  return {
    typed: server,
    spec: parseHostSpec(server),
    to: flags.to === undefined ? null : parseDestination(flags.to, "--to"),
    localPort: flags["local-port"] ?? null,
    bind: flags.bind === undefined ? null : parseBind(flags.bind),
    name: flags.name === undefined ? null : parseName(flags.name),
    engineHost: flags["engine-host"] === undefined ? null : parseEngineHost(flags["engine-host"]),
    forwards: (flags.forward ?? []).map(parseForward),
    trust: { insecure, ca },
  };
}

function parseEngineHost(text: string): string {
  if (text !== noEngineHost) parseHostSpec(text);
  return text;
}

function parseBind(text: string): string {
  const address = text === "*" ? "0.0.0.0" : text.replace(/^\[(.*)\]$/, "$1");
  if (/^[\d.]+$|^[\da-f:.]+(%\w+)?$/i.test(address)) return address;
  throw new RegctlError("USAGE", { problem: `"${text}" is no address`, type: "--bind 192.168.1.5" });
}

/** Any letters and signs that one line can show. */
function parseName(text: string): string {
  if (text.trim() !== "" && !/^-|\p{Cc}/u.test(text) && Buffer.byteLength(text) <= 200) return text;
  throw new RegctlError("USAGE", {
    problem: "a tunnel's name is a word, without control characters and with no dash in front",
    type: "--name NAME",
  });
}

/** `user@host:port`, the host as it was typed: what a tunnel is called where nobody says otherwise. */
export function serverName({ user, alias, port }: Pick<SshTarget, "user" | "alias" | "port">): string {
  return `${user}@${renderDestination({ kind: "tcp", host: alias, port })}`;
}

/** Where other machines could connect to, each with what it leads to. */
export function openAddresses({ bind, forwards }: TunnelRequest): readonly string[] {
  const own = bind === null || isLoopbackHost(bind) ? [] : [bind];
  const others = forwards.flatMap(({ from }) =>
    from.kind === "tcp" && !isLoopbackHost(from.host) ? [from.host] : [],
  );
  return [...new Set([...own, ...others])];
}
