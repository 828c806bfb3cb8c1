/** A first walk through regctl: every step is the command that a person would type, run for real. */
import { posix } from "node:path";
import { platformOfMachine } from "../browse/machine-platform.ts";
import { collectChild } from "../child.ts";
import { type EngineWorld, reachEngine } from "../engine/reach-engine.ts";
import { RegctlError } from "../errors.ts";
import { quoteLine } from "../explain/quote.ts";
import type { Environment, Spawn } from "../ports.ts";
import { isInVm, type MachineFacts, type NextLine, planNext } from "./machine.ts";
import { makeSmallImage } from "./make-image.ts";

export interface QuickstartStep {
  readonly about: string;
  /** As a person types it. */
  readonly command: string;
  readonly exitCode: number | null;
  readonly output: string;
  /** It may fail here, and the walk goes on. */
  readonly mayFail: boolean;
}

export interface QuickstartOutcome {
  readonly ok: boolean;
  readonly registry: string;
  readonly digest: string;
  readonly engine: string | null;
  /** The folder that stays; null when everything is gone again. */
  readonly kept: string | null;
  readonly steps: readonly Pick<QuickstartStep, "about" | "command" | "exitCode">[];
  readonly next: readonly NextLine[];
}

export interface QuickstartWorld extends EngineWorld {
  readonly signal: AbortSignal;
  /** How this program is started. */
  readonly program: readonly string[];
  readonly hostName: string;
  /** As Node names them. */
  readonly platform: string;
  readonly processor: string;
  spawn(): Promise<Spawn>;
  makeTemporaryFolder(): Promise<string>;
  removeFolder(path: string): Promise<void>;
}

export interface QuickstartInput {
  readonly keep: boolean;
  /** Of the screen, for what steps say. */
  readonly columns: number;
  /** Told before and after each step. */
  readonly onStep: (step: Pick<QuickstartStep, "about" | "command"> & Partial<QuickstartStep>) => void;
}

const stepMs = 120_000;

/** @throws RegctlError QUICKSTART_FAILED for the step that did not end as it must */
export async function quickstart(
  { keep, columns, onStep }: QuickstartInput,
  world: QuickstartWorld,
): Promise<QuickstartOutcome> {
  const folder = await world.makeTemporaryFolder();
  const steps: QuickstartStep[] = [];
  const run = createRunner(folder, steps, { columns, onStep }, world);
  let serving = false;
  try {
    const machine = await lookAtMachine(world);
    const storage = posix.join(folder, "registry");
    const serve = ["serve", "--listen", "127.0.0.1:0", "--storage", storage, "--detach"];
    const { url } = parseDocument(
      await run("a registry on a free port of this machine", serve, { json: true }),
    );
    serving = true;
    const registry = new URL(String(url)).host;
    const digest = await makeImage(folder, world);
    await walk(registry, digest, folder, run);
    if (machine.engine !== null) await withEngine(registry, run, world);
    const outside = `${world.hostName}:${registry.slice(registry.lastIndexOf(":") + 1)}`;
    // Where no engine is found this says which were looked for.
    const look = ["setup", "insecure", outside, "--dry-run"];
    await run("what telling this host's engine of such a registry would change", look, { mayFail: true });
    await run("is the registry well", ["doctor", registry], { mayFail: true });
    const outcome = { ok: true, registry, digest, engine: machine.engine?.address ?? null };
    const told = steps.map(({ about, command, exitCode }) => ({ about, command, exitCode }));
    return { ...outcome, kept: keep ? folder : null, steps: told, next: planNext(machine) };
  } finally {
    if (!keep) {
      if (serving)
        await run("the registry ends", ["serve", "stop", "--storage", posix.join(folder, "registry")], {
          anyway: true,
        });
      await world.removeFolder(folder);
    }
  }
}

type Run = (about: string, args: readonly string[], how?: RunOptions) => Promise<string>;

interface RunOptions {
  /** The document is wanted, and not shown. */
  readonly json?: boolean;
  readonly mayFail?: boolean;
  /** Also after an interruption. */
  readonly anyway?: boolean;
}

async function walk(registry: string, digest: string, folder: string, run: Run): Promise<void> {
  const image = `${registry}/hello`;
  await run("publish it", ["publish", `oci:${folder}/image:1.0`, `${image}:1.0`]);
  await run("search", ["search", "hel", "--registry", registry]);
  await run("its tags", ["tags", image]);
  await run("look inside", ["inspect", `${image}:1.0`]);
  await run("a second tag", ["copy", `${image}:1.0`, `${image}:latest`]);
  const pulled = await run(
    "fetch it again, into a file",
    ["pull", `${image}:latest`, "--output", `oci:${folder}/back`],
    { json: true },
  );
  assertSame(digest, parseDocument(pulled));
}

/** The engine gets the image, and loses it again. */
async function withEngine(registry: string, run: Run, world: QuickstartWorld): Promise<void> {
  const image = `${registry}/hello:1.0`;
  try {
    await run("into the engine", ["pull", image], { mayFail: true });
    await run("the engine's images", ["images", "hello"], { mayFail: true });
  } finally {
    const { engine, close } = await reachEngine(world);
    await engine.images.untag(image).finally(close);
  }
}

function assertSame(digest: string, { items }: Readonly<Record<string, unknown>>): void {
  const came = Array.isArray(items) ? items[0]?.digest : undefined;
  if (came === digest) return;
  throw new RegctlError("INTERNAL", { what: `${digest} was published, and ${String(came)} came back` });
}

async function makeImage(folder: string, world: QuickstartWorld): Promise<string> {
  const files = { "hello.txt": "Hello from a registry of your own.\n", "etc/motd": "regctl quickstart\n" };
  const { architecture } = platformOfMachine(world.processor);
  return await makeSmallImage(`${folder}/image`, { files, architecture, tag: "1.0" });
}

async function lookAtMachine(world: QuickstartWorld): Promise<MachineFacts> {
  const { hostName, platform } = world;
  try {
    const { engine, address, close } = await reachEngine(world);
    try {
      const { operatingSystem, name, serverVersion } = await engine.info();
      const title = `${operatingSystem || name} (engine ${serverVersion})`;
      return { hostName, engine: { address, title, inVm: isInVm(operatingSystem, name, platform) } };
    } finally {
      await close();
    }
  } catch {
    return { hostName, engine: null };
  }
}

/** Each command is shown, run as another process, and shown with what it said. */
function createRunner(
  folder: string,
  steps: QuickstartStep[],
  { columns, onStep }: Pick<QuickstartInput, "columns" | "onStep">,
  world: QuickstartWorld,
): Run {
  const env: Environment = {
    XDG_CONFIG_HOME: `${folder}/config`,
    XDG_CACHE_HOME: `${folder}/cache`,
    COLUMNS: `${columns}`,
  };
  return async (about, args, { json = false, mayFail = false, anyway = false } = {}) => {
    if (!anyway) world.signal.throwIfAborted();
    const command = quoteLine(["regctl", ...args]);
    onStep({ about, command });
    const spawn = await world.spawn();
    const child = spawn([...world.program, ...args, ...(json ? ["--json"] : []), "--progress", "none"], {
      env,
    });
    const timeout = (seconds: number) => new Error(`${command} did not end within ${seconds} s`);
    const { code, stdout, stderr } = await collectChild(child, { timeoutMs: stepMs }, { timeout });
    const output = `${json ? "" : stdout.toString("utf8")}${code === 0 ? "" : stderr.toString("utf8")}`;
    const step = { about, command, exitCode: code, output, mayFail };
    steps.push(step);
    onStep(step);
    if (code !== 0 && !mayFail && !anyway) {
      throw new RegctlError("QUICKSTART_FAILED", {
        command,
        code,
        output: stderr.toString("utf8").trim() || stdout.toString("utf8").trim(),
      });
    }
    return stdout.toString("utf8");
  };
}

function parseDocument(text: string): Readonly<Record<string, unknown>> {
  const document: unknown = JSON.parse(text);
  if (typeof document === "object" && document !== null) return document as Readonly<Record<string, unknown>>;
  throw new RegctlError("INTERNAL", { what: "a step printed no document" });
}
