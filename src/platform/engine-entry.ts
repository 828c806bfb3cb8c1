/** What the engine makes of an entry in its lists, as `/info` and its start-up errors show it. */

import type { IpAddress } from "../ip-network.ts";
import { networkContains, parseIp, parseNetwork } from "../ip-network.ts";
import type { Setting } from "./formats/format.ts";

const label = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const hostAndPort = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);

/**
 * Whether a registry, written as in an image name, is insecure because of this entry: the very same string, or
 * an address inside the entry's network. Names are not looked up: that is the engine's own doing.
 */
export function matchesEntry(entry: string, registry: string): boolean {
  const name = withoutScheme(entry);
  if (registry === "docker.io") return false;
  if (name === registry) return true;
  const network = parseNetwork(name);
  const asked = parseNetwork(registry) ?? addressOf(registry);
  return network !== null && asked !== null && networkContains(network, asked);
}

/** Whether two entries mean the same to the engine: `http://h:5000` and `h:5000`, 10.0.0.7/24 and 10.0.0.0/24. */
export function sameEntry(one: string, other: string): boolean {
  const [left, right] = [withoutScheme(one), withoutScheme(other)];
  if (left === right) return true;
  const [first, second] = [parseNetwork(left), parseNetwork(right)];
  return (
    first !== null && second !== null && first.prefix === second.prefix && networkContains(first, second)
  );
}

/** Whether two entries of a list mean the same to the engine. */
export function sameEntryOf(setting: Setting, one: string, other: string): boolean {
  return setting.key === "registry-mirrors" ? sameMirror(one, other) : sameEntry(one, other);
}

/** Engines show a mirror with a slash at its end, however it was written. */
export function sameMirror(one: string, other: string): boolean {
  return one.replace(/\/+$/, "") === other.replace(/\/+$/, "");
}

/**
 * Whether an image name can begin with this entry, so that the engine can be made to ask that registry. A name
 * without dot or port would be an account of Docker Hub, and an address of IPv6 needs brackets.
 */
export function isReferable(entry: string): boolean {
  if (entry.includes("/")) return false;
  if (entry.startsWith("[")) return true;
  return parseIp(entry)?.family !== 6 && (/[.:]/.test(entry) || entry === "localhost");
}

/**
 * Why an engine would reject this entry, and the whole list with it; null when it takes it. Lenient: what only
 * some versions refuse is let pass.
 */
export function engineWouldRefuse(entry: string, setting: Setting): string | null {
  return setting.key === "registry-mirrors" ? refusedMirror(entry) : refusedRegistry(entry);
}

function refusedRegistry(entry: string): string | null {
  if (/^-|-$/.test(entry)) return "it begins or ends with a hyphen";
  const name = withoutScheme(entry);
  if (name.includes("://")) return "it holds ://";
  if (parseNetwork(name) !== null) return null;
  const { host, port } = splitHostPort(name);
  if (!hostAndPort.test(name) && parseIp(host) === null) return "it is no host, host:port or network";
  return port !== "" && Number(port) > 65535 ? "its port is above 65535" : null;
}

function refusedMirror(entry: string): string | null {
  if (!/^https?:\/\//i.test(entry)) return "a mirror begins with http:// or https://";
  if (!URL.canParse(entry)) return "it is no URL";
  const url = new URL(entry);
  if (url.username !== "" || url.password !== "") return "a mirror holds no user name";
  return url.search === "" && url.hash === "" ? null : "a mirror holds no ? and no #";
}

function withoutScheme(entry: string): string {
  return entry.replace(/^https?:\/\//i, "");
}

/** As Go splits: an IPv6 address needs brackets to carry a port; what does not split is all host. */
function splitHostPort(name: string): { host: string; port: string } {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(name);
  return match === null
    ? { host: name, port: "" }
    : { host: match[1] ?? match[2] ?? "", port: match[3] ?? "" };
}

function addressOf(registry: string): IpAddress | null {
  return parseIp(splitHostPort(registry).host);
}
