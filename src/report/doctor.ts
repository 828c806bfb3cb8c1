/** The outcome of `doctor` as lines: the list of checks, and at the end what to type. */
import type { ExplainOutcome } from "../doctor/explain-message.ts";
import type { CauseOutcome, CheckOutcome, DoctorOutcome } from "../doctor/outcome.ts";
import { renderSentence } from "./sentence.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderDoctor(outcome: DoctorOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  const { checks, cause, fixed = [] } = outcome;
  const hosts = [...new Set(checks.map(({ host }) => host))];
  const lines = hosts.flatMap((host) => [
    ...(hosts.length > 1 ? [style.bold(escapeControl(host))] : []),
    ...renderHost(
      checks.filter((check) => check.host === host),
      style,
      options,
    ),
  ]);
  const done = fixed.flatMap((line) =>
    renderSentence(`${style.symbols.ok} `, `Done: ${line}`, options, style.green),
  );
  if (cause !== null) return [...lines, "", ...done, ...renderCause(cause, style, options)];
  const warnings = checks.filter(({ status }) => status === "warning").length;
  const end = warnings === 0 ? "Nothing is wrong." : `Nothing failed; warnings: ${warnings}.`;
  return [...lines, "", ...done, ...renderSentence(`${style.symbols.ok} `, end, options, style.green)];
}

/** What was not reached comes to one line. */
function renderHost(
  checks: readonly CheckOutcome[],
  style: Style,
  options: RenderOptions,
): readonly string[] {
  const reached = checks.filter(({ hangsOn }) => hangsOn === undefined);
  const others = checks.filter(({ hangsOn }) => hangsOn !== undefined).map(({ id }) => id);
  const text = `not reached: ${others.join(", ")}`;
  return [
    ...reached.flatMap((check) => renderCheck(check, style, options)),
    ...(others.length === 0 ? [] : renderSentence(`${style.symbols.none} `, text, options, style.dim)),
  ];
}

function renderCheck(check: CheckOutcome, style: Style, options: RenderOptions): readonly string[] {
  const { symbols } = style;
  const marks = {
    ok: [symbols.ok, style.green],
    warning: [symbols.warning, style.yellow],
    failed: [symbols.failed, style.red],
    skipped: [symbols.none, style.dim],
  } as const;
  const [symbol, paint] = marks[check.status];
  const text = `${check.id}: ${check.message}`;
  const remedies = check.status === "warning" ? (check.remedies ?? []) : [];
  return [
    ...renderSentence(`${symbol} `, text, options, paint),
    ...remedies.map((line) => renderRemedy(line, style)),
  ];
}

function renderCause(cause: CauseOutcome, style: Style, options: RenderOptions): readonly string[] {
  return [
    ...renderSentence(`${style.symbols.failed} `, `Most probably: ${cause.message}`, options, style.red),
    ...cause.remedies.map((line) => renderRemedy(line, style)),
  ];
}

/** Not broken, so that it can be copied. */
function renderRemedy(line: string, style: Style): string {
  return `  ${style.cyan(style.symbols.arrow)} ${escapeControl(line)}`;
}

export function renderExplained(outcome: ExplainOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  if (outcome.explained.length === 0) {
    const text = "This text is not known: nothing is guessed about it.";
    return [
      ...renderSentence(`${style.symbols.warning} `, text, options, style.yellow),
      renderRemedy("regctl doctor HOST[:PORT]", style),
    ];
  }
  return outcome.explained.flatMap(({ who, quoted, message, remedies }, index) => [
    ...(index === 0 ? [] : ["", "Or:"]),
    ...renderSentence("  ", `${who}: ${quoted}`, options, style.dim),
    ...renderSentence(`${style.symbols.bullet} `, message, options),
    ...remedies.map((line) => renderRemedy(line, style)),
  ]);
}
