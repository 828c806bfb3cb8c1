/** Where the registry is, seen from the server: where it was said to be, or where one is found. */
import { isRegctlError, RegctlError } from "../errors.ts";
import { explain } from "../explain/errors.ts";
import type { Destination, Emit, Prompt } from "../ports.ts";
import { renderDestination, type SshConnection } from "../ssh/connection.ts";
import { listenersScript, parseListeners } from "./parse-listeners.ts";
import { type Probed, probeRegistry } from "./probe-registry.ts";

export interface FindWorld {
  readonly prompt: Prompt;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

const lookMs = 10_000;
const mostProbed = 64;
const atOnce = 8;

/**
 * A registry answers at `to`, or a person took one that was found elsewhere.
 * @throws RegctlError TUNNEL_NO_REGISTRY with those that were found, SSH_FORWARD_DENIED, SSH_CONNECTION_LOST
 */
export async function findRegistry(
  connection: SshConnection,
  to: Destination,
  world: FindWorld,
): Promise<Destination> {
  const problem = await problemAt(connection, to);
  if (problem === null) return to;
  const found = await lookAround(connection, to, world);
  const candidates = found.map(renderTo);
  const [only] = found;
  if (only !== undefined && world.prompt.interactive) {
    const chosen = await offer(connection.target.name, renderTo(to), found, world.prompt);
    if (chosen !== null) return chosen;
  }
  throw new RegctlError("TUNNEL_NO_REGISTRY", {
    server: connection.target.name,
    to: renderTo(to),
    reason: problem,
    candidates,
  });
}

/** As `--to` takes it. */
export function renderTo(destination: Destination): string {
  return destination.kind === "unix" ? `unix:${destination.path}` : renderDestination(destination);
}

const words: Readonly<Record<Exclude<Probed, "registry" | "https">, string>> = {
  other: "what answers there is no registry",
  silent: "what listens there does not answer",
};

/** Why no registry is there; null where one is, or where TLS hides what it is. */
async function problemAt(connection: SshConnection, to: Destination): Promise<string | null> {
  try {
    const probed = await probeRegistry(await connection.dial(to));
    return probed === "registry" || probed === "https" ? null : words[probed];
  } catch (error) {
    if (isRegctlError(error, "SSH_FORWARD_FAILED")) return error.facts.reason;
    throw error;
  }
}

/** A server that runs no commands for us is not looked around on. */
async function lookAround(
  connection: SshConnection,
  besides: Destination,
  { emit, signal }: FindWorld,
): Promise<readonly Destination[]> {
  const host = connection.target.name;
  emit({ event: "step", host, step: "look what listens there" });
  try {
    const { stdout } = await connection.run(["sh", "-c", listenersScript], { timeoutMs: lookMs, signal });
    const listeners = parseListeners(stdout.toString("utf8"))
      .filter((each) => renderTo(each) !== renderTo(besides))
      .slice(0, mostProbed);
    return await probeAll(connection, listeners);
  } catch (error) {
    signal.throwIfAborted();
    if (!isRegctlError(error)) throw error;
    const trace = `what listens there could not be found out: ${explain(error).message}`;
    emit({ event: "trace", host, trace });
    return [];
  }
}

async function probeAll(
  connection: SshConnection,
  listeners: readonly Destination[],
): Promise<readonly Destination[]> {
  const answers: boolean[] = [];
  const rest = [...listeners.entries()];
  const work = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const [index, listener] = next;
      answers[index] = await isRegistry(connection, listener);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return listeners.filter((_, index) => answers[index] === true);
}

async function isRegistry(connection: SshConnection, at: Destination): Promise<boolean> {
  try {
    return (await probeRegistry(await connection.dial(at))) === "registry";
  } catch (error) {
    if (isRegctlError(error, "SSH_CONNECTION_LOST")) throw error;
    return false;
  }
}

async function offer(
  host: string,
  missing: string,
  found: readonly Destination[],
  prompt: Prompt,
): Promise<Destination | null> {
  const names = found.map(renderTo);
  const [only = ""] = names;
  const flag = `--to ${only}`;
  if (names.length === 1) {
    const question = `No registry answers at ${missing}, but one does at ${only}. Use that one?`;
    return (await prompt.consent({ kind: "consent", host, question, flag })) ? (found[0] ?? null) : null;
  }
  const question = `No registry answers at ${missing}, but at ${names.join(", ")}. Which one?`;
  const answer = (await prompt.text({ kind: "text", host, question, flag })).trim();
  return found[names.indexOf(answer)] ?? null;
}
