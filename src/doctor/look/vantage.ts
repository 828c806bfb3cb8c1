/** The place that is looked from: where the engine runs. Streams, names and files are that host's. */
import type { Duplex } from "node:stream";
import { isRegctlError } from "../../errors.ts";
import type { Environment, Host } from "../../ports.ts";
import { ConnectionFailure, toConnectionFailure } from "../../registry/http/failure.ts";
import type { OpenTransport } from "../../registry/http/transport.ts";
import type { TrustFiles } from "../../registry/trust.ts";
import type { ConnectProblem, NameLook } from "../facts.ts";
import type { Probes } from "../probes.ts";
import type { DoctorWorld } from "../world.ts";

export interface Vantage {
  /** `localhost`, or a host as it was typed. */
  readonly name: string;
  readonly local: boolean;
  readonly host: Host;
  readonly probes: Probes;
  /** Rejects with a ConnectionFailure. */
  dial(host: string, port: number, timeoutMs: number): Promise<Duplex>;
  lookUp(host: string): Promise<readonly string[] | "unknown" | "unanswered">;
  /** Of the name servers that it asks. */
  readResolvers(): Promise<readonly string[]>;
  /** Where certificates are read. */
  readonly trust: { readonly files: TrustFiles; readonly environment: Environment; readonly home: string };
  /** For a registry's client. */
  readonly openTransport: OpenTransport;
}

const lookUpTimeoutMs = 8_000;

export async function openVantage(host: Host, world: DoctorWorld): Promise<Vantage> {
  const probes = await world.probes();
  const common = { name: host.name, host, probes };
  if (host.local) {
    return {
      ...common,
      local: true,
      dial: (name, port, withinMs) => failing(world.dialTcp({ host: name, port, withinMs })),
      lookUp: probes.lookUp,
      readResolvers: async () =>
        resolversOf((await world.files.read("/etc/resolv.conf").catch(() => null))?.toString("utf8") ?? ""),
      trust: world,
      openTransport: await world.registryHttp(),
    };
  }
  const dial: Vantage["dial"] = (name, port, withinMs) =>
    failing(inTime(host.dial({ kind: "tcp", host: name, port }), withinMs));
  const read = async (path: string): Promise<Buffer | null> => {
    const { code, stdout } = await host.run(["cat", path], { timeoutMs: lookUpTimeoutMs });
    return code === 0 ? stdout : null;
  };
  return {
    ...common,
    local: false,
    dial,
    lookUp: (name) => lookUpThere(host, name),
    readResolvers: async () => resolversOf((await read("/etc/resolv.conf"))?.toString("utf8") ?? ""),
    trust: {
      files: {
        read,
        list: async (path) => {
          const { code, stdout } = await host.run(["ls", "-1", path], { timeoutMs: lookUpTimeoutMs });
          return code === 0 ? stdout.toString("utf8").split("\n").filter(Boolean) : [];
        },
      },
      environment: {},
      home: await homeThere(host),
    },
    openTransport: probes.transportOver((name, port) => dial(name, port, lookUpTimeoutMs)),
  };
}

async function homeThere(host: Host): Promise<string> {
  const { stdout } = await host.run(["sh", "-c", 'printf %s "$HOME"'], { timeoutMs: lookUpTimeoutMs });
  return stdout.toString("utf8") || "/root";
}

/** `getent` where it is; its code 2 means that there is no such name, or that nobody who knows it answered. */
async function lookUpThere(host: Host, name: string): Promise<readonly string[] | "unknown" | "unanswered"> {
  const script =
    'getent ahosts "$1" || { c=$?; [ $c = 127 ] && nslookup "$1" | sed -n "s/^Address[^:]*: *//p"; exit $c; }';
  const argv = ["sh", "-c", script, "regctl-lookup", name];
  const result = await host.run(argv, { timeoutMs: lookUpTimeoutMs }).catch(timedOut);
  if (result === null) return "unanswered";
  const words = result.stdout
    .toString("utf8")
    .split("\n")
    .map((line) => line.split(/\s/)[0] ?? "");
  const addresses = [...new Set(words.filter((word) => /^[0-9a-f:.]+$/i.test(word)))];
  return addresses.length === 0 ? "unknown" : addresses;
}

function timedOut(error: unknown): null {
  if (isRegctlError(error, "SSH_COMMAND_TIMEOUT") || isRegctlError(error, "HOST_COMMAND_FAILED")) return null;
  throw error;
}

function resolversOf(text: string): readonly string[] {
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server]) => server ?? "");
}

/** A stream that comes too late is closed. */
async function inTime(stream: Promise<Duplex>, ms: number): Promise<Duplex> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const failure = new ConnectionFailure("connect", "no connection within the time", { sent: false });
    timer = setTimeout(() => {
      stream.then(
        (opened) => opened.destroy(),
        () => {},
      );
      reject(failure);
    }, ms);
  });
  try {
    return await Promise.race([stream, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function failing(stream: Promise<Duplex>): Promise<Duplex> {
  try {
    const opened = await stream;
    // Whoever uses it hears of the error as well; this only keeps it from being thrown where nobody does.
    opened.on("error", () => {});
    return opened;
  } catch (error) {
    throw failureOf(error);
  }
}

function failureOf(error: unknown): ConnectionFailure {
  if (isRegctlError(error, "SSH_FORWARD_FAILED") || isRegctlError(error, "SSH_FORWARD_DENIED")) {
    return new ConnectionFailure("connect", error.facts.reason, { sent: false, cause: error });
  }
  const failure = toConnectionFailure(error);
  // node:net's own words for a time that is over.
  if (/no connection within the time/.test(failure.message)) {
    return new ConnectionFailure("connect", failure.message, { sent: false, cause: error });
  }
  return failure;
}

/** What a failed connection comes to. Pure. */
export function connectProblemOf({ kind, message: reason }: ConnectionFailure): ConnectProblem {
  if (/within the time|timed? ?out/i.test(reason)) return { kind: "silent", reason };
  if (/refused/i.test(reason)) return { kind: "refused", reason };
  return { kind: kind === "timeout" ? "silent" : "unreachable", reason };
}

/** Looks a host up, an address being itself. */
export async function lookAtName(host: string, vantage: Vantage, isAddress: boolean): Promise<NameLook> {
  if (isAddress) return { kind: "address", addresses: [host] };
  const found = await vantage.lookUp(host);
  if (typeof found !== "string") return { kind: "found", addresses: found };
  return { kind: found, resolvers: await vantage.readResolvers() };
}
