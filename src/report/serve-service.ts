/** What `serve --service` has done or would do, as lines. */
import type { ServiceOutcome } from "../server/serve-service.ts";
import { createStyle, escapeControl } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderService(outcome: ServiceOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  const { unit, path, url, registry, storage } = outcome;
  if (url === undefined) return renderServicePlan(outcome);
  return [
    `${style.green(style.symbols.ok)} ${unit} serves ${escapeControl(registry ?? "")} at ${escapeControl(url)}, and starts with the machine.`,
    `  storage: ${escapeControl(storage ?? "")}`,
    `  unit: ${escapeControl(path)}`,
    `  undo it: systemctl ${path.startsWith("/etc/") ? "" : "--user "}disable --now ${unit}`,
    ...(path.startsWith("/etc/") ? [] : ["  have it run while you are logged out: loginctl enable-linger"]),
  ];
}

/** To be pasted into a shell. */
function renderServicePlan({ path, content, commands }: ServiceOutcome): readonly string[] {
  const text = content.trimEnd().split("\n");
  return [`cat >${path} <<'END'`, ...text, "END", ...commands];
}
