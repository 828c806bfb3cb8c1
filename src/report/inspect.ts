/** The outcome of `inspect` as lines. */
import type { InspectedPlatform, InspectedReferrer, InspectOutcome } from "../browse/inspect-outcome.ts";
import { renderAge, renderBytes, shortDigest } from "./image-words.ts";
import { configLines, field } from "./inspect-config.ts";
import { layerLines } from "./inspect-layers.ts";
import { renderSentence } from "./sentence.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import { renderTable } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderInspect(outcome: InspectOutcome, options: RenderOptions, now: Date): readonly string[] {
  const style = createStyle(options);
  const { platforms, shown } = outcome;
  const detailed = platforms[shown];
  return [
    ...headLines(outcome, options, style),
    ...(outcome.kind === "index" ? ["", ...platformLines(platforms, options, style, now)] : []),
    ...(detailed === undefined || detailed.error !== undefined
      ? []
      : ["", ...detailLines(detailed, outcome, options, style, now)]),
    ...referrerLines(outcome.referrers, options, style),
  ];
}

function headLines(outcome: InspectOutcome, options: RenderOptions, style: Style): readonly string[] {
  const { reference, digest, subject, annotations, artifactType } = outcome;
  const noted = Object.entries(annotations).map(([name, value]) => `${name}=${value}`);
  return [
    style.bold(escapeControl(reference)),
    ...field("digest", [digest], options),
    ...field("kind", [kindWords(outcome)], options),
    ...field("artifact", artifactType === null ? [] : [artifactType], options),
    ...field("subject", subject === null ? [] : [subject], options),
    ...field("annotations", noted, options),
  ];
}

function kindWords({ kind, mediaType, platforms, attestations }: InspectOutcome): string {
  const words = {
    image: "image",
    index: `index of ${count(platforms.length, "platform")}`,
    artifact: "artifact",
    schema1: "image, schema 1 (before 2016)",
  }[kind];
  const attested = attestations === 0 ? "" : ` and ${count(attestations, "attestation")}`;
  return `${words}${attested} (${mediaType})`;
}

function count(number: number, word: string): string {
  return number === 1 ? `1 ${word}` : `${number} ${word}s`;
}

function platformLines(
  platforms: readonly InspectedPlatform[],
  options: RenderOptions,
  style: Style,
  now: Date,
): readonly string[] {
  if (platforms.length === 0) return ["It has no images."];
  const rows = platforms.map(({ platform, digest, size, created, layers, error }) => [
    platform === null ? style.symbols.none : escapeControl(platform),
    renderBytes(size, style),
    error === undefined ? String(layers.length) : style.symbols.none,
    renderAge(created, now, style),
    shortDigest(digest),
  ]);
  const header = ["PLATFORM", "SIZE", "LAYERS", "CREATED", "DIGEST"];
  return [
    ...renderTable({ header, rows, shrink: 0 }, options),
    ...platforms.flatMap(({ platform, error }) =>
      error === undefined
        ? []
        : renderSentence(
            `${style.symbols.failed} `,
            `${platform ?? "one of them"}: ${error.message}`,
            options,
            style.red,
          ),
    ),
  ];
}

function detailLines(
  shown: InspectedPlatform,
  { kind, digest: whole }: InspectOutcome,
  options: RenderOptions,
  style: Style,
  now: Date,
): readonly string[] {
  const { platform, digest, size, created, config, layers } = shown;
  const title = platform === null ? "" : escapeControl(platform);
  const made =
    created === null ? [] : [`${created.replace(".000Z", "Z")} (${renderAge(created, now, style)})`];
  const bytes = size === null ? [] : [`${renderBytes(size, style)} in ${count(layers.length, "layer")}`];
  return [
    ...(title === "" ? [] : [style.bold(title)]),
    ...field("digest", kind === "index" && digest !== whole ? [digest] : [], options),
    ...field("created", made, options),
    ...field("size", bytes, options),
    ...(config === null ? [] : configLines(config, options)),
    ...layerLines(shown, options, style),
  ];
}

function referrerLines(
  referrers: readonly InspectedReferrer[] | null,
  options: RenderOptions,
  style: Style,
): readonly string[] {
  if (referrers === null) return ["", "The registry does not tell what refers to it."];
  if (referrers.length === 0) return [];
  const rows = referrers.map(({ artifactType, digest, size }) => [
    escapeControl(artifactType ?? style.symbols.none),
    renderBytes(size, style),
    shortDigest(digest),
  ]);
  return ["", ...renderTable({ header: ["REFERRER", "SIZE", "DIGEST"], rows, shrink: 0 }, options)];
}
