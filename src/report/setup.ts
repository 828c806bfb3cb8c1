/** Outcomes of the setup commands that change something, as lines. */
import { quoteLine } from "../explain/quote.ts";
import type { HostOutcome, SetupOutcome } from "../platform/outcome.ts";
import { engineTitle } from "./engine-title.ts";
import { renderSentence } from "./sentence.ts";
import { renderStep } from "./setup-step.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import { renderTable } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

type Words = {
  /** What the run did to a host, as the end of a sentence that begins with its name. */
  done(outcome: SetupOutcome, host: HostOutcome): string;
  short: string;
  /** How to take it back is said. */
  undoable: boolean;
};

const insecureWords: Words = {
  done: ({ registry }) => `talks to ${registry} without a verified certificate`,
  short: "set up",
  undoable: true,
};

const trustWords: Words = {
  done: ({ registry }) => `trusts the certificate of ${registry}`,
  short: "trusts it",
  undoable: true,
};

const mirrorWords: Words = {
  done: ({ registry, mirror }) =>
    `asks ${mirror?.url ?? registry} before ${mirror?.upstream ?? "Docker Hub"}`,
  short: "asks it",
  undoable: true,
};

const undoWords: Words = {
  done: ({ registry }) =>
    registry === "" ? "is as it was before the last change" : `no longer lists ${registry}`,
  short: "undone",
  undoable: false,
};

export function renderSetup(outcome: SetupOutcome, options: RenderOptions): readonly string[] {
  return render(outcome, options, insecureWords);
}

export function renderTrust(outcome: SetupOutcome, options: RenderOptions): readonly string[] {
  return render(outcome, options, trustWords);
}

export function renderMirror(outcome: SetupOutcome, options: RenderOptions): readonly string[] {
  return render(outcome, options, mirrorWords);
}

export function renderUndo(outcome: SetupOutcome, options: RenderOptions): readonly string[] {
  return render(outcome, options, undoWords);
}

function render(outcome: SetupOutcome, options: RenderOptions, words: Words): readonly string[] {
  const style = createStyle(options);
  const printed = outcome.hosts.some((host) => host.paste !== undefined);
  if (printed) return outcome.hosts.flatMap((host) => renderPaste(host, outcome.hosts.length > 1));
  if (outcome.dryRun)
    return [...outcome.hosts.flatMap((host) => renderPlan(host, style, options)), "Nothing was changed."];
  const [only] = outcome.hosts;
  const lines =
    outcome.hosts.length === 1 && only
      ? renderHost(outcome, only, style, options, words)
      : renderHosts(outcome, style, options, words);
  const fallback = outcome.defaultRegistry;
  return fallback === undefined ? lines : [...lines, `${fallback} is now your default registry.`];
}

function renderPaste(host: HostOutcome, several: boolean): readonly string[] {
  const head = several ? [`# on ${escapeControl(host.host)}`] : [];
  if (host.error) return [...head, `# ${escapeControl(host.error.message)}`];
  const lines = host.paste ?? [];
  return [...head, ...(lines.length === 0 ? [`# nothing to do: ${nothingWords(host)}`] : lines)];
}

function nothingWords(host: HostOutcome): string {
  const detail = escapeControl(host.detail ?? "");
  switch (host.nothing) {
    case "already":
      return `the engine already lists ${detail}`;
    case "covered":
      return `the engine's entry ${detail} covers it already`;
    case "loopback":
      return `engines talk to ${detail} without a certificate by themselves`;
    case "trusted":
      return `the engine trusts the certificate of ${detail} already`;
    case "not-ours":
      return `${detail} is listed there, but not by regctl: it stays`;
    default:
      return detail === "" ? "there is no change of regctl to take back" : `${detail} is not listed`;
  }
}

function engineOf(host: HostOutcome): string {
  const version = escapeControl(host.engine?.version ?? "(unknown version)");
  return `${engineTitle(host.engineKind)} ${version}, ${host.platform ?? "unknown platform"}`;
}

function renderPlan(host: HostOutcome, style: Style, options: RenderOptions): readonly string[] {
  const name = style.bold(escapeControl(host.host));
  if (host.error) return [`${name}: ${escapeControl(host.error.message)}`, ...remediesOf(host, style), ""];
  if (host.nothing !== null) return [`${name}: nothing to do: ${nothingWords(host)}`, ""];
  const certificates = certificateLines(host, style);
  const evidence = host.evidence.map((line) => `  ${style.dim(escapeControl(line))}`);
  const mark = `  ${style.symbols.warning} `;
  const notes = host.notes.flatMap((note) => renderSentence(mark, note, options, style.yellow));
  const steps = host.steps.flatMap((step, index) => {
    const lead = `  ${index + 1}. `;
    // A command stays in one piece, so that it can be copied.
    return "command" in step ? [lead + renderStep(step)] : renderSentence(lead, renderStep(step), options);
  });
  const diff =
    host.diff === ""
      ? []
      : [
          "",
          ...host.diff
            .trimEnd()
            .split("\n")
            .map((line) => paintDiff(line, style)),
        ];
  return [`${name}: ${engineOf(host)}`, ...evidence, ...certificates, ...notes, ...steps, ...diff, ""];
}

function certificateLines({ certificates = [] }: HostOutcome, style: Style): readonly string[] {
  return certificates.flatMap(({ subject, names, notBefore, notAfter, fingerprint }) =>
    [
      `certificate ${subject}${names.length === 0 ? "" : ` (${names.join(", ")})`}`,
      `  valid ${notBefore} to ${notAfter}`,
      `  ${fingerprint}`,
    ].map((line) => `  ${style.dim(escapeControl(line))}`),
  );
}

function paintDiff(line: string, style: Style): string {
  const text = escapeControl(line);
  if (line.startsWith("+") && !line.startsWith("+++")) return style.green(text);
  if (line.startsWith("-") && !line.startsWith("---")) return style.red(text);
  return text;
}

function howOf(host: HostOutcome): string {
  if (host.applied === "restart") {
    const stopped = host.steps.some((step) => step.kind === "restart" && step.stops > 0);
    return stopped ? "engine restarted" : "engine restarted, containers kept running";
  }
  return host.applied === "reload" ? "engine reloaded, containers untouched" : "no reload needed";
}

function renderHost(
  outcome: SetupOutcome,
  host: HostOutcome,
  style: Style,
  options: RenderOptions,
  words: Words,
): readonly string[] {
  const done = (text: string) =>
    renderSentence(`${style.symbols.ok} `, `${host.host}${text}.`, options, style.green);
  if (!host.changed) return done(`: nothing to do: ${nothingWords(host)}`);
  const how = `${engineOf(host)}; ${host.path ?? ""}; ${howOf(host)}.`;
  const lines = [...done(` ${words.done(outcome, host)}`), ...renderSentence("  ", how, options)];
  const mark = `  ${style.symbols.warning} `;
  lines.push(...host.warnings.flatMap((warning) => renderSentence(mark, warning, options, style.yellow)));
  if (host.backup) lines.push(`  ${style.dim(`The file as it was: ${escapeControl(host.backup)}`)}`);
  if (words.undoable) lines.push(`  To take it back: ${undoLine(outcome, host)}`);
  return lines;
}

function undoLine(outcome: SetupOutcome, host: HostOutcome): string {
  const on = host.host === "localhost" ? [] : ["--on", host.host];
  return escapeControl(quoteLine(["regctl", "setup", "undo", outcome.registry, ...on]));
}

function renderHosts(
  outcome: SetupOutcome,
  style: Style,
  options: RenderOptions,
  words: Words,
): readonly string[] {
  const rows = outcome.hosts.map((host) => [
    escapeControl(host.host),
    host.error ? "failed" : host.changed ? words.short : (host.nothing ?? ""),
    escapeControl(`${host.engine?.version ?? ""} ${host.platform ?? ""}`.trim()),
    host.error ? "" : host.changed ? howOf(host) : "",
  ]);
  const paint = (cell: string, row: number, column: number) =>
    column !== 1 ? cell : outcome.hosts[row]?.error ? style.red(cell) : style.green(cell);
  const table = renderTable({ header: ["HOST", "RESULT", "ENGINE", "HOW"], rows, paint }, options);
  const failed = outcome.hosts.filter((host) => host.error);
  const warned = outcome.hosts.flatMap((host) =>
    host.warnings.flatMap((warning) =>
      renderSentence(`${style.symbols.warning} `, `${host.host}: ${warning}`, options, style.yellow),
    ),
  );
  const details = failed.flatMap((host) => [
    ...renderSentence(
      `${style.symbols.failed} `,
      `${host.host}: ${host.error?.message ?? ""}`,
      options,
      style.red,
    ),
    ...remediesOf(host, style),
  ]);
  return [...table, ...warned, ...details];
}

function remediesOf(host: HostOutcome, style: Style): readonly string[] {
  return (host.error?.remedies ?? []).map(
    (remedy) => `  ${style.cyan(style.symbols.arrow)} ${escapeControl(remedy)}`,
  );
}
