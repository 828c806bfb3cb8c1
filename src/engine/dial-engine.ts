import { isRegctlError, RegctlError } from "../errors.ts";
import type { Host } from "../ports.ts";
import type { Dial, EngineCarrier, OpenHttp } from "./carrier.ts";
import { createEngine, type ImageEngine } from "./client.ts";
import { openCurlCarrier } from "./curl-carrier.ts";
import { openHttpCarrier } from "./http-carrier.ts";

export interface EngineReach {
  /** The host as the user who logged in. */
  readonly plain: Host;
  /** The same host with `run` and `open` as root, awaited only when the socket does not open; null without rights. */
  readonly privileged?: Host | Promise<Host | null>;
  /** On that host. */
  readonly socketPath: string;
  readonly openHttp: OpenHttp;
  /** How long each way may take to answer the first request. Default 10 s. */
  readonly answerWithinMs?: number;
}

interface Rung {
  /** For people: what was tried. */
  readonly name: string;
  open(): EngineCarrier;
}

/**
 * Reaches the engine behind a socket of a host by the first way that answers `/_ping`: a stream to the socket;
 * else `docker system dial-stdio`; else curl, as the user and then with the rights of `privileged`.
 * Throws ENGINE_UNREACHABLE naming each way and what it said.
 */
export async function dialEngine(reach: EngineReach): Promise<ImageEngine> {
  const direct = await climb(reach, [socketRung(reach.plain, reach)]);
  if (direct.engine) return direct.engine;
  const ways: Rung[] = [];
  if (!isOver(direct.error)) {
    if (await mayOpenSocket(reach)) ways.push(...commandRungs(reach.plain, reach, ""));
    const privileged = await reach.privileged;
    if (privileged) ways.push(...commandRungs(privileged, reach, " as root"));
  }
  const indirect = await climb(reach, ways);
  if (indirect.engine) return indirect.engine;
  const failures = [...direct.failures, ...indirect.failures];
  throw new RegctlError(
    "ENGINE_UNREACHABLE",
    {
      host: reach.plain.name,
      tried: failures.map(({ name, reason }) => `${name}: ${reason}`),
      reason: failures.at(-1)?.reason ?? "nothing to try",
    },
    { cause: indirect.error ?? direct.error },
  );
}

interface Climb {
  readonly engine?: ImageEngine;
  readonly failures: readonly { readonly name: string; readonly reason: string }[];
  /** The last one. */
  readonly error?: unknown;
}

async function climb(reach: EngineReach, rungs: readonly Rung[]): Promise<Climb> {
  const failures: { name: string; reason: string }[] = [];
  let last: unknown;
  for (const rung of rungs) {
    const engine = createEngine(rung.open(), { host: reach.plain.name, via: rung.name });
    try {
      await engine.ping({ timeoutMs: reach.answerWithinMs ?? 10_000 });
      return { engine, failures };
    } catch (error) {
      await engine.close();
      // The engine refused, or the host is out of reach: another way to the same socket would hear the same.
      if (!isRegctlError(error, "ENGINE_UNREACHABLE")) throw error;
      last = error;
      failures.push({ name: rung.name, reason: error.facts.reason });
    }
  }
  return last === undefined ? { failures } : { failures, error: last };
}

function socketRung(host: Host, reach: EngineReach): Rung {
  const dial: Dial = () => host.dial({ kind: "unix", path: reach.socketPath });
  return { name: `unix://${reach.socketPath}`, open: () => openHttpCarrier(dial, reach.openHttp) };
}

function commandRungs(host: Host, reach: EngineReach, by: string): readonly Rung[] {
  const argv = ["docker", "-H", `unix://${reach.socketPath}`, "system", "dial-stdio"];
  return [
    {
      name: `docker system dial-stdio${by}`,
      open: () => openHttpCarrier(() => host.open(argv), reach.openHttp),
    },
    {
      name: `curl --unix-socket ${reach.socketPath}${by}`,
      open: () => openCurlCarrier(host, reach.socketPath),
    },
  ];
}

/** Whether commands of the user may reach the socket: an SSH server can forbid streams and allow commands. */
async function mayOpenSocket({ plain, socketPath }: EngineReach): Promise<boolean> {
  const result = await plain.run(["test", "-w", socketPath], { timeoutMs: 10_000 });
  return result.code === 0;
}

/** No socket there, or nobody listening on it: rights change nothing. Only a socket of this machine says so. */
function isOver(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === "ENOENT" || code === "ECONNREFUSED";
}

function systemCodeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ("code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code)) return error.code;
  return systemCodeOf(error.cause);
}
