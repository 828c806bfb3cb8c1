/** What the person has: from the flags, or asked for. */
import { parseRegistryName } from "../access/registry-name.ts";
import { isRegctlError, RegctlError } from "../errors.ts";
import { explain } from "../explain/errors.ts";
import { parseHostSpec } from "../ssh/host-spec.ts";
import type { InitWorld } from "./world.ts";

export interface GivenAnswers {
  readonly registry: string | undefined;
  readonly server: string | undefined;
  readonly serve: boolean;
  readonly service: boolean;
}

export type Answers =
  | { readonly kind: "registry"; readonly registry: string }
  | { readonly kind: "server"; readonly server: string; readonly service: boolean }
  | { readonly kind: "serve"; readonly service: boolean };

/** Throws MISSING_ANSWER where nobody can be asked; USAGE, BAD_REGISTRY for flags that say nothing. */
export async function readAnswers(given: GivenAnswers, world: InitWorld): Promise<Answers> {
  const { registry, server, serve, service } = given;
  if (service && registry !== undefined) {
    const problem =
      "--service keeps a tunnel or a registry of this machine; a registry elsewhere runs by itself";
    throw new RegctlError("USAGE", { problem, type: `regctl init --registry ${registry}` });
  }
  if (registry !== undefined) return { kind: "registry", registry: parseRegistryName(registry) };
  if (server !== undefined) return { kind: "server", server: parseServer(server), service };
  if (serve) return { kind: "serve", service };
  return await ask(service, world);
}

async function ask(service: boolean, world: InitWorld): Promise<Answers> {
  const kind = await world.choose({
    kind: "choice",
    question: "Where is your registry?",
    choices: [
      { value: "registry", label: "at an address that I know" },
      { value: "server", label: "on a server that I reach by SSH" },
      { value: "serve", label: "nowhere yet: serve one from here" },
    ],
    flag: "--registry REG, --server USER@HOST or --serve",
  });
  if (kind === "registry") {
    const question = "Its address, as HOST or HOST:PORT";
    return { kind, registry: await askUntil(question, "--registry REG", parseRegistryName, world) };
  }
  if (kind === "serve") return { kind, service: service || (await askService("system", world)) };
  const question = "The server, as USER@HOST or USER@HOST:PORT";
  const server = await askUntil(question, "--server USER@HOST", parseServer, world);
  return { kind, server, service: service || (await askService("user", world)) };
}

/** As it was typed; what is no host is said before anything is asked for. */
function parseServer(text: string): string {
  parseHostSpec(text);
  return text;
}

/** A slip of the pen is told, and asked about again. */
async function askUntil(
  question: string,
  flag: string,
  parse: (text: string) => string,
  { prompt, emit }: InitWorld,
): Promise<string> {
  for (;;) {
    const typed = (await prompt.text({ kind: "text", question, flag })).trim();
    try {
      return parse(typed);
    } catch (error) {
      if (!isRegctlError(error)) throw error;
      emit({ event: "warning", warning: explain(error).message });
    }
  }
}

/** Asked only where systemd could. `system`: root's services are those of the machine. */
async function askService(scope: "system" | "user", world: InitWorld): Promise<boolean> {
  const systemctl = scope === "system" && world.isRoot ? ["systemctl"] : ["systemctl", "--user"];
  const host = await world.localHost();
  const { code } = await host.run([...systemctl, "show", "--property=Version"], { timeoutMs: 5_000 });
  if (code !== 0) return false;
  const kept = await world.choose({
    kind: "choice",
    question: "How long is it to run?",
    choices: [
      { value: "background", label: "until this machine stops" },
      { value: "service", label: "always: systemd starts it again" },
    ],
    flag: "--service",
  });
  return kept === "service";
}
