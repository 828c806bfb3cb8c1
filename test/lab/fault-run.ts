/** regctl in a process of its own, watched while it runs: the driver of kill-at.ts, and the CLI with its progress. */
import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { ErrorOutcome } from "../../src/platform/outcome.ts";
import type { KillAtInput, KillAtLine } from "./kill-at.ts";
import { errorOf, type Person } from "./regctl-over-ssh.ts";

const driver = `${import.meta.dirname}/kill-at.ts`;
const program = resolve(import.meta.dirname, "../../bin/run.js");

/** Nothing that regctl is asked to do here takes longer, on the slowest machine. */
const longest = 120_000;

function start(person: Person, argv: readonly string[]): ChildProcessWithoutNullStreams {
  const { home } = person;
  const env = { HOME: home, PATH: `${home}/bin:/usr/sbin:/usr/bin:/sbin:/bin`, LANG: "C.UTF-8" };
  const child = spawn(process.execPath, argv, { env, stdio: "pipe" });
  const timer = setTimeout(() => child.kill("SIGKILL"), longest);
  child.once("close", () => clearTimeout(timer));
  child.stdin.on("error", () => undefined);
  return child;
}

export interface DriverEnd {
  readonly signal: string | null;
  /** Null when it was killed. */
  readonly exitCode: number | null;
  readonly error: string | null;
  /** Every step in its order, as `write:1`. */
  readonly steps: readonly string[];
}

export interface DriverRun {
  /** Resolves when it stands still before the chosen step; rejects when it ended without coming there. */
  readonly standsStill: Promise<void>;
  /** Resolves when it waits for the lock of another run. */
  readonly waits: Promise<void>;
  goOn(): void;
  readonly ended: Promise<DriverEnd>;
}

export function startDriver(person: Person, input: KillAtInput): DriverRun {
  const child = start(person, [driver, JSON.stringify(input)]);
  const lines: KillAtLine[] = [];
  const [still, waits] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line: KillAtLine = JSON.parse(text);
    lines.push(line);
    if ("standsStill" in line) still.resolve();
    if ("waits" in line) waits.resolve();
  });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const ended = once(child, "close").then(([, signal]): DriverEnd => {
    for (const promise of [still, waits]) promise.reject(new Error(`it ended before: ${complaints}`));
    const steps = lines.flatMap((line) => ("step" in line ? [line.step] : []));
    const end = lines.find((line) => "exitCode" in line);
    if (end === undefined && signal === null) assert.fail(`kill-at.ts: ${complaints}`);
    return { signal, exitCode: end?.exitCode ?? null, error: end?.error ?? null, steps };
  });
  for (const promise of [still.promise, waits.promise, ended]) promise.catch(() => undefined);
  const goOn = () => void child.stdin.write("\n");
  return { standsStill: still.promise, waits: waits.promise, goOn, ended };
}

/** Runs the driver up to its end, by SIGKILL where `at` says so. */
export async function runDriver(person: Person, input: Omit<KillAtInput, "do">): Promise<DriverEnd> {
  return await startDriver(person, { ...input, do: "die" }).ended;
}

/** Runs the CLI, sends it a signal as soon as it tells that a step begins, and gives the error that it ends with. */
export async function signalCli(
  person: Person,
  args: readonly string[],
  step: string,
  signal: "SIGINT" | "SIGTERM",
): Promise<ErrorOutcome> {
  const child = start(person, [program, ...args, "--json", "--progress", "json"]);
  child.stdin.end();
  let [stdout, stderr] = ["", ""];
  let sent = false;
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
    if (sent || !stderr.includes(`"step":"${step}"`)) return;
    sent = true;
    child.kill(signal);
  });
  const [code] = await once(child, "close");
  assert.equal(sent, true, `the step ${step} never came: ${stderr}`);
  return errorOf({ code, stdout, stderr }, 130);
}
