/** What `tunnel --service` and `tunnel stop --service` have done or would do, as lines. */
import type { TunnelServiceOutcome } from "../tunnel/tunnel-service.ts";
import { createStyle, escapeControl } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderTunnelService(
  outcome: TunnelServiceOutcome,
  options: RenderOptions,
): readonly string[] {
  const style = createStyle(options);
  const { unit, path, items } = outcome;
  const [item] = items;
  if (item === undefined) return renderPlan(outcome);
  return [
    `${style.green(style.symbols.ok)} ${unit} keeps the registry of ${escapeControl(item.server)} at ${style.bold(escapeControl(item.registry ?? ""))}.`,
    `  unit: ${escapeControl(path)}`,
    "  have it run while you are logged out: loginctl enable-linger",
    `  undo it: regctl tunnel stop --service ${escapeControl(item.name)}`,
  ];
}

/** To be pasted into a shell. */
function renderPlan({ path, content, commands }: TunnelServiceOutcome): readonly string[] {
  const text = content.trimEnd().split("\n");
  return [
    `cat >${path} <<'END'`,
    ...text,
    "END",
    ...commands,
    "# while you are logged out: loginctl enable-linger",
  ];
}

export function renderRemovedService(
  { unit, path }: TunnelServiceOutcome,
  options: RenderOptions,
): readonly string[] {
  const style = createStyle(options);
  return [`${style.green(style.symbols.ok)} ${unit} has stopped, and ${escapeControl(path)} is gone.`];
}
