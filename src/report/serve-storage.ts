/** What `serve gc` and `serve verify` found, as lines. */
import type { GcOutcome, VerifyOutcome } from "../server/running-servers.ts";
import { renderSize } from "./amounts.ts";
import { createStyle, escapeControl } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderGc(
  { removed, bytes, dryRun, storage }: GcOutcome,
  options: RenderOptions,
): readonly string[] {
  const style = createStyle(options);
  const verb = dryRun ? "would be removed" : "removed";
  if (removed === 0)
    return [
      `${style.green(style.symbols.ok)} Nothing to remove in ${escapeControl(storage)}.`,
      "  What was written or asked for within the last hour stays.",
    ];
  return [
    `${style.green(style.symbols.ok)} ${removed} blobs ${verb} in ${escapeControl(storage)}, ${renderSize(bytes)}.`,
  ];
}

export function renderVerify(
  { ok, blobs, damaged, storage }: VerifyOutcome,
  options: RenderOptions,
): readonly string[] {
  const style = createStyle(options);
  if (ok)
    return [`${style.green(style.symbols.ok)} All ${blobs} blobs in ${escapeControl(storage)} are whole.`];
  return [
    `${style.red(style.symbols.failed)} ${damaged.length} of ${blobs} are damaged, and are not served:`,
    ...damaged.map(({ digest, repositories, problem }) => {
      const where = repositories.length === 0 ? "" : ` (${repositories.join(", ")})`;
      return `  ${escapeControl(`${digest ?? "a list"}${where}: ${problem}`)}`;
    }),
    "  Push what it belongs to again: that heals it.",
  ];
}
