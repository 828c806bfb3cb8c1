/** Each step as the command of its name would do it. */
import { logIn } from "../access/log-in.ts";
import { useRegistry } from "../access/use-registry.ts";
import { setupInsecure } from "../platform/setup-insecure.ts";
import { setupTrust } from "../platform/setup-trust.ts";
import { serveInBackground } from "../server/serve.ts";
import { serveAsService } from "../server/serve-service.ts";
import { type ServeSettings, storagePath } from "../server/settings.ts";
import { parseTunnelRequest } from "../tunnel/request.ts";
import type { ReachFlags } from "../tunnel/tunnel-arguments.ts";
import { tunnelInBackground } from "../tunnel/tunnel-in-background.ts";
import { tunnelAsService } from "../tunnel/tunnel-service.ts";
import type { Reach, Step } from "./plan.ts";
import type { InitWorld } from "./world.ts";

export interface CarryOutInput extends Reach {
  readonly cwd: string;
  readonly timeoutSeconds: number | undefined;
  readonly yes: boolean;
  readonly fingerprint: string | undefined;
  readonly username: string | undefined;
  readonly passwordStdin: boolean;
  readonly reach: ReachFlags;
}

/** What a step leaves for the next ones. */
export interface StepResult {
  readonly registry?: string | null;
  /** The registry asks for a login, and has none that it takes. */
  readonly wantsLogin?: boolean;
}

/** `registry` is what the steps before have brought. Throws what the command throws. */
export async function carryOut(
  step: Step,
  registry: string,
  input: CarryOutInput,
  world: InitWorld,
): Promise<StepResult> {
  const { insecure, ca, cwd, timeoutSeconds, yes, fingerprint, username, passwordStdin } = input;
  const mode = { on: [], cwd, timeoutSeconds, yes, dryRun: false, print: false, allowRestart: false };
  switch (step.kind) {
    case "tunnel":
      return { registry: await startTunnel(step, input, world) };
    case "serve":
      return { registry: await startServer(step, world) };
    case "trust":
      await setupTrust({ ...mode, registry: step.registry, ca, fingerprint, system: false }, world);
      return {};
    case "insecure":
      await setupInsecure({ ...mode, registry: step.registry }, world);
      return {};
    case "use": {
      const named = step.registry ?? registry;
      const used = await useRegistry(
        { registry: named, insecure: step.insecure, ca, cwd, timeoutSeconds },
        world,
      );
      const login = used.ping?.login;
      return { registry: used.registry, wantsLogin: login === "missing" || login === "refused" };
    }
    case "login": {
      const named = step.registry ?? registry;
      await logIn({ registry: named, insecure, ca, timeoutSeconds, username, passwordStdin }, world);
      return {};
    }
  }
}

async function startTunnel(
  { server, to, port, service }: Extract<Step, { kind: "tunnel" }>,
  { insecure, ca, cwd, reach }: CarryOutInput,
  world: InitWorld,
): Promise<string | null> {
  const request = parseTunnelRequest(server, { to, "local-port": port, insecure, ca });
  const { items } = service
    ? await tunnelAsService(request, { reach, cwd, only: false }, world)
    : await tunnelInBackground(request, reach, cwd, world);
  return items[0]?.registry ?? null;
}

async function startServer(
  { port, service }: Extract<Step, { kind: "serve" }>,
  world: InitWorld,
): Promise<string | null> {
  const settings = usualSettings(port, world);
  if (!service) return (await serveInBackground(settings, ["--log", "human"], world)).registry;
  const { registry } = await serveAsService({ settings, named: false, only: false }, world);
  return registry ?? null;
}

/** Those of `regctl serve` without a flag, but for the port. */
function usualSettings(port: number, world: InitWorld): ServeSettings {
  return {
    listen: { host: "127.0.0.1", port },
    storage: storagePath(undefined, { ...world, cwd: "/" }),
    tls: { kind: "none" },
    htpasswd: null,
    anonymous: "none",
    readOnly: false,
    maxBlobBytes: null,
    behindProxy: false,
    metrics: false,
  };
}
