/**
 * Judging the name of a registry before any host hears of it. One entry that the engine does not accept makes it
 * drop the whole list, and matching is by exact string, so the name is brought to the one spelling that works.
 */
import { RegctlError } from "../errors.ts";
import type { IpAddress, IpNetwork } from "../ip-network.ts";
import { formatIp, formatNetwork, networkContains, parseIp, parseNetwork } from "../ip-network.ts";
import { atLeast } from "./engine-version.ts";

/** What older engines do otherwise. With `refusedBefore` they refuse the entry and with it the whole list. */
export interface EngineNeed {
  readonly version: string;
  readonly why: string;
  readonly refusedBefore: boolean;
}

export interface JudgedRegistry {
  /** As it is to stand in the engine's list. */
  readonly registry: string;
  readonly kind: "host" | "ipv4" | "ipv6" | "cidr4" | "cidr6";
  readonly port?: number;
  /** What was changed on the way, one sentence each. */
  readonly said: readonly string[];
  /** What is right but may surprise, one sentence each. */
  readonly notes: readonly string[];
  /** localhost, 127.0.0.0/8 and ::1, which the engine trusts by itself: see `insecureByDefault`. */
  readonly loopback: boolean;
  readonly needsEngine?: EngineNeed;
}

type Verdict = Omit<JudgedRegistry, "said" | "notes"> & { readonly notes?: readonly string[] };

const hubHosts = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/**
 * Normalises a registry or network, or throws BAD_REGISTRY (with the form to type where there is one),
 * REGISTRY_TOO_WIDE or REGISTRY_NO_EFFECT.
 */
export function judgeRegistry(given: string): JudgedRegistry {
  const problem = problemOfWhole(given);
  if (problem !== null) throw bad(given, problem.problem, problem.candidate);
  const said: string[] = [];
  const name = tidy(given, said);
  const verdict = name.includes("/") ? judgeNetwork(given, name, said) : judgeAddress(given, name);
  return { notes: [], ...verdict, said: [...said, ...respelled(name, verdict.registry)] };
}

function respelled(name: string, registry: string): string[] {
  if (name === registry || parseNetwork(name) !== null) return [];
  if (name.toLowerCase() !== registry) return [`taken as ${registry}, the usual form of the same address`];
  return [`taken as ${registry} in lower case, for the engine compares letter by letter`];
}

/** What is wrong with the text as a whole, before it is taken apart. */
function problemOfWhole(given: string): { problem: string; candidate?: string } | null {
  if (given === "") return { problem: "it is empty", candidate: "registry.example:5000" };
  if (/[\s\p{Cc}]/u.test(given)) return { problem: "it holds a space", candidate: given.trim() };
  if (given.includes(",")) {
    return {
      problem: "it is a list, and each registry is told by itself",
      candidate: given.split(",")[0] ?? "",
    };
  }
  if (given.includes("@")) {
    return { problem: "it holds a user name", candidate: given.slice(given.lastIndexOf("@") + 1) };
  }
  if (/[^\p{ASCII}]/u.test(given)) {
    return { problem: "it holds letters outside ASCII", candidate: toAscii(given) };
  }
  const scheme = /^(.*?):\/\//.exec(given)?.[1];
  if (scheme !== undefined && !/^https?$/i.test(scheme)) {
    return { problem: `it begins with ${scheme}://`, candidate: given.slice(scheme.length + 3) };
  }
  return null;
}

function toAscii(given: string): string {
  const [, scheme = "", host = "", rest = ""] = /^(\w+:\/\/)?([^:/]*)(.*)$/.exec(given) ?? [];
  const ascii = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : host;
  return `${scheme}${ascii}${rest}`;
}

/** Leaves out what people paste with a name: the scheme and one slash at the end. */
function tidy(given: string, said: string[]): string {
  const scheme = /^https?:\/\//i.exec(given)?.[0] ?? "";
  const rest = given.slice(scheme.length);
  const name = rest.endsWith("/") ? rest.slice(0, -1) : rest;
  if (scheme !== "") said.push(`left out ${scheme}`);
  if (name !== rest) said.push("left out the slash at the end");
  return name;
}

function judgeNetwork(given: string, name: string, said: string[]): Verdict {
  const network = parseNetwork(name);
  const slash = name.indexOf("/");
  const host = name.slice(0, slash);
  if (network === null) {
    const withoutPort = name.replace(/:\d*$/, "");
    if (withoutPort !== name && parseNetwork(withoutPort) !== null) {
      throw bad(given, "a network has no port: it covers every port", withoutPort);
    }
    if (parseIp(host) !== null && /^\/\d+$/.test(name.slice(slash))) {
      throw bad(given, "its prefix length is out of range");
    }
    throw bad(given, "it holds a path", host);
  }
  const registry = formatNetwork(network);
  if (network.prefix === 0) throw new RegctlError("REGISTRY_TOO_WIDE", { registry });
  if (registry !== name) said.push(`taken as ${registry}, which is the same network as the engine shows it`);
  const loopback = isLoopback(network);
  if (network.family === 4) return { registry, kind: "cidr4", loopback };
  const why = "older engines take no image name with an IPv6 address: only names that resolve into it match";
  return { registry, kind: "cidr6", loopback, needsEngine: { version: "25.0.0", why, refusedBefore: false } };
}

function judgeAddress(given: string, name: string): Verdict {
  if (/[*?]/.test(name))
    throw bad(given, "the engine knows no wildcards: name the host, or a network as 10.0.0.0/8");
  const { host, port } = splitPort(given, name);
  if (host.startsWith("[") || host.includes(":")) return judgeIpv6(given, host, port);
  const address = parseIp(host);
  if (address !== null) {
    return { registry: name, kind: "ipv4", ...port, loopback: isLoopback(address) };
  }
  checkHostName(given, host, name);
  const lower = host.toLowerCase();
  const registry = `${lower}${name.slice(host.length)}`;
  if (hubHosts.has(lower))
    throw new RegctlError("REGISTRY_NO_EFFECT", { registry, why: whyNoEffect(registry) });
  const local = lower === "localhost";
  const bare = !local && port.port === undefined && !lower.includes(".");
  const notes = bare
    ? [
        `an image name cannot begin with ${registry}/: without a dot or a port Docker takes that for an account on Docker Hub`,
      ]
    : [];
  return { registry, kind: "host", ...port, loopback: local, notes };
}

function splitPort(given: string, name: string): { host: string; port: { port?: number } } {
  const [, host = name, digits] = /^(\[[^\]]*\]|[^:]*):([^:]*)$/.exec(name) ?? [];
  if (digits === undefined) return { host, port: {} };
  if (digits === "") throw bad(given, "its port is empty", host);
  if (!/^\d+$/.test(digits)) throw bad(given, "its port is not a number");
  const port = Number(digits);
  if (port < 1 || port > 65535) throw bad(given, "its port is not between 1 and 65535");
  if (digits.startsWith("0"))
    throw bad(given, "its port begins with 0, and then it matches nothing", `${host}:${port}`);
  return { host, port: { port } };
}

function judgeIpv6(given: string, host: string, port: { port?: number }): Verdict {
  const bracketed = /^\[(.*)\]$/.exec(host)?.[1];
  const address = parseIp(bracketed ?? host);
  if (address === null || address.family === 4) {
    throw bad(given, "it is no IPv6 address (zones and IPv4 within IPv6 are not taken)");
  }
  const registry = `${bracketed === undefined ? formatIp(address) : `[${formatIp(address)}]`}${port.port === undefined ? "" : `:${port.port}`}`;
  const bare = bracketed === undefined;
  const refusedBefore = !bare && port.port === undefined;
  const why = refusedBefore
    ? "older engines refuse an entry in brackets without a port"
    : "older engines take no image name with an IPv6 address";
  const notes = bare
    ? [
        `an image name writes this address in brackets, and the engine matches it only as [${registry}] or [${registry}]:PORT`,
      ]
    : [];
  const needsEngine = { version: "25.0.0", why, refusedBefore };
  return { registry, kind: "ipv6", ...port, loopback: isLoopback(address), needsEngine, notes };
}

function checkHostName(given: string, host: string, name: string): void {
  const rest = name.slice(host.length);
  if (host === "") throw bad(given, "it has no host");
  if (host.includes("_")) throw bad(given, "a host name holds no underscore");
  if (/^-|-$|-\.|\.-/.test(host))
    throw bad(given, "a part of a host name does not begin or end with a hyphen");
  if (/^\.|\.$|\.\./.test(host)) {
    throw bad(
      given,
      "it has an empty part beside a dot",
      `${host.replace(/^\.+|\.+$/g, "").replace(/\.{2,}/g, ".")}${rest}`,
    );
  }
  const odd = /[^a-z0-9.-]/i.exec(host)?.[0];
  if (odd !== undefined) throw bad(given, `a host name holds no ${odd}`);
  if (/^(?:.*\.)\d+$/.test(host)) throw bad(given, "it is no IPv4 address");
}

function whyNoEffect(registry: string): string {
  if (registry === "docker.io") return "the engine always verifies Docker Hub, whatever its list says";
  return "image names of Docker Hub are never looked up under this name, and its certificate verifies";
}

function bad(given: string, problem: string, candidate?: string): RegctlError {
  const shown = given.replace(/\p{Cc}/gu, "?").replace(/^([^/]*:\/\/)?.*@/, "$1…@");
  const type = candidate === undefined || candidate === given ? undefined : formToType(candidate);
  return new RegctlError("BAD_REGISTRY", { given: shown, problem, ...(type === undefined ? {} : { type }) });
}

/** A suggestion is made only when it would itself be taken. */
function formToType(candidate: string): string | undefined {
  try {
    return judgeRegistry(candidate).registry;
  } catch {
    return undefined;
  }
}

const loopbackNetworks = ["127.0.0.0/8", "::1/128"].map(parseNetwork).filter((network) => network !== null);

function isLoopback(address: IpAddress | IpNetwork): boolean {
  return loopbackNetworks.some((network) => networkContains(network, address));
}

/** Whether an engine of this version trusts the registry without being told: ::1 only since 28.0. */
export function insecureByDefault(judged: JudgedRegistry, version: string | undefined): boolean {
  return judged.loopback && (!judged.kind.endsWith("6") || atLeast(version, "28.0.0"));
}
