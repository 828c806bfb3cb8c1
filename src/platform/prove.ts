import { insecureRegistriesOf } from "../engine/engine-info.ts";
import { judgeProbe } from "../engine/probe.ts";
import { isRegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import type { Clock, Host } from "../ports.ts";
import { isReferable, sameMirror } from "./engine-entry.ts";
import type { Expectation, Phase, TrustExpectation } from "./plan.ts";
import type { ToldEngine } from "./told-engine.ts";

/** What must hold after a phase: null when it does, else why not. */
export type Shortfall = string | null;

const pollMs = 50;

/**
 * Waits until the engine answers and says what is expected; the last reason when it never does.
 * @param signal ends the waiting, with its reason; a way back is given none
 */
export async function awaitExpectation(
  engine: ToldEngine,
  expect: Expectation,
  clock: Clock,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Shortfall> {
  const end = clock.now().getTime() + deadlineMs;
  let wait = pollMs;
  for (;;) {
    signal?.throwIfAborted();
    const check = checkExpectation(engine, expect);
    const shortfall = await (signal ? interruptible(check, signal) : check);
    if (shortfall === null || clock.now().getTime() + wait > end) return shortfall;
    await clock.sleep(wait, signal);
    wait = Math.min(wait * 2, 1_000);
  }
}

async function checkExpectation(engine: ToldEngine, expect: Expectation): Promise<Shortfall> {
  try {
    const info = await engine.info();
    const listed = insecureRegistriesOf(info);
    for (const [entry, wanted] of Object.entries(expect.listed)) {
      if (listed.includes(entry) === wanted) continue;
      return wanted ? `the engine does not list ${entry}` : `the engine still lists ${entry}`;
    }
    for (const [mirror, wanted] of Object.entries(expect.mirrors ?? {})) {
      if (info.mirrors.some((each) => sameMirror(each, mirror)) === wanted) continue;
      return wanted
        ? `the engine does not have the mirror ${mirror}`
        : `the engine still has the mirror ${mirror}`;
    }
    if (expect.liveRestore !== undefined && info.liveRestore !== expect.liveRestore) {
      return `the engine says live-restore is ${info.liveRestore ? "on" : "off"}`;
    }
    return null;
  } catch (error) {
    if (isRegctlError(error, "ENGINE_UNREACHABLE"))
      return `the engine does not answer: ${error.facts.reason}`;
    if (isRegctlError(error, "ENGINE_ERROR"))
      return `the engine answered ${error.facts.status}: ${error.facts.message}`;
    throw error;
  }
}

/** Running containers; with the process of each, one that was stopped and started again is not taken for the same. */
export type Containers = ReadonlyMap<string, number>;

export async function readContainers(engine: ToldEngine, withProcesses: boolean): Promise<Containers> {
  const running = await engine.containers();
  if (!withProcesses) return new Map(running.map(({ id }) => [id, 0]));
  const pids = await Promise.all(
    running.map(async ({ id }) => (await engine.containerProcess(id))?.pid ?? 0),
  );
  return new Map(running.map(({ id }, index) => [id, pids[index] ?? 0]));
}

/** Which containers did not live through it. Those that ended by themselves meanwhile cannot be told apart. */
export function lostContainers(before: Containers, after: Containers): readonly string[] {
  return [...before].filter(([id, pid]) => after.get(id) !== pid).map(([id]) => id.slice(0, 12));
}

/** Field 22 of /proc/PID/stat, null when there is no such process. */
export async function readStartTicks(root: Host, pid: number): Promise<string | null> {
  const result = await root.run(["cat", `/proc/${pid}/stat`], { timeoutMs: 20_000 });
  if (result.code !== 0) return null;
  const fields = result.stdout
    .toString("latin1")
    .replace(/^.*\) /s, "")
    .split(" ");
  return fields[19] ?? null;
}

export interface RegistryProof {
  /** False when the engine refuses to talk to the registry in the way that was set up. */
  readonly proved: boolean;
  /** Something to say although it is proved: the registry was not reached. */
  readonly warning: string | null;
  readonly reason: string | null;
}

const probeTimeoutMs = 5_000;

/** Makes the engine itself ask the registry; curl or wget over there for engines that cannot be made to. */
export async function proveRegistry(
  engine: ToldEngine,
  root: Host,
  registry: string,
): Promise<RegistryProof> {
  const judged = judgeProbe(await engine.probeRegistry(`${registry}/regctl-probe:latest`, probeTimeoutMs));
  if (judged.verdict === "trusted") return { proved: true, warning: null, reason: null };
  if (judged.verdict === "protocol" || judged.verdict === "trust") {
    return { proved: false, warning: null, reason: judged.message };
  }
  if (judged.verdict === "unsupported") return probeByHand(root, registry);
  return { proved: true, warning: `${registry} did not answer the engine: ${judged.message}`, reason: null };
}

const fetchScript = `
for scheme in https http; do
  if command -v curl >/dev/null 2>&1; then curl -ksS -m 5 -o /dev/null "$scheme://$1/v2/" && exit 0
  else wget -q -T 5 -O /dev/null "$scheme://$1/v2/" && exit 0; fi
done 2>&1
exit 1
`;

async function probeByHand(root: Host, registry: string): Promise<RegistryProof> {
  const result = await root.run(["sh", "-c", fetchScript, "regctl-fetch", registry], { timeoutMs: 30_000 });
  const said = result.stdout.toString("utf8").trim().split("\n").at(-1) ?? "";
  const warning = result.code === 0 ? null : `${registry} did not answer from there: ${said}`;
  return { proved: true, warning, reason: null };
}

/**
 * Makes the engine itself speak TLS to a registry that it is to trust. Any answer of the registry is good, also that
 * one has to log in.
 */
export async function proveTrust(
  engine: ToldEngine,
  registry: string,
  mustAnswer: boolean,
): Promise<RegistryProof> {
  const judged = judgeProbe(await engine.probeRegistry(`${registry}/regctl-probe:latest`, probeTimeoutMs));
  if (judged.verdict === "trusted") return { proved: true, warning: null, reason: null };
  const open = judged.verdict === "unsupported" || !mustAnswer;
  if (judged.verdict === "protocol" || judged.verdict === "trust" || !open) {
    return { proved: false, warning: null, reason: judged.message };
  }
  const warning =
    judged.verdict === "unsupported"
      ? `this engine cannot be made to ask ${registry}: only regctl has verified its certificate`
      : `${registry} did not answer the engine: ${judged.message}`;
  return { proved: true, warning, reason: null };
}

export function trustToProve(phases: readonly Phase[]): readonly TrustExpectation[] {
  return phases.flatMap((phase) => phase.expect.trusted ?? []);
}

/** Entries of a plan that a registry request can prove: those that an image name can begin with. */
export function provableEntries(phases: readonly Phase[]): readonly string[] {
  const wanted = phases.flatMap((phase) => Object.entries(phase.expect.listed));
  return wanted.filter(([entry, listed]) => listed && isReferable(entry)).map(([entry]) => entry);
}
