/** How a tunnel does, in a few words that fit a live line or a cell. */
import type { ProgressEvent } from "../ports.ts";
import { renderSize } from "./amounts.ts";
import { escapeControl } from "./style.ts";

type TunnelEvent = Extract<ProgressEvent, { event: "tunnel" }>;

const states: Readonly<Record<string, string>> = {
  connecting: "connecting",
  up: "up",
  reconnecting: "reconnecting",
  "waiting-for-old-listener": "waiting for its old listener",
  failed: "failed",
};

export function stateWords(state: string): string {
  return states[state] ?? state;
}

type Traffic = Pick<TunnelEvent, "bytesUp" | "bytesDown">;

export function renderTraffic({ bytesUp, bytesDown }: Traffic): string {
  return `${renderSize(bytesUp)} up, ${renderSize(bytesDown)} down`;
}

/** For a live line: what fits, the most important first. */
export function renderTunnelLine(event: TunnelEvent, columns: number): string {
  const { state, since, reconnects, problem } = event;
  const parts = [
    state === "up" ? `up since ${since.slice(11, 19)}Z` : stateWords(state),
    ...(problem === null || state === "up" ? [] : [escapeControl(problem)]),
    renderTraffic(event),
    ...(reconnects === 0 ? [] : [`${reconnects} ${reconnects === 1 ? "reconnect" : "reconnects"}`]),
  ];
  while (parts.length > 1 && parts.join(", ").length > columns) parts.pop();
  return parts.join(", ");
}

/** For a line that stays. */
export function renderTunnelChange({ state, problem, reconnects }: TunnelEvent): string {
  const again = state === "up" && reconnects > 0 ? " again" : "";
  return `the tunnel is ${stateWords(state)}${again}${problem === null ? "" : `: ${problem}`}`;
}
