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
  /** What stands there now is another text, or nothing. */
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
export async function planUnit(name: string, facts: UnitFacts, world: UnitWorld): Promise<UnitPlan> {
  const scope = world.isRoot ? "system" : "user";
  const path = posix.join(unitFolder(scope, world), name);
  const content = renderUnit(facts, scope);
  const before = await world.files.read(path);
  const systemctl = scope === "system" ? ["systemctl"] : ["systemctl", "--user"];
  return {
    name,
    scope,
    path,
    content,
    changed: before?.toString("utf8") !== content,
    commands: [
      [...systemctl, "daemon-reload"],
      [...systemctl, "enable", name],
      [...systemctl, "restart", name],
    ],
  };
}

function unitFolder(scope: UnitScope, { environment, home }: UnitWorld): string {
  if (scope === "system") return "/etc/systemd/system";
  const config = environment.XDG_CONFIG_HOME;
  const base = config !== undefined && posix.isAbsolute(config) ? config : posix.join(home, ".config");
  return posix.join(base, "systemd/user");
}

const commandMs = 90_000;

/** @throws RegctlError HOST_COMMAND_FAILED */
export async function installUnit(plan: UnitPlan, world: UnitWorld): Promise<void> {
  const host = await world.localHost();
  if (plan.changed) await world.files.write(plan.path, plan.content, { mode: 0o644 });
  for (const command of plan.commands) {
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
