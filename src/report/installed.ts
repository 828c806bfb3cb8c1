/** What `completion install` and `plugin install` have put where, as lines. */
import type { InstalledCompletion } from "../completion/install-completion.ts";
import type { PluginOutcome } from "../plugin/docker-plugin.ts";
import { createStyle, escapeControl } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderCompletion(
  { shell, path, changed, next }: InstalledCompletion,
  options: RenderOptions,
): readonly string[] {
  const { symbols, green } = createStyle(options);
  const what = changed ? "is in place" : "was in place already";
  return [
    `${green(symbols.ok)} The completion for ${shell} ${what}: ${escapeControl(path)}`,
    ...(next.length === 0
      ? []
      : ["To have it in this shell:", ...next.map((line) => `  ${escapeControl(line)}`)]),
  ];
}

export function renderPlugin(
  { path, installed, changed }: PluginOutcome,
  options: RenderOptions,
): readonly string[] {
  const { symbols, green } = createStyle(options);
  const ok = green(symbols.ok);
  if (!installed && !changed) return ["There is no plugin to remove."];
  if (!installed) return [`${ok} Removed: ${escapeControl(path)}`];
  return [
    `${ok} The plugin ${changed ? "is in place" : "was in place already"}: ${escapeControl(path)}`,
    "Try it: docker regctl --help",
  ];
}
