/** `regctl serve`: asked, started, found by others while it runs, stopped by a signal or by one of them. */
import { RegctlError } from "../errors.ts";
import type { Emit, Prompt } from "../ports.ts";
import type { ControlSockets } from "../service/control.ts";
import { type DetachWorld, detach } from "../service/detach.ts";
import { exitCodeAfter } from "../service/exit-code.ts";
import { listServices, ownFolder, serviceId, socketPath } from "../service/running.ts";
import type { ServiceWorld } from "../service/world.ts";
import type { ServeOutcome } from "./outcome.ts";
import { type RunningRegistry, type RunWorld, runRegistry } from "./run.ts";
import type { RunningServersWorld } from "./running-servers.ts";
import { serveArguments } from "./serve-arguments.ts";
import { answerControl } from "./serve-control.ts";
import { judgeExposure, type ServeSettings } from "./settings.ts";

export interface ServeWorld extends RunWorld, ServiceWorld {
  readonly prompt: Prompt;
  readonly signal: AbortSignal;
  controlSockets(): Promise<ControlSockets>;
}

export interface Serving {
  readonly outcome: ServeOutcome;
  /** Resolves to the exit code when it has stopped. */
  readonly running: Promise<number>;
  reload(): Promise<void>;
  /** As a signal does. */
  stop(): void;
}

/** What is in flight may end. */
const graceMs = 30_000;

/** Tells who could reach the server, and has it agreed to where that is dangerous. */
export async function agreeToExposure(
  settings: ServeSettings,
  yes: boolean,
  { emit, prompt }: { readonly emit: Emit; readonly prompt: Prompt },
): Promise<void> {
  const { dangers, needsConsent } = judgeExposure(settings);
  if (!needsConsent || yes) {
    for (const danger of dangers) emit({ event: "warning", warning: danger });
    return;
  }
  const question = `Serve at ${settings.listen.host}, for everybody who reaches it, without a login?`;
  if (await prompt.consent({ kind: "consent", question, details: dangers, flag: "--yes" })) return;
  throw new RegctlError("DECLINED", { question });
}

/** In this process. */
export async function serve(settings: ServeSettings, world: ServeWorld): Promise<Serving> {
  const registry = await runRegistry(settings, world);
  const stopping = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const id = serviceId(settings.storage);
  const path = socketPath(ownFolder(world), "serve", id, world.pid);
  const stopForAnother = async (): Promise<void> => {
    stopping.resolve();
    await stopped.promise;
  };
  try {
    const sockets = await world.controlSockets();
    // Who holds the storage is alone: others with this name have died.
    const dead = (await listServices("serve", world)).filter((service) => service.id === id);
    for (const { socket } of dead) await world.files.remove(socket);
    const control = await sockets.listen(path, answerControl(registry, stopForAnother));
    const outcome = await registry.document();
    const running = run(registry, world, stopping).finally(async () => {
      stopped.resolve();
      await control.close();
    });
    return { outcome, running, reload: registry.reload, stop: stopping.resolve };
  } catch (error) {
    await registry.stop(0);
    throw error;
  }
}

async function run(
  registry: RunningRegistry,
  { signal, emit }: ServeWorld,
  stopping: PromiseWithResolvers<void>,
): Promise<number> {
  signal.addEventListener("abort", () => stopping.resolve());
  if (signal.aborted) stopping.resolve();
  await stopping.promise;
  emit({ event: "note", note: "stopping; what is in flight may end within 30 s" });
  const cut = await registry.stop(graceMs);
  if (cut > 0) emit({ event: "warning", warning: `${cut} requests were cut off` });
  return exitCodeAfter(signal);
}

export interface BackgroundWorld extends DetachWorld, RunningServersWorld, Pick<RunWorld, "registryServer"> {}

/**
 * In a process of its own that outlives this one.
 * @throws RegctlError START_FAILED, PORT_HELD, LISTEN_FAILED
 */
export async function serveInBackground(
  settings: ServeSettings,
  extra: readonly string[],
  world: BackgroundWorld,
): Promise<ServeOutcome> {
  await assertNotServed(settings.storage, world);
  await assertFree(settings, world);
  const logPath = `${ownFolder(world)}/serve.${serviceId(settings.storage)}.log`;
  const args = [...serveArguments(settings), "--yes", "--log-file", logPath, ...extra];
  const document = await detach({ what: "The registry", args, logPath }, world);
  // It is this program's own document.
  return document as ServeOutcome;
}

async function assertNotServed(storage: string, world: BackgroundWorld): Promise<void> {
  const { findServer } = await import("./running-servers.ts");
  const found = await findServer(storage, world);
  if (found === null) return;
  throw new RegctlError("STORAGE_LOCKED", {
    path: storage,
    by: `process ${found.pid} serves it at ${found.url}`,
  });
}

/** What another process would only report in words is found out here, with its code. */
async function assertFree({ listen }: ServeSettings, world: BackgroundWorld): Promise<void> {
  if (listen.port === 0) return;
  const { usualLimits } = await import("./listener.ts");
  const start = await world.registryServer();
  const handle = async () => ({ status: 503, headers: {}, body: null });
  const options = { handle, listen, limits: usualLimits, behindProxy: false, emit: () => {} };
  const listening = await start(options);
  await listening.close({ graceMs: 0 });
}
