/** The outcome of `copy` as lines. */
import { quoteLine } from "../explain/quote.ts";
import type { CopyItem, CopyOutcome } from "../transfer/outcome.ts";
import { renderSize } from "./amounts.ts";
import { renderSentence } from "./sentence.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderCopy({ items, dryRun }: CopyOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  const lines = items.flatMap((item) => renderItem(item, dryRun, style, options));
  const closing = items.length > 1 ? [renderSum(items, dryRun)] : [];
  return [...lines, ...closing, ...(dryRun ? ["Nothing was changed."] : [])];
}

function renderItem(
  item: CopyItem,
  dryRun: boolean,
  style: Style,
  options: RenderOptions,
): readonly string[] {
  const { error, source, destination } = item;
  if (error !== undefined) {
    const head = renderSentence(
      `${style.symbols.failed} `,
      `${source}: ${error.message}`,
      options,
      style.red,
    );
    return [
      ...head,
      ...error.remedies.map((remedy) => `  ${style.cyan(style.symbols.arrow)} ${escapeControl(remedy)}`),
    ];
  }
  const mark = dryRun ? style.symbols.bullet : style.symbols.ok;
  const head = `${style.green(mark)} ${escapeControl(source)} ${style.symbols.arrow} ${escapeControl(destination)}`;
  const left = item.leftOut.flatMap((digest) =>
    renderSentence(
      `  ${style.symbols.warning} `,
      `${digest} was left out: its publisher gives this layer away himself, and the source does not hold it.`,
      options,
      style.yellow,
    ),
  );
  const paste = item.pull === null || dryRun ? [] : [`  ${quoteLine(["docker", "pull", item.pull])}`];
  return [
    head,
    ...renderSentence("  ", amountsOf(item, dryRun), options),
    ...left,
    ...paste.map(escapeControl),
  ];
}

function amountsOf(item: CopyItem, dryRun: boolean): string {
  const { bytesMoved, bytesReused, blobs, seconds, changed, referrers } = item;
  if (!changed) return "It was there already.";
  const moved = blobs.moved === 0 ? "nothing" : `${renderSize(bytesMoved)} in ${count(blobs.moved, "blob")}`;
  const time = dryRun || seconds === 0 ? "" : ` in ${seconds} s${paceOf(bytesMoved, seconds)}`;
  const there = blobs.reused === 0 ? [] : [`${count(blobs.reused, "blob")} there already`];
  const mounted = blobs.mounted === 0 ? [] : [`${blobs.mounted} linked within the registry`];
  const reused =
    bytesReused === 0 ? "" : `; ${renderSize(bytesReused)} reused (${[...there, ...mounted].join(", ")})`;
  const said = referrers === 0 ? "" : `; ${count(referrers, "referrer")}`;
  return `${dryRun ? "Would move" : "Moved"} ${moved}${time}${reused}${said}.`;
}

function paceOf(bytes: number, seconds: number): string {
  return seconds < 1 || bytes === 0 ? "" : ` (${renderSize(bytes / seconds)}/s)`;
}

function renderSum(items: readonly CopyItem[], dryRun: boolean): string {
  const good = items.filter(({ error }) => error === undefined);
  const total = good.reduce((sum, { bytesMoved }) => sum + bytesMoved, 0);
  const failed = items.length - good.length;
  const ending = failed === 0 ? "" : `, ${failed} failed`;
  return `${count(good.length, "image")} ${dryRun ? "to copy" : "copied"}, ${renderSize(total)} moved${ending}.`;
}

function count(amount: number, thing: string): string {
  return `${amount} ${thing}${amount === 1 ? "" : "s"}`;
}
