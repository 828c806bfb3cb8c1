/** HTTPS or HTTP, verified or not: found out by asking. */
import { RegctlError } from "../errors.ts";
import { apiHostOf } from "./docker-hub.ts";
import { ConnectionFailure } from "./http/failure.ts";
import type { RegistryResponse, Send } from "./http/send.ts";
import { toRegistryError } from "./http/to-registry-error.ts";

/** One way to speak to a registry. */
export interface Approach {
  readonly base: URL;
  readonly verify: boolean;
}

/** As Docker does: who need not be verified is asked over HTTPS first all the same. */
export function planApproaches(registry: string, insecure: boolean): readonly Approach[] {
  const host = apiHostOf(registry);
  const https = { base: new URL(`https://${host}/`), verify: !insecure };
  return insecure ? [https, { base: new URL(`http://${host}/`), verify: false }] : [https];
}

export interface OpenedApproach {
  readonly approach: Approach;
  /** The answer to `GET /v2/`, whatever its status. */
  readonly answer: RegistryResponse;
}

const longestAnswer = 1024 * 1024;

/** Asks by each approach until one gets an answer. Throws what the first one failed with, naming the others too. */
export async function tryApproaches<Opened extends OpenedApproach>(
  approaches: readonly Approach[],
  open: (approach: Approach) => Promise<Opened>,
): Promise<Opened> {
  const failures: Failed[] = [];
  for (const approach of approaches) {
    try {
      const opened = await open(approach);
      const { status, bytes } = opened.answer;
      if (failures.length === 0 || !speaksTlsInstead(status, bytes.toString("utf8"))) return opened;
    } catch (error) {
      if (!(error instanceof ConnectionFailure)) throw error;
      failures.push({ approach, failure: error });
    }
  }
  throw combine(failures);
}

interface Failed {
  readonly approach: Approach;
  readonly failure: ConnectionFailure;
}

/** The first contact: who does not answer it soon will not answer anything. */
export async function askVersion(
  send: Send,
  { base }: Approach,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<RegistryResponse> {
  const { signal, timeoutMs: headersTimeoutMs } = options;
  const url = new URL("/v2/", base);
  return await send({
    method: "GET",
    url,
    answer: longestAnswer,
    repeatable: true,
    headersTimeoutMs,
    signal,
  });
}

/** Go's and nginx's words for plain HTTP that came to a port with TLS. */
export function speaksTlsInstead(status: number, body: string): boolean {
  return status === 400 && /http request.*https (server|port)/i.test(body);
}

function combine(failures: readonly Failed[]): Error {
  const [first] = failures;
  if (first === undefined) return new Error("a registry is reached in one way at least");
  const { approach, failure } = first;
  if (failures.length === 1 || failure.kind === "client-certificate") {
    return toRegistryError(failure, approach.base);
  }
  const differ = new Set(failures.map((each) => each.failure.message)).size > 1;
  const each = failures.map((failed) => `${failed.approach.base.protocol} ${failed.failure.message}`);
  const reason = differ ? each.join("; ") : failure.message;
  const tried = failures.map((failed) => failed.approach.base.origin);
  const registry = approach.base.host;
  return new RegctlError("REGISTRY_UNREACHABLE", { registry, tried, reason }, { cause: failure });
}
