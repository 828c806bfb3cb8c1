/** The outcome of `publish` as lines. */
import { quoteLine } from "../explain/quote.ts";
import type { PublishItem, PublishOutcome } from "../publish/outcome.ts";
import { renderSize } from "./amounts.ts";
import { renderSentence } from "./sentence.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderPublish(outcome: PublishOutcome, options: RenderOptions): readonly string[] {
  const { items, dryRun } = outcome;
  const style = createStyle(options);
  const [first] = items;
  if (first === undefined) return [];
  return [
    ...items.flatMap((item) => renderItem(item, dryRun, style, options)),
    ...renderSentence("  ", amountsOf(first, outcome), options),
    ...(first.pull === null || dryRun
      ? []
      : [`  ${escapeControl(quoteLine(["docker", "pull", first.pull]))}`]),
    ...(dryRun ? ["Nothing was changed."] : []),
  ];
}

function renderItem(
  { reference, digest, replaced, changed, tagged }: PublishItem,
  dryRun: boolean,
  style: Style,
  options: RenderOptions,
): readonly string[] {
  const mark = dryRun ? style.symbols.bullet : style.symbols.ok;
  const head = `${style.green(mark)} ${escapeControl(reference)} ${style.symbols.arrow} ${digest ?? "a digest that shows when it is packed"}`;
  const told = [
    ...(changed ? [] : ["It led there already."]),
    ...(replaced === null ? [] : [`${dryRun ? "Replaces" : "Replaced"} ${replaced}.`]),
    ...(tagged ? [] : dryRun ? [] : ["Not tagged in an engine."]),
  ];
  return [head, ...told.flatMap((sentence) => renderSentence("  ", sentence, options))];
}

function amountsOf(
  { bytesSent, bytesReused, layers, seconds, via }: PublishItem,
  { dryRun, why }: PublishOutcome,
): string {
  const sent = bytesSent === 0 ? "nothing" : `${dryRun ? "at most " : ""}${renderSize(bytesSent)}`;
  const inLayers = layers.sent === 0 ? "" : ` in ${count(layers.sent, "layer")}`;
  const reused = bytesReused === 0 ? "" : `; ${renderSize(bytesReused)} reused`;
  const linked = layers.mounted === 0 ? "" : ` (${layers.mounted} linked within the registry)`;
  const time = dryRun ? "" : ` in ${seconds} s`;
  const way = via === "engine" ? "by the engine" : "the direct way";
  return `${dryRun ? "Would send" : "Sent"} ${sent}${inLayers}${time}, ${way}: ${why}${reused}${linked}.`;
}

function count(amount: number, thing: string): string {
  return `${amount} ${thing}${amount === 1 ? "" : "s"}`;
}
