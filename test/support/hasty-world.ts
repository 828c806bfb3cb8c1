/**
 * The product's own world in this process, in which time runs faster: what waits a minute for a silent server waits a
 * second, and means the same.
 */
import { type Context, createContext } from "../../src/context.ts";
import type { ProgressEvent } from "../../src/ports.ts";
import type { Transport, TransportRequest } from "../../src/registry/http/transport.ts";
import { openTransport } from "../../src/system/registry-http.ts";

export interface HastyWorld {
  readonly context: Context;
  readonly told: readonly ProgressEvent[];
}

export interface HastyOptions {
  readonly home: string;
  readonly signal?: AbortSignal;
  /** How often faster. Default 60. */
  readonly speed?: number;
}

export function openHastyWorld({ home, speed = 60, ...options }: HastyOptions): HastyWorld {
  const told: ProgressEvent[] = [];
  const context = createContext({
    emit: (event) => told.push(event),
    signal: options.signal ?? new AbortController().signal,
    environment: { HOME: home, PATH: process.env.PATH, DOCKER_HOST: `unix://${home}/none.sock` },
    flags: { ssh: "auto" },
    terminal: {
      input: () => process.stdin,
      output: process.stderr,
      present: () => ({ above: [], message: "" }),
      aside: (ask) => ask(),
    },
  });
  const begin = Date.now();
  return {
    told,
    context: {
      ...context,
      home,
      clock: {
        now: () => new Date(begin + (Date.now() - begin) * speed),
        sleep: (ms, signal) => context.clock.sleep(ms / speed, signal),
      },
      registryHttp: async () => (transport) => hasten(openTransport(transport), speed),
    },
  };
}

/** A machine under load is not taken for a silent server. */
const leastPatienceMs = 2000;

function hasten(transport: Transport, speed: number): Transport {
  const hastened = (ms: number) => Math.max(leastPatienceMs, ms / speed);
  return {
    request: (request: TransportRequest) =>
      transport.request({
        ...request,
        headersTimeoutMs: hastened(request.headersTimeoutMs),
        idleTimeoutMs: hastened(request.idleTimeoutMs),
      }),
    close: () => transport.close(),
  };
}
