/**
 * `npm run fuzz`: all parsers, ten seconds together. `--seconds N` for longer, `--seed N` to repeat a run, `--only
 * NAME` for one parser. The work is done in a thread, so that an input on which it hangs can be named and ended.
 */
import { inspect, parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { fuzz } from "./fuzz.ts";
import { mostBytes, seeded } from "./mutate.ts";
import { targets } from "./targets.ts";

interface Task {
  readonly names: readonly string[];
  readonly seconds: number;
  readonly seed: number;
  /** Three numbers (inputs so far, place of the target, length of the input) and the input. */
  readonly shared: SharedArrayBuffer;
}

type Told =
  | { readonly kind: "done"; readonly target: string; readonly inputs: number }
  | { readonly kind: "finding"; readonly target: string; readonly input: Uint8Array; readonly error: string };

const headerBytes = 12;
/** Whoever thinks this long about 64 KiB hangs. */
const mostSilentSeconds = 10;

function work({ names, seconds, seed, shared }: Task): void {
  const numbers = new Int32Array(shared, 0, 3);
  const place = new Uint8Array(shared, headerBytes);
  const tell = (told: Told) => parentPort?.postMessage(told);
  for (const target of targets.filter(({ name }) => names.includes(name))) {
    const end = performance.now() + (seconds * 1000) / names.length;
    let inputs = 0;
    const finding = fuzz(target, seeded(seed), (input) => {
      place.set(input);
      numbers[1] = targets.indexOf(target);
      numbers[2] = input.length;
      Atomics.add(numbers, 0, 1);
      inputs += 1;
      return performance.now() < end;
    });
    if (finding !== null) {
      tell({ kind: "finding", target: target.name, input: finding.input, error: inspect(finding.error) });
      return;
    }
    tell({ kind: "done", target: target.name, inputs });
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function sayFinding(target: string, input: Uint8Array, error: string): void {
  say(`FAIL ${target}: ${error}`);
  say(`  input, Base64: ${Buffer.from(input).toString("base64")}`);
  process.exitCode = 1;
}

/** Ends the thread when it has not begun another input for a while. */
function watch(worker: Worker, shared: SharedArrayBuffer): NodeJS.Timeout {
  const numbers = new Int32Array(shared, 0, 3);
  let seen = -1;
  let silent = 0;
  return setInterval(() => {
    const inputs = Atomics.load(numbers, 0);
    silent = inputs === seen ? silent + 1 : 0;
    seen = inputs;
    if (silent < mostSilentSeconds) return;
    const input = new Uint8Array(shared, headerBytes, numbers[2]).slice();
    sayFinding(targets[numbers[1] ?? 0]?.name ?? "", input, `no end after ${silent} s`);
    void worker.terminate();
  }, 1000);
}

function main(): void {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "10" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      only: { type: "string" },
    },
  });
  const names = targets
    .map(({ name }) => name)
    .filter((name) => values.only === undefined || name === values.only);
  if (names.length === 0) {
    process.stderr.write(`--only takes one of: ${targets.map(({ name }) => name).join(", ")}\n`);
    process.exitCode = 2;
    return;
  }
  const shared = new SharedArrayBuffer(headerBytes + mostBytes);
  const task: Task = { names, seconds: Number(values.seconds), seed: Number(values.seed), shared };
  say(`seed ${task.seed}, ${task.seconds} s`);
  const worker = new Worker(new URL(import.meta.url), { workerData: task });
  const timer = watch(worker, shared);
  worker.on("message", (told: Told) => {
    if (told.kind === "finding") sayFinding(told.target, told.input, told.error);
    else say(`ok   ${told.target}: ${told.inputs} inputs`);
  });
  worker.on("error", (error) => sayFinding("the run itself", Buffer.alloc(0), inspect(error)));
  worker.on("exit", () => clearInterval(timer));
}

if (isMainThread) main();
else work(workerData as Task);
