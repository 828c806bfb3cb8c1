import { escapeControl } from "./style.ts";
import { wrap } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

/** A sentence behind a mark, broken between words and continued under its first one. `lead` takes no colour. */
export function renderSentence(
  lead: string,
  text: string,
  options: Pick<RenderOptions, "columns">,
  paint: (lead: string) => string = (same) => same,
): readonly string[] {
  const under = " ".repeat(lead.length);
  return wrap(escapeControl(text), options.columns - lead.length).map((line, index) =>
    index === 0 ? paint(lead) + line : under + line,
  );
}
