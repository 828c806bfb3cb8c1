import type { Duplex } from "node:stream";
import { isRegctlError, RegctlError } from "../../errors.ts";
import { explain } from "../../explain/errors.ts";
import { interruptible } from "../../interruptible.ts";
import { parseIp } from "../../ip-network.ts";
import type { Host } from "../../ports.ts";
import type { SetupWorld } from "../world.ts";
import { type CertificateFacts, parseCertificate } from "./certificate.ts";
import type { TrustFiles } from "./trust-files.ts";

interface ShownQuestion extends TrustFiles {
  readonly registry: string;
  readonly host: string;
  readonly port: number;
  /** Engines ask it by plain HTTP unasked. */
  readonly loopback: boolean;
}

const dialTimeoutMs = 10_000;
const shakeTimeoutMs = 10_000;

/**
 * The certificates that a registry shows to a host, its own first: asked from there, for its name may resolve there
 * alone. Null when it is not reached and a file says what to trust.
 * @throws RegctlError REGISTRY_UNREACHABLE, REGISTRY_PROTOCOL, SSH_CONNECTION_LOST
 */
export async function readShown(
  from: Host,
  question: ShownQuestion,
  world: SetupWorld,
): Promise<readonly CertificateFacts[] | null> {
  const { registry, host, client } = question;
  const note = (text: string) => world.emit({ event: "note", host: from.name, note: text });
  try {
    const stream = await dial(from, question, world, note);
    const readPeer = await world.readPeer();
    const serverName = parseIp(host) === null ? host : null;
    const answer = await readPeer(stream, { serverName, timeoutMs: shakeTimeoutMs, client });
    if (answer.kind === "certificates" && answer.certificates.length > 0)
      return answer.certificates.map(parseCertificate);
    const reason = answer.kind === "certificates" ? "it showed no certificate" : answer.reason;
    if (answer.kind === "plain") {
      const noCertificate = question.loopback ? "loopback" : "elsewhere";
      throw new RegctlError("REGISTRY_PROTOCOL", { registry, reason, noCertificate });
    }
    throw unreachable(registry, reason);
  } catch (error) {
    if (!isRegctlError(error, "REGISTRY_UNREACHABLE") || question.authorities === null) throw error;
    note(`${registry} could not be asked for its certificate: ${error.facts.reason}`);
    return null;
  }
}

async function dial(
  from: Host,
  { registry, host, port }: ShownQuestion,
  world: SetupWorld,
  note: (text: string) => void,
): Promise<Duplex> {
  try {
    return await within(from.dial({ kind: "tcp", host, port }), world.signal);
  } catch (error) {
    world.signal.throwIfAborted();
    if (isRegctlError(error, "SSH_CONNECTION_LOST")) throw error;
    if (!isRegctlError(error, "SSH_FORWARD_DENIED")) throw unreachable(registry, reasonOf(error), error);
  }
  note(`its SSH server opens no streams: ${registry} is asked from here`);
  try {
    return await within(world.dialTcp({ host, port }), world.signal);
  } catch (error) {
    world.signal.throwIfAborted();
    throw unreachable(registry, reasonOf(error), error);
  }
}

/** A stream that comes too late is closed. */
async function within(opening: Promise<Duplex>, signal: AbortSignal): Promise<Duplex> {
  const limit = AbortSignal.timeout(dialTimeoutMs);
  try {
    return await interruptible(opening, AbortSignal.any([signal, limit]));
  } catch (error) {
    opening.then(
      (stream) => stream.on("error", () => {}).destroy(),
      () => {},
    );
    throw limit.aborted ? new Error(`no connection within ${dialTimeoutMs / 1000} s`) : error;
  }
}

function unreachable(registry: string, reason: string, cause?: unknown): RegctlError {
  return new RegctlError(
    "REGISTRY_UNREACHABLE",
    { registry, tried: [`https://${registry}`], reason },
    { cause },
  );
}

function reasonOf(error: unknown): string {
  if (isRegctlError(error)) return explain(error).message;
  return error instanceof Error ? error.message : String(error);
}
