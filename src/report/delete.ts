/** The outcome of `delete` as lines. */
import type { DeletedItem, DeleteOutcome, DeleteWay } from "../browse/delete-outcome.ts";
import { renderSentence } from "./sentence.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

const ways: Readonly<Record<DeleteWay, string>> = {
  "by-tag": "by the tag's name",
  "dummy-manifest": "by a placeholder, since the registry deletes by digest alone",
  "by-digest": "by its digest",
};

export function renderDelete(outcome: DeleteOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  const lines = outcome.items.flatMap((item) =>
    item.error === undefined ? renderItem(item, outcome, options, style) : renderFailure(item, style),
  );
  return outcome.dryRun ? lines : [...lines, ...renderSpace(outcome.items, options, style)];
}

function renderItem(
  item: DeletedItem,
  { dryRun }: DeleteOutcome,
  options: RenderOptions,
  style: Style,
): readonly string[] {
  const { reference, deleted, digest, alsoTagged, way, notes } = item;
  const what = `${deleted} ${escapeControl(reference)}`;
  const held = escapeControl(digest ?? "");
  const head = dryRun
    ? `${style.cyan(style.symbols.arrow)} Would delete the ${what} (${held})${way === null ? "" : `, ${ways[way]}`}.`
    : `${style.green(style.symbols.ok)} Deleted the ${what} (${deleted === "tag" ? "it was " : ""}${held}).`;
  const others = alsoTagged.join(", ");
  const also = deleted === "tag" ? `The same image stays as ${others}` : `With it ${goes(dryRun)} ${others}`;
  return [
    head,
    ...(alsoTagged.length === 0 ? [] : renderSentence("  ", `${also}.`, options)),
    ...notes.flatMap((note) => renderSentence("  ", `${note}.`, options)),
  ];
}

function goes(dryRun: boolean): string {
  return dryRun ? "would go" : "went";
}

function renderFailure({ reference, error }: DeletedItem, style: Style): readonly string[] {
  const remedies = (error?.remedies ?? []).map(
    (text) => `  ${style.cyan(style.symbols.arrow)} ${escapeControl(text)}`,
  );
  const message = (error?.message ?? "").split("\n").map(escapeControl).join("\n  ");
  const lines = `${style.red(style.symbols.failed)} ${escapeControl(reference)}: ${message}`.split("\n");
  return [...lines, ...remedies];
}

/** What each kind of server wants to be told; nothing of it is done from here. An image with other tags stays. */
function renderSpace(items: readonly DeletedItem[], options: RenderOptions, style: Style): readonly string[] {
  const manifests = items.some(({ deleted }) => deleted === "manifest");
  const tags = items.some(({ deleted, alsoTagged }) => deleted === "tag" && alsoTagged.length === 0);
  if (!manifests && !tags) return [];
  const untagged = tags ? "-m " : "";
  return [
    ...renderSentence("", "The space comes back when the registry collects its garbage:", options),
    style.dim(`  registry:2  registry garbage-collect ${untagged}/etc/docker/registry/config.yml`),
    style.dim(`  registry:3  registry garbage-collect ${untagged}/etc/distribution/config.yml`),
    style.dim(`  regctl      regctl serve gc${tags ? " --untagged" : ""}`),
    ...renderSentence(
      "",
      "None of them does it by itself. regctl's own does it while it serves, on its machine.",
      options,
    ),
    ...(tags
      ? renderSentence(
          `${style.symbols.warning} `,
          "On registry:2, -m also removes the parts of multi-platform images that stay. Where there are any, leave it out, and delete with --digest instead.",
          options,
          style.yellow,
        )
      : []),
  ];
}
