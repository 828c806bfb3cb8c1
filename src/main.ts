/**
 * The only place that prints a document or an error, and that sets the exit code. oclif's own runner is not used:
 * it prints from the middle, exits before a slow pipe has taken everything, and has no JSON for a mistyped line.
 */
import { answer, type Request } from "./answer.ts";
import type { CommandResult } from "./base-command.ts";
import { isRegctlError, RegctlError } from "./errors.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { readInvocation } from "./invocation.ts";
import type { CommandSource } from "./oclif.ts";
import { linesAsTyped } from "./report/own-commands.ts";
import { planRendering } from "./report/terminal.ts";
import { wantsJson, wantsVerbose } from "./route.ts";

/** What `main` needs of the process. */
interface Run extends Request {
  /** Rejects with what nobody caught. */
  readonly fatal: Promise<never>;
}

/** How long leftovers (an open socket) may keep the process after everything is printed. */
const lingerMs = 1000;

/** Resolves when the stream has taken everything, with the error if it could not. */
function write(stream: NodeJS.WriteStream, text: string | Buffer): Promise<Error | null> {
  return new Promise((resolve) => {
    stream.write(text, (error) => resolve(error ?? null));
  });
}

async function renderJson(document: object): Promise<string> {
  const { guardJson } = await import("./report/style.ts");
  return `${guardJson(JSON.stringify(document, null, 2))}\n`;
}

async function renderText(result: CommandResult, invocation: Run): Promise<string> {
  const { guardLine } = await import("./report/style.ts");
  const options = planRendering(invocation.environment, invocation.stdout, invocation.program);
  const render = await result.render();
  const lines = render(result.document, options);
  return (result.verbatim === true ? lines : linesAsTyped(lines, options))
    .map((line) => `${guardLine(line, options.color)}\n`)
    .join("");
}

/** To the byte where a program reads; on a terminal nothing in them may act. */
async function renderRaw(raw: Buffer, { stdout }: Run): Promise<string | Buffer> {
  if (stdout.isTTY !== true) return raw;
  const { guardJson } = await import("./report/style.ts");
  return guardJson(raw.toString("utf8"));
}

/** What a result is on standard output. */
async function renderResult(result: CommandResult, invocation: Run): Promise<string | Buffer> {
  if (result.raw !== undefined) return await renderRaw(result.raw, invocation);
  return wantsJson(invocation.argv)
    ? await renderJson(result.document)
    : await renderText(result, invocation);
}

/** A reader that left (`| head -1`) has what it wanted. */
async function print(text: string | Buffer, stdout: NodeJS.WriteStream): Promise<void> {
  const problem = await write(stdout, text);
  if (problem === null || ("code" in problem && problem.code === "EPIPE")) return;
  throw new RegctlError("OUTPUT_FAILED", { problem: problem.message }, { cause: problem });
}

/** With `printed`, standard output has had its one document: the error stands on standard error alone. */
async function printError(error: unknown, invocation: Run, printed: boolean): Promise<number> {
  const { argv, environment, program, stdout, stderr, signal } = invocation;
  const { explain, toRegctlError } = await import("./explain/errors.ts");
  const interrupted = signal.aborted && error !== signal.reason && isRegctlError(signal.reason);
  const failure = interrupted
    ? new RegctlError(signal.reason.code, signal.reason.facts, { cause: error })
    : toRegctlError(error);
  const { code, message, remedies } = explain(failure);
  const verbose = wantsVerbose(argv);
  const json = wantsJson(argv) && code !== "OUTPUT_FAILED" && !printed;
  if (json) await write(stdout, await renderJson({ error: { code, message, remedies } }));
  if (!json || verbose) {
    const { renderError } = await import("./report/error.ts");
    const options = { ...planRendering(environment, stderr, program), verbose, error: failure };
    const told = renderError({ code, message, remedies }, options);
    await write(stderr, told.map((line) => `${line}\n`).join(""));
  }
  return exitCodeOf[code];
}

/** Runs one command line. Returns the exit code when everything printed has been taken. Never rejects. */
async function main(invocation: Run): Promise<number> {
  let printed = false;
  try {
    const result = await Promise.race([answer(invocation), invocation.fatal]);
    await print(await renderResult(result, invocation), invocation.stdout);
    printed = true;
    const { running } = result;
    if (running !== undefined) {
      return await Promise.race([typeof running === "function" ? running() : running, invocation.fatal]);
    }
    return invocation.signal.aborted ? exitCodeOf.INTERRUPTED : (result.exitCode ?? 0);
  } catch (error) {
    return await printError(error, invocation, printed);
  }
}

/** The first signal asks everything to clean up and end, the second one does not wait for it. */
function listenForSignals(): Pick<Run, "signal" | "onHangup" | "onSignal"> {
  const controller = new AbortController();
  let hangup: (() => void) | undefined;
  let passOn: ((signal: NodeJS.Signals) => void) | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    if (passOn !== undefined) {
      passOn(signal);
      return;
    }
    if (controller.signal.aborted) process.exit(exitCodeOf.INTERRUPTED);
    controller.abort(new RegctlError("INTERRUPTED", { signal }));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  process.on("SIGHUP", (signal) => (hangup === undefined ? interrupt(signal) : hangup()));
  const onHangup = (listener: () => void): void => {
    hangup = listener;
  };
  const onSignal: Run["onSignal"] = (listener) => {
    passOn = listener;
  };
  return { signal: controller.signal, onHangup, onSignal };
}

function listenForFatal(): Promise<never> {
  const fatal = new Promise<never>((_, reject) => {
    process.on("uncaughtException", reject);
    process.on("unhandledRejection", reject);
  });
  fatal.catch(() => {});
  return fatal;
}

/** The process's own run: what bin/run.js calls. */
export async function start(source?: CommandSource): Promise<void> {
  const { stdout, stderr, env: environment } = process;
  // A broken pipe arrives in the callback of `write`; without a listener it would also end the process.
  for (const stream of [stdout, stderr]) stream.on("error", () => {});
  const fatal = listenForFatal();
  const signals = listenForSignals();
  const stdin = () => process.stdin;
  const typed = readInvocation(process.argv, environment);
  const world = { ...typed, environment, stdin, stdout, stderr, ...signals, fatal };
  process.exitCode = await main(source === undefined ? world : { ...world, source });
  setTimeout(() => process.exit(), lingerMs).unref();
}
