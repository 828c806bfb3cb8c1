/** A unit of systemd put in place and started: by root for the machine, by anybody else for themselves. */
import { posix } from "node:path";
import { RegctlError } from "../errors.ts";
import type { Environment, Files, Host } from "../ports.ts";
import { renderUnit, type UnitFacts, type UnitScope } from "./systemd-unit.ts";

export interface UnitPlan {
  readonly name: string;
  readonly scope: UnitScope;
  readonly path: string;
  readonly content: string;
  /** What stands there now; null for nothing. */
  readonly before: string | null;
  readonly changed: boolean;
  /** In this order, after the file. */
  readonly commands: readonly (readonly string[])[];
}

export interface UnitWorld {
  readonly environment: Environment;
  readonly home: string;
  readonly files: Files;
  readonly isRoot: boolean;
  localHost(): Promise<Host>;
}

/** `name` with its ending, `regctl-serve.service`. */
export async function planUnit(
  name: string,
  facts: UnitFacts,
  world: UnitWorld,
  scope: UnitScope = world.isRoot ? "system" : "user",
): Promise<UnitPlan> {
  const path = posix.join(unitFolder(scope, world), name);
  const content = renderUnit(facts, scope);
  const before = (await world.files.read(path))?.toString("utf8") ?? null;
  const systemctl = systemctlOf(scope);
  return {
    name,
    scope,
    path,
    content,
    before,
    changed: before !== content,
    commands: [
      [...systemctl, "daemon-reload"],
      [...systemctl, "enable", name],
      [...systemctl, "restart", name],
    ],
  };
}

function systemctlOf(scope: UnitScope): readonly string[] {
  return scope === "system" ? ["systemctl"] : ["systemctl", "--user"];
}

function unitFolder(scope: UnitScope, { environment, home }: UnitWorld): string {
  if (scope === "system") return "/etc/systemd/system";
  const config = environment.XDG_CONFIG_HOME;
  const base = config !== undefined && posix.isAbsolute(config) ? config : posix.join(home, ".config");
  return posix.join(base, "systemd/user");
}

const commandMs = 90_000;

/** @throws RegctlError NO_SERVICE_MANAGER, HOST_COMMAND_FAILED */
export async function installUnit(plan: UnitPlan, world: UnitWorld): Promise<void> {
  await assertManager(plan.scope, world);
  if (plan.changed) await world.files.write(plan.path, plan.content, { mode: 0o644 });
  await runAll(plan.commands, world);
}

/** Everything as it was before `installUnit`. @throws RegctlError HOST_COMMAND_FAILED */
export async function takeBackUnit(plan: UnitPlan, world: UnitWorld): Promise<void> {
  if (plan.before === null) await removeUnit(plan.name, world, plan.scope);
  else await installUnit({ ...plan, content: plan.before }, world);
}

/** Before anything is written: a login by su or sudo has no way to its user's manager, a container has none at all. */
async function assertManager(scope: UnitScope, world: UnitWorld): Promise<void> {
  const host = await world.localHost();
  const { code, stderr } = await host.run([...systemctlOf(scope), "show", "--property=Version"], {
    timeoutMs: commandMs,
  });
  if (code === 0) return;
  throw new RegctlError("NO_SERVICE_MANAGER", { scope, reason: stderr.toString("utf8").trim() });
}

/**
 * Stops a unit and takes its file away. Null when there is none.
 * @throws RegctlError NO_SERVICE_MANAGER, HOST_COMMAND_FAILED
 */
export async function removeUnit(name: string, world: UnitWorld, scope: UnitScope): Promise<UnitPlan | null> {
  const path = posix.join(unitFolder(scope, world), name);
  const content = (await world.files.read(path))?.toString("utf8") ?? null;
  if (content === null) return null;
  await assertManager(scope, world);
  const disable = [...systemctlOf(scope), "disable", "--now", name];
  const reload = [...systemctlOf(scope), "daemon-reload"];
  await runAll([disable], world);
  await world.files.remove(path);
  await runAll([reload], world);
  const commands = [disable, ["rm", path], reload];
  return { name, scope, path, content, before: content, changed: true, commands };
}

async function runAll(commands: UnitPlan["commands"], world: UnitWorld): Promise<void> {
  const host = await world.localHost();
  for (const command of commands) {
    const { code, stderr } = await host.run(command, { timeoutMs: commandMs });
    if (code === 0) continue;
    const output = stderr.toString("utf8");
    throw new RegctlError("HOST_COMMAND_FAILED", {
      host: host.name,
      command: command.join(" "),
      code,
      output,
    });
  }
}

/** The last lines of its log, for whoever must know why it does not run. */
export async function readUnitLog({ name, scope }: UnitPlan, world: UnitWorld): Promise<readonly string[]> {
  const host = await world.localHost();
  const which = scope === "system" ? ["--unit", name] : ["--user", "--user-unit", name];
  const shown = ["journalctl", ...which, "--lines", "10", "--output", "cat", "--no-pager"];
  const { stdout } = await host.run(shown, { timeoutMs: commandMs });
  return stdout.toString("utf8").trimEnd().split("\n");
}
