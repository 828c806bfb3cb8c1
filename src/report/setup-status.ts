/** The outcome of `setup status` as lines. */
import type { HostStatus, StatusOutcome } from "../platform/host-status.ts";
import { engineTitle } from "./engine-title.ts";
import { renderSentence } from "./sentence.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import { renderTable } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderStatus(outcome: StatusOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  return outcome.hosts.flatMap((host, index) => [
    ...(index > 0 ? [""] : []),
    ...(host.error ? renderFailure(host, style) : renderHost(host, style, options)),
  ]);
}

function renderFailure(host: HostStatus, style: Style): readonly string[] {
  const remedies = (host.error?.remedies ?? []).map(
    (text) => `  ${style.cyan(style.symbols.arrow)} ${escapeControl(text)}`,
  );
  return [
    `${style.red(style.symbols.failed)} ${escapeControl(host.host)}: ${escapeControl(host.error?.message ?? "")}`,
    ...remedies,
  ];
}

function renderHost(host: HostStatus, style: Style, options: RenderOptions): readonly string[] {
  const name = style.bold(escapeControl(host.host));
  const engine = `${engineTitle(host.engineKind)} ${host.engine?.version ?? "(version unknown)"}, ${host.platform ?? "unknown platform"}`;
  const lines = [`${name}: ${host.engine || host.platform ? escapeControl(engine) : "no docker engine"}`];
  if (host.path) lines.push(`  the list lives in ${escapeControl(host.path)}${ownerWords(host)}`);
  const mark = `  ${style.symbols.warning} `;
  if (host.problem) lines.push(...renderSentence(mark, host.problem, options, style.yellow));
  if (host.restartStops !== null)
    lines.push(`  a restart of the engine would stop ${stopped(host.restartStops)}`);
  const rows = host.registries.map(({ registry, configured, effective }) => [
    `  ${escapeControl(registry)}`,
    yesOrNo(configured),
    yesOrNo(effective),
  ]);
  if (rows.length === 0 && (host.restartStops !== null || (host.engineKind ?? "docker") !== "docker"))
    lines.push("  no registry is listed");
  const listed = renderTable(
    { header: ["  REGISTRY", "IN THE FILE", "IN THE ENGINE"], rows, shrink: 0 },
    options,
  );
  return [
    ...lines,
    ...(rows.length === 0 ? [] : listed),
    ...host.trusted.flatMap((each) => trustLines(each, style)),
    ...host.mirrors.map((mirror) => mirrorLine(mirror)),
  ];
}

function trustLines(
  { registry, files, client }: HostStatus["trusted"][number],
  style: Style,
): readonly string[] {
  const name = escapeControl(registry);
  const lines = files.flatMap(({ path, certificates }) =>
    certificates.length === 0
      ? [`    ${style.yellow(style.symbols.warning)} ${escapeControl(path)} holds no certificate in PEM form`]
      : certificates.map(
          ({ subject, notAfter, fingerprint }) =>
            `    ${escapeControl(`${subject}, valid to ${notAfter}, ${fingerprint}`)}`,
        ),
  );
  const shows = client ? " and shows it a certificate of its own" : "";
  return files.length === 0 && !client ? [] : [`  trusts for ${name}${shows}:`, ...lines];
}

function mirrorLine({ url, configured, effective }: HostStatus["mirrors"][number]): string {
  const where = effective === configured ? "" : effective ? " (not in the file)" : " (not in the engine yet)";
  return `  asks the mirror ${escapeControl(url)}${where}`;
}

function yesOrNo(fact: boolean | null): string {
  if (fact === null) return "unknown";
  return fact ? "yes" : "no";
}

function stopped(count: number): string {
  if (count === 0) return "no container";
  return count === 1 ? "1 container" : `${count} containers`;
}

function ownerWords(host: HostStatus): string {
  if (host.owner === "flags") return " (flags of the daemon)";
  return host.owner === "none" ? " (once there is one)" : "";
}
