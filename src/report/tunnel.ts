/** Tunnels as lines: one that is up with what to type next, or a list of them. */
import { quoteLine } from "../explain/quote.ts";
import type { TunnelItem, TunnelOutcome } from "../tunnel/tunnel-outcome.ts";
import { renderAgo } from "./amounts.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import { renderTable } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";
import { renderEngine, renderPush } from "./tunnel-engine.ts";
import { renderTraffic, stateWords } from "./tunnel-words.ts";

/** One that has just been started. */
export function renderTunnel({ items }: TunnelOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  return items.flatMap((item) => {
    const registry = item.registry ?? "";
    const next = [
      `regctl publish IMAGE ${registry}/NAME:TAG`,
      ...renderPush(item.engine),
      `regctl search ${registry}/`,
    ];
    return [
      `${style.green(style.symbols.ok)} The registry of ${escapeControl(item.server)} is ${style.bold(escapeControl(registry))} here (pid ${item.pid}).`,
      `  it is at: ${escapeControl(item.to)} there, ${escapeControl(item.local ?? "")} here`,
      ...item.forwards.map(({ from, to }) => `  also: ${escapeControl(from)} leads to ${escapeControl(to)}`),
      ...renderEngine(item.engine, options),
      "  next:",
      ...next.map((line) => `    ${style.cyan(line)}`),
      ...(item.startedBy === "terminal"
        ? []
        : [
            "  end it:",
            `    ${style.cyan(escapeControl(quoteLine(["regctl", "tunnel", "stop", item.name])))}`,
          ]),
    ];
  });
}

/** The columns that narrow screens do without are on lines of their own. */
const narrow = 100;

export function renderTunnels(
  { items }: TunnelOutcome,
  options: RenderOptions,
  now: Date,
): readonly string[] {
  if (items.length === 0) return ["No tunnel runs. Start one: regctl tunnel USER@SERVER"];
  const style = createStyle(options);
  const wide = options.columns >= narrow;
  const header = ["NAME", "REGISTRY", "STATE", "SINCE", ...(wide ? ["TRAFFIC", "BY"] : [])];
  const rows = items.map((item) => [
    escapeControl(item.name),
    escapeControl(item.registry ?? style.symbols.none),
    shortState(item),
    item.hanging === true ? style.symbols.none : renderAgo(new Date(item.since), now),
    ...(wide
      ? [shortTraffic(item), item.hanging === true ? `pid ${item.pid}` : `${item.startedBy} ${item.pid}`]
      : []),
  ]);
  const paint = (cell: string, row: number, column: number): string =>
    column === 2 ? paintState(cell, items[row], style) : cell;
  return [
    ...renderTable({ header, rows, paint, shrink: 0 }, options),
    ...items.flatMap((item) => detailLines(item, wide)),
  ];
}

const shortStates: Readonly<Record<string, string>> = { "waiting-for-old-listener": "waiting" };

function shortState({ state, healthy, hanging }: TunnelItem): string {
  if (hanging === true) return "hangs";
  return state === "up" && !healthy ? "no answer" : (shortStates[state] ?? stateWords(state));
}

function shortTraffic({ bytesUp, bytesDown }: TunnelItem): string {
  return renderTraffic({ bytesUp, bytesDown })
    .replaceAll(/ up| down/g, "")
    .replace(", ", " / ");
}

function paintState(cell: string, item: TunnelItem | undefined, style: Style): string {
  if (item === undefined) return cell;
  if (item.state === "up") return item.healthy ? style.green(cell) : style.red(cell);
  return item.state === "failed" ? style.red(cell) : style.yellow(cell);
}

function detailLines(item: TunnelItem, wide: boolean): readonly string[] {
  const { problem, reconnects } = item;
  const lines = [
    ...(wide || item.hanging === true
      ? []
      : [`${renderTraffic(item)}; by ${item.startedBy} (pid ${item.pid})`]),
    ...(reconnects === 0 ? [] : [`${reconnects} ${reconnects === 1 ? "reconnect" : "reconnects"}`]),
    ...(problem === null ? [] : [problem]),
    ...item.forwards.map(({ from, to }) => `also ${from} to ${to}`),
  ];
  return lines.map((line) => `  ${escapeControl(`${item.name}: ${line}`)}`);
}

export function renderStoppedTunnels({ items }: TunnelOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  return items.flatMap((item) => [
    `${style.green(style.symbols.ok)} The tunnel ${escapeControl(item.name)} has stopped (${renderTraffic(item)}).`,
    ...(item.startedBy === "service"
      ? [
          `  until the next login: to end its service, ${quoteLine(["regctl", "tunnel", "stop", "--service", item.name])}`,
        ]
      : []),
  ]);
}
