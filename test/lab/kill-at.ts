/**
 * `setup insecure`, `setup trust` or `setup undo` in a process of its own, which dies by SIGKILL, or stands still until it is told
 * to go on, right before a chosen step: so a test decides where a run ends, whatever the machine's speed.
 */
import { readSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Context, createContext } from "../../src/context.ts";
import { isRegctlError } from "../../src/errors.ts";
import { exitCodeOf } from "../../src/exit-codes.ts";
import { toRegctlError } from "../../src/explain/errors.ts";
import { setupInsecure } from "../../src/platform/setup-insecure.ts";
import { setupTrust } from "../../src/platform/setup-trust.ts";
import { setupUndo } from "../../src/platform/setup-undo.ts";
import type { ProgressEvent } from "../../src/ports.ts";
import type { SshConnection } from "../../src/ssh/connection.ts";

/** The only argument, as JSON. */
export interface KillAtInput {
  readonly action: "insecure" | "trust" | "undo";
  readonly registry: string;
  /** For `trust`: the file of the authority. */
  readonly ca?: string;
  readonly on: string;
  readonly ssh: "node" | "openssh";
  /**
   * A step and which of its occurrences, as `write:2`; `half:2` is amid the bytes of the second text, `restarting`
   * amid the command that restarts the engine.
   */
  readonly at: string | null;
  readonly do: "die" | "stand-still";
}

/** What it prints on standard output, one JSON document a line. */
export type KillAtLine =
  | { readonly step: string }
  | { readonly waits: true }
  | { readonly standsStill: true }
  | { readonly exitCode: number; readonly error: string | null };

function say(line: KillAtLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;) wait(1000);
}

/** Not one turn of the event loop passes until a byte arrives. */
function standStill(): void {
  say({ standsStill: true });
  for (;;) {
    try {
      readSync(0, Buffer.alloc(1));
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      wait(5);
    }
  }
}

function wait(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function createEmit(input: KillAtInput): (event: ProgressEvent) => void {
  const seen = new Map<string, number>();
  return (event) => {
    if (event.event === "note" && event.note.startsWith("waits for another run")) say({ waits: true });
    if (event.event !== "step") return;
    const count = (seen.get(event.step) ?? 0) + 1;
    seen.set(event.step, count);
    const point = `${event.step}:${count}`;
    say({ step: point });
    if (point !== input.at) return;
    if (input.do === "die") die();
    else standStill();
  };
}

/** Waits until the first bytes of a text are in the new file over there: $1 is the file that it will replace. */
const arrivedScript = `until [ -s "$(ls -d "\${1%/*}/.\${1##*/}".regctl.* 2>/dev/null)" ]; do sleep 0.02; done`;

type Run = SshConnection["run"];

/** Sends the chosen text by half. */
function dyingAmidText(connection: SshConnection, nth: number): Run {
  let texts = 0;
  return async (argv, options = {}) => {
    const replaces = argv.indexOf("regctl-replace");
    if (replaces >= 0) texts += 1;
    if (replaces < 0 || texts !== nth) return connection.run(argv, options);
    const stream = await connection.open(argv);
    const text = Buffer.from(options.input ?? "");
    stream.write(text.subarray(0, Math.ceil(text.length / 2)));
    const target = argv[replaces + 1] ?? "";
    await connection.run(["sh", "-c", arrivedScript, "lab-arrived", target], { timeoutMs: 10_000 });
    await sleep(20);
    return die();
  };
}

const stoppingScript = "until ! docker version >/dev/null 2>&1; do sleep 0.01; done";

/** Dies while the service manager stops the engine, before it starts it again. */
function dyingAmidRestart(connection: SshConnection): Run {
  return async (argv, options = {}) => {
    if (!argv.includes("restart")) return connection.run(argv, options);
    void connection.run(argv, options).catch(() => undefined);
    await connection.run(["sh", "-c", stoppingScript], { timeoutMs: 10_000 });
    return die();
  };
}

function withRun(connection: SshConnection, run: Run): SshConnection {
  return {
    name: connection.name,
    local: connection.local,
    carrier: connection.carrier,
    target: connection.target,
    closed: connection.closed,
    run,
    open: (argv) => connection.open(argv),
    dial: (destination) => connection.dial(destination),
    dialAtOnce: (destination) => connection.dialAtOnce(destination),
    answers: (withinMs) => connection.answers(withinMs),
    listen: (at, onConnection) => connection.listen(at, onConnection),
    close: () => connection.close(),
  };
}

function openWorld(input: KillAtInput): Context {
  const context = createContext({
    emit: createEmit(input),
    signal: new AbortController().signal,
    environment: process.env,
    flags: { ssh: input.ssh },
    terminal: {
      input: () => process.stdin,
      output: process.stderr,
      present: () => ({ above: [], message: "" }),
      aside: (ask) => ask(),
    },
  });
  const half = /^half:(\d+)$/.exec(input.at ?? "")?.[1];
  if (half === undefined && input.at !== "restarting") return context;
  const connect: Context["connect"] = async (spec, identities) => {
    const connection = await context.connect(spec, identities);
    const run = half === undefined ? dyingAmidRestart(connection) : dyingAmidText(connection, Number(half));
    return withRun(connection, run);
  };
  return { ...context, connect };
}

async function runSetup(input: KillAtInput): Promise<number> {
  const world = openWorld(input);
  const mode = { dryRun: false, print: false, yes: false, allowRestart: false, cwd: "/" };
  const given = { ...mode, registry: input.registry, on: [input.on] };
  if (input.action === "insecure") return (await setupInsecure(given, world)).exitCode;
  if (input.action === "undo") return (await setupUndo({ ...given, last: false }, world)).exitCode;
  return (await setupTrust({ ...given, ca: input.ca, system: false }, world)).exitCode;
}

const input: KillAtInput = JSON.parse(process.argv[2] ?? "{}");
try {
  say({ exitCode: await runSetup(input), error: null });
} catch (error) {
  const { code } = toRegctlError(error);
  say({ exitCode: exitCodeOf[code], error: code });
  if (!isRegctlError(error) || code === "INTERNAL") process.stderr.write(`${String(error)}\n`);
}
process.exit();
