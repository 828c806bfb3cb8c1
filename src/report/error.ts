/** A failure as lines for a person: what happened, what to type next, and with `--verbose` what caused it. */
import type { Explanation } from "../explain/errors.ts";
import { asTyped } from "./own-commands.ts";
import { createStyle, escapeControl } from "./style.ts";
import { wrap } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

function* causesOf(error: unknown): Generator<unknown> {
  const seen = new Set<unknown>();
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && !seen.has(cause)) {
    seen.add(cause);
    yield cause;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
}

function renderCause(cause: unknown): readonly string[] {
  const text = cause instanceof Error ? (cause.stack ?? String(cause)) : String(cause);
  return text.split("\n").map((line, index) => `${index === 0 ? "cause: " : ""}${escapeControl(line)}`);
}

/** Remedies are not wrapped, so that they can be copied. `error` is what was thrown, shown only when verbose. */
export function renderError(
  explanation: Explanation,
  options: RenderOptions & { readonly verbose: boolean; readonly error: unknown },
): readonly string[] {
  const style = createStyle(options);
  const [first = "", ...rest] = asTyped(explanation.message, options).split("\n").map(escapeControl);
  const mark = style.symbols.failed;
  const head = wrap(first, options.columns - mark.length - 1);
  const lines = head.map(
    (line, index) => `${index === 0 ? style.red(mark) : " ".repeat(mark.length)} ${line}`,
  );
  lines.push(...rest.map((line) => `  ${line}`));
  lines.push(
    ...explanation.remedies.map(
      (remedy) => `  ${style.cyan(style.symbols.arrow)} ${escapeControl(asTyped(remedy, options))}`,
    ),
  );
  if (options.verbose) {
    const own = explanation.code === "INTERNAL" ? [] : [`code: ${explanation.code}`];
    const causes = [...causesOf(options.error)].flatMap(renderCause);
    lines.push(...[...own, ...causes].map((line) => style.dim(`  ${line}`)));
  }
  return lines;
}
