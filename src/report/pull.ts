/** The outcome of `pull` as lines. */
import { quoteLine } from "../explain/quote.ts";
import type { PullItem, PullOutcome } from "../pull/outcome.ts";
import { renderSize } from "./amounts.ts";
import { shortDigest } from "./image-words.ts";
import { renderSentence } from "./sentence.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderPull({ items }: PullOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  return items.flatMap((item) =>
    item.error === undefined ? renderItem(item, options, style) : renderError(item, options, style),
  );
}

function renderError(
  { reference, error }: PullItem,
  options: RenderOptions,
  style: Style,
): readonly string[] {
  if (error === undefined) return [];
  return [
    ...renderSentence(`${style.symbols.failed} `, `${reference}: ${error.message}`, options, style.red),
    ...error.remedies.map((remedy) => `  ${style.cyan(style.symbols.arrow)} ${escapeControl(remedy)}`),
  ];
}

function renderItem(item: PullItem, options: RenderOptions, style: Style): readonly string[] {
  const { reference, digest, imageId, platform, output, names } = item;
  const own = names.filter((name) => name !== reference);
  const to = output ?? (own.length === 0 ? null : own.join(", "));
  const head = `${style.green(style.symbols.ok)} ${escapeControl(reference)}${to === null ? "" : ` ${style.symbols.arrow} ${escapeControl(to)}`}`;
  const id = imageId === null ? [] : [`id ${shortDigest(imageId)}`];
  const facts = [...id, ...(platform === null ? [] : [platform]), ...(digest === null ? [] : [digest])];
  return [
    head,
    ...(facts.length === 0 ? [] : [`  ${escapeControl(facts.join("  "))}`]),
    ...renderSentence("  ", amountsOf(item), options),
    ...noDigestLines(item, options, style),
  ];
}

function amountsOf(item: PullItem): string {
  const { bytesReceived, bytesReused, layers, seconds, changed, via, why } = item;
  const way = why === null ? "" : ` ${via === "engine" ? "Through the engine" : "Directly"}: ${why}.`;
  if (!changed) return `It was there already.${way}`;
  const thing = via === "file" ? "blob" : "layer";
  // Podman does not say how much it was.
  const amount = bytesReceived === 0 ? "" : `${renderSize(bytesReceived)} in `;
  const received = layers.received === 0 ? "nothing" : `${amount}${count(layers.received, thing)}`;
  const time =
    seconds === 0
      ? ""
      : ` in ${seconds} s${seconds < 1 || bytesReceived === 0 ? "" : ` (${renderSize(bytesReceived / seconds)}/s)`}`;
  const size = bytesReused === null ? "" : `${renderSize(bytesReused)} in `;
  const reused = layers.reused === 0 ? "" : `; ${size}${count(layers.reused, thing)} there already`;
  return `Received ${received}${time}${reused}.${way}`;
}

/** Said aloud: whoever types the digest next would be told that there is no such image. */
function noDigestLines(
  { digestKnown, via, reference, names, imageId }: PullItem,
  options: RenderOptions,
  style: Style,
): readonly string[] {
  if (via !== "direct" || digestKnown) return [];
  const [name] = names;
  const by = name ?? (imageId === null ? "its id" : `its id, ${shortDigest(imageId)}`);
  const words = `The image was loaded, so the engine does not know this digest: use ${by} there, not NAME@DIGEST.`;
  const line = quoteLine(["regctl", "pull", reference, "--as", "NAME:TAG"]);
  return [
    ...renderSentence(`${style.symbols.bullet} `, words, options, style.cyan),
    ...(name === undefined ? [`  A name for it: ${escapeControl(line)}`] : []),
  ];
}

function count(amount: number, thing: string): string {
  return `${amount} ${thing}${amount === 1 ? "" : "s"}`;
}
