/** The outcome of `setup status` as lines. */
import type { HostStatus, StatusOutcome } from "../platform/setup-status.ts";
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
  const version = host.engine?.version ?? "(version unknown)";
  const lines = [
    `${style.bold(escapeControl(host.host))}: Docker ${escapeControl(version)}, ${host.platform ?? "unknown platform"}`,
  ];
  if (host.path) lines.push(`  the list lives in ${escapeControl(host.path)}${ownerWords(host)}`);
  if (host.problem) lines.push(`  ${style.yellow(style.symbols.warning)} ${escapeControl(host.problem)}`);
  if (host.restartStops !== null)
    lines.push(`  a restart of the engine would stop ${stopped(host.restartStops)}`);
  const rows = host.registries.map(({ registry, configured, effective }) => [
    `  ${escapeControl(registry)}`,
    configured ? "yes" : "no",
    effective === null ? "unknown" : effective ? "yes" : "no",
  ]);
  if (rows.length === 0) return host.restartStops === null ? lines : [...lines, "  no registry is listed"];
  return [
    ...lines,
    ...renderTable({ header: ["  REGISTRY", "IN THE FILE", "IN THE ENGINE"], rows, shrink: 0 }, options),
  ];
}

function stopped(count: number): string {
  if (count === 0) return "no container";
  return count === 1 ? "1 container" : `${count} containers`;
}

function ownerWords(host: HostStatus): string {
  if (host.owner === "flags") return " (flags of the daemon)";
  return host.owner === "none" ? " (once there is one)" : "";
}
