/** How requests to a registry are made: every concern once, in the order in which they wrap each other. */
import type { Clock, Emit } from "../../ports.ts";
import type { Authentication } from "../challenge.ts";
import type { FoundCredential } from "../credentials.ts";
import { type Authorizer, createAuthorizer } from "./authorize.ts";
import { withLog } from "./log.ts";
import { withRateLimit } from "./rate-limit.ts";
import { withRedirects } from "./redirect.ts";
import { withRetry } from "./retry.ts";
import type { Send } from "./send.ts";
import { sendBy } from "./send-by.ts";
import { withErrors } from "./to-registry-error.ts";
import type { Transport } from "./transport.ts";
import { withUserAgent } from "./user-agent.ts";
import { withWarnings } from "./warnings.ts";

export interface SendOptions {
  readonly transport: Transport;
  readonly userAgent: string;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** One request over the network, told and with its warnings shown; nothing is tried a second time. */
export function assembleOnce({ transport, userAgent, clock, emit }: SendOptions): Send {
  const network = sendBy(transport);
  const named = withUserAgent(network, userAgent);
  const logged = withLog(named, emit, clock.now);
  return withRateLimit(withWarnings(logged, emit), emit);
}

export interface RegistrySendOptions extends Omit<SendOptions, "transport" | "userAgent"> {
  /** From `assembleOnce`: what it has shown before, it does not show again. */
  readonly once: Send;
  readonly registry: string;
  readonly base: URL;
  readonly login: () => Promise<FoundCredential | null>;
  readonly mayUsePlainHttp: boolean;
  readonly offline?: boolean;
  readonly asked?: Authentication | undefined;
}

export function assembleSend(options: RegistrySendOptions): Authorizer {
  const patient = withRetry(options.once, options);
  // Token servers get no authorisation but what the token request itself holds.
  const toTokenServers = withErrors(withRedirects(patient, options.mayUsePlainHttp));
  const authorized = createAuthorizer(patient, { ...options, send: toTokenServers });
  return {
    ...authorized,
    send: withErrors(withRedirects(authorized.send, options.mayUsePlainHttp)),
  };
}
