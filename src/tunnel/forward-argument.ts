/** Forwards and destinations as they are typed. Pure. */
import { RegctlError } from "../errors.ts";
import type { Destination } from "../ports.ts";
import type { Forward } from "./tunnel.ts";

const forwardForm = "[BIND:]PORT:HOST:PORT, a path of a socket in the place of either end";

/** `HOST:PORT`, `PORT`, `unix:PATH` or an absolute path. Throws USAGE. */
export function parseDestination(text: string, flag: string): Destination {
  const path = text.startsWith("unix:") ? text.slice("unix:".length) : text;
  if (path.startsWith("/")) return { kind: "unix", path };
  const parts = splitColons(text);
  const [host, port] = parts?.length === 1 ? ["localhost", parts[0]] : (parts ?? []);
  const number = portOf(port ?? "");
  const valid = parts !== null && parts.length <= 2 && host !== undefined && host !== "";
  if (!valid || number === null || number === 0) {
    throw new RegctlError("USAGE", {
      problem: `"${text}" is no destination`,
      type: `${flag} HOST:PORT, or ${flag} unix:PATH`,
    });
  }
  return { kind: "tcp", host, port: number };
}

/** As `ssh -L` (ssh(1)): an empty BIND or `*` is every address, none is 127.0.0.1. Throws USAGE. */
export function parseForward(text: string): Forward {
  const refused = new RegctlError("USAGE", { problem: `"${text}" is no forward`, type: `-L ${forwardForm}` });
  const parts = splitColons(text);
  if (parts === null) throw refused;
  const local = takeLocal(parts);
  if (local === null) throw refused;
  const to = destinationOf(local.rest);
  if (to === null) throw refused;
  return { from: local.from, side: "here", to };
}

interface Local {
  readonly from: Destination;
  readonly rest: readonly string[];
}

function takeLocal(parts: readonly string[]): Local | null {
  const [first = "", second = "", ...others] = parts;
  if (first.startsWith("/")) return { from: { kind: "unix", path: first }, rest: parts.slice(1) };
  // Two parts behind the port are HOST:PORT, one is a path: what is more begins with an address.
  const withBind = parts.length === 4 || (parts.length === 3 && (others[0] ?? "").startsWith("/"));
  const port = portOf(withBind ? second : first);
  if (port === null) return null;
  const host = withBind ? bindOf(first) : "127.0.0.1";
  return { from: { kind: "tcp", host, port }, rest: parts.slice(withBind ? 2 : 1) };
}

function bindOf(text: string): string {
  if (text === "" || text === "*") return "0.0.0.0";
  return text === "localhost" ? "127.0.0.1" : text;
}

function destinationOf(parts: readonly string[]): Destination | null {
  const [first = "", second] = parts;
  if (parts.length === 1 && first.startsWith("/")) return { kind: "unix", path: first };
  const port = portOf(second ?? "");
  if (parts.length !== 2 || first === "" || port === null || port === 0) return null;
  return { kind: "tcp", host: first, port };
}

/** At its colons, but for those of an address in brackets, which are taken off. Null where a bracket is alone. */
function splitColons(text: string): readonly string[] | null {
  const parts: string[] = [];
  // A sticky expression, so that an empty part in front is a part, too.
  const part = /(?:\[([^\]]*)\](?=:|$)|([^:]*))(:|$)/y;
  for (let more = true; more; ) {
    const [, bracketed, plain, end] = part.exec(text) ?? [];
    parts.push(bracketed ?? plain ?? "");
    more = end === ":";
  }
  return parts.some((part) => /[[\]\p{Cc}]/u.test(part)) ? null : parts;
}

function portOf(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port <= 65_535 ? port : null;
}
