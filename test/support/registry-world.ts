/** A client of a registry as the product makes it, with a clock that does not wait and everything told kept. */
import type { ProgressEvent } from "../../src/ports.ts";
import { type ClientOptions, openRegistry, type RegistryClient } from "../../src/registry/client.ts";
import type { FoundCredential } from "../../src/registry/credentials.ts";
import { openTransport } from "../../src/system/registry-http.ts";

export interface OpenedClient extends AsyncDisposable {
  readonly client: RegistryClient;
  readonly told: readonly ProgressEvent[];
  /** Milliseconds that were waited for, in order. */
  readonly waits: readonly number[];
}

export const login = (username: string, password: string): FoundCredential => ({
  credential: { kind: "password", username, password },
  from: "the test",
});

/** Time goes on by `waits`, and by what a test adds. */
export function createTestClock() {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const waits: number[] = [];
  return {
    waits,
    advance: (ms: number) => {
      now += ms;
    },
    now: () => new Date(now),
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      waits.push(ms);
      now += ms;
    },
  };
}

export async function openTestClient(
  registry: string,
  options: Partial<ClientOptions> = {},
): Promise<OpenedClient> {
  const told: ProgressEvent[] = [];
  const clock = createTestClock();
  const client = await openRegistry({
    registry,
    insecure: true,
    trust: async (_host, verify) => ({ verify, system: null, authorities: [], identities: [] }),
    login: async () => null,
    openTransport,
    environment: {},
    userAgent: "regctl/test",
    clock,
    random: () => 0.5,
    emit: (event) => told.push(event),
    signal: new AbortController().signal,
    ...options,
  });
  return { client, told, waits: clock.waits, [Symbol.asyncDispose]: () => client.close() };
}
