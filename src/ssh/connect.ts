import type { Duplex } from "node:stream";
import { isRegctlError, RegctlError } from "../errors.ts";
import { needsOpenSsh } from "./carrier.ts";
import type { SshConnection } from "./connection.ts";
import { readKnownHosts } from "./host-key.ts";
import type { HostSpec } from "./host-spec.ts";
import { readKeyFacts } from "./key-facts.ts";
import { openProxyCommand, openTcp } from "./socket.ts";
import type { SshTarget } from "./target.ts";
import { openSshArguments, readTarget } from "./target-lookup.ts";
import type { SshOptions, SshWorld } from "./world.ts";

/** Jump hosts in a row, as many as anyone has; more is a circle. */
const deepest = 8;

/**
 * Connects to a host as `ssh` would: its configuration, known hosts, keys, agent and jump hosts are honoured, and
 * whatever must be asked is asked. The carrier is chosen by `options.ssh`; `auto` is node unless it cannot, or unless
 * `options.prefer` says `openssh` and there is one.
 * @throws RegctlError SSH_*, USAGE
 */
export async function connectSsh(
  spec: HostSpec,
  options: SshOptions,
  world: SshWorld,
): Promise<SshConnection> {
  const odd = options.acceptHostKey.find((fingerprint) => !/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(fingerprint));
  if (odd !== undefined) {
    throw new RegctlError("USAGE", {
      problem: `--accept-host-key takes a fingerprint as ssh prints it, and this is none: ${odd}`,
      type: "ssh-keyscan HOST | ssh-keygen -lf -",
    });
  }
  return await connectDeep(spec, options, world, 0, undefined);
}

/** `via` replaces the jump hosts of the configuration: the hop before this one in a list of several. */
async function connectDeep(
  spec: HostSpec,
  options: SshOptions,
  world: SshWorld,
  depth: number,
  via: SshConnection | undefined,
): Promise<SshConnection> {
  const identityFiles = depth === 0 ? options.identityFiles : [];
  // Most connections need it, and the configuration is asked of another process meanwhile.
  if (options.ssh === "node" || (options.ssh === "auto" && options.prefer !== "openssh"))
    import("./node/library.ts").then(
      ({ loadSshLibrary }) => loadSshLibrary(),
      () => {},
    );
  const target = staysAlive(await readTarget(spec, world, identityFiles), options);
  options.signal?.throwIfAborted();
  if (depth > deepest) {
    throw new RegctlError("SSH_CONFIG_BROKEN", {
      path: "ProxyJump",
      problem: `${target.name} is behind itself`,
    });
  }
  const reason = options.ssh === "node" ? null : await reasonForOpenSsh(target, options, world);
  if (reason !== null && via === undefined)
    return await connectByOpenSsh(target, spec, options, world, reason);
  if (options.ssh === "auto" && options.prefer === "openssh" && via === undefined) {
    const connection = await tryOpenSsh(target, spec, options, world);
    if (connection !== null) return connection;
  }
  try {
    return await connectByNode(target, options, world, depth, via);
  } catch (error) {
    const another =
      options.ssh === "auto" && via === undefined && isRegctlError(error, "SSH_NO_COMMON_ALGORITHM");
    if (!another) throw error;
    world.emit({
      event: "note",
      host: target.name,
      note: `${error.facts.reason}: trying OpenSSH's ssh instead`,
    });
    return await connectByOpenSsh(target, spec, options, world, error.facts.reason);
  }
}

/** Null when there is no `ssh` here. */
async function tryOpenSsh(
  target: SshTarget,
  spec: HostSpec,
  options: SshOptions,
  world: SshWorld,
): Promise<SshConnection | null> {
  try {
    return await connectByOpenSsh(target, spec, options, world, "it is preferred");
  } catch (error) {
    if (isRegctlError(error, "SSH_NOT_INSTALLED")) return null;
    throw error;
  }
}

async function reasonForOpenSsh(
  target: SshTarget,
  options: SshOptions,
  world: SshWorld,
): Promise<string | null> {
  if (options.ssh === "openssh") return "--ssh openssh";
  const [keys, knownHosts] = await Promise.all([readKeyFacts(target, world), readKnownHosts(target, world)]);
  return needsOpenSsh(target, keys, knownHosts);
}

async function connectByOpenSsh(
  target: SshTarget,
  spec: HostSpec,
  options: SshOptions,
  world: SshWorld,
  reason: string,
): Promise<SshConnection> {
  const { connectOpenSsh } = await import("./openssh/connect.ts");
  const destination = openSshArguments(spec, world, options.identityFiles);
  return await connectOpenSsh(target, destination, options, world, reason);
}

async function connectByNode(
  target: SshTarget,
  options: SshOptions,
  world: SshWorld,
  depth: number,
  via: SshConnection | undefined,
): Promise<SshConnection> {
  const loading = import("./node/handshake.ts");
  const { socket, hop } = await openSocket(target, options, world, depth, via);
  // What it says before the handshake listens is found in `socket.errored`.
  socket.on("error", () => {});
  try {
    const { connectNode } = await loading;
    const connection = await connectNode(target, socket, options, world);
    if (hop) void connection.closed.then(() => hop.close());
    return connection;
  } catch (error) {
    socket.destroy();
    await hop?.close();
    throw error;
  }
}

interface Opened {
  readonly socket: Duplex;
  /** The jump host that carries the socket: it goes when the connection goes. */
  readonly hop?: SshConnection;
}

/**
 * A jump host is one more connection of ours, dialled through, rather than `ssh -W`: it is asked for keys, verified
 * and explained like any other host, works without OpenSSH, and takes OpenSSH by itself where *it* needs it.
 */
async function openSocket(
  target: SshTarget,
  options: SshOptions,
  world: SshWorld,
  depth: number,
  via: SshConnection | undefined,
): Promise<Opened> {
  if (via === undefined && target.proxyJump.length === 0) {
    const timeoutMs = timeoutFor(target, options);
    if (target.proxyCommand === null) return { socket: await openTcp(target, timeoutMs, options.signal) };
    return { socket: openProxyCommand(target.proxyCommand, target, world.spawn) };
  }
  let hop = via;
  for (const spec of via === undefined ? target.proxyJump : []) {
    hop = await connectThrough(spec, options, world, depth + 1, hop);
  }
  if (hop === undefined) throw new RegctlError("INTERNAL", { what: "no jump host" });
  const { host, port, login } = target;
  try {
    const socket = await hop.dial({ kind: "tcp", host, port });
    return via === undefined ? { socket, hop } : { socket };
  } catch (error) {
    if (via === undefined) await hop.close();
    if (!isRegctlError(error, "SSH_FORWARD_FAILED") && !isRegctlError(error, "SSH_FORWARD_DENIED"))
      throw error;
    const reason = `${error.facts.reason} (through ${hop.name})`;
    throw new RegctlError("SSH_UNREACHABLE", { host, port, login, reason }, { cause: error });
  }
}

/** The next jump host of a list; the one before it goes when it goes. */
async function connectThrough(
  spec: HostSpec,
  options: SshOptions,
  world: SshWorld,
  depth: number,
  before: SshConnection | undefined,
): Promise<SshConnection> {
  try {
    const next = await connectDeep(spec, options, withoutPassword(world), depth, before);
    if (before) void next.closed.then(() => before.close());
    return next;
  } catch (error) {
    await before?.close();
    throw error;
  }
}

/** REGCTL_SSH_PASSWORD is for the host that was named, and no business of those in between. */
function withoutPassword(world: SshWorld): SshWorld {
  const { REGCTL_SSH_PASSWORD: _, ...environment } = world.environment;
  return { ...world, environment };
}

/** A server is given up when the question after the last one that may stay unanswered would be due. */
function staysAlive(target: SshTarget, { alive }: SshOptions): SshTarget {
  const configured = target.serverAliveSeconds * (target.serverAliveCountMax + 1);
  if (alive === undefined || configured <= alive.seconds * (alive.count + 1)) return target;
  return { ...target, serverAliveSeconds: alive.seconds, serverAliveCountMax: alive.count };
}

function timeoutFor(target: SshTarget, options: SshOptions): number {
  const configured = target.connectTimeoutSeconds;
  return configured === null
    ? options.connectTimeoutMs
    : Math.min(configured * 1000, options.connectTimeoutMs);
}
