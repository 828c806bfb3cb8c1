/** The log of requests that a running server writes: one line each, for people or for programs. */
import type { Exchange, ServerNotice } from "../server/listener.ts";
import { renderSize } from "./amounts.ts";
import { createStyle, escapeControl, guardJson, type Style } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export type LogFormat = "human" | "json" | "off";

/** Asked by machines every few seconds: nobody reads that. */
const quiet = new Set(["/healthz", "/readyz", "/metrics"]);

/** Lines with their newline, or nothing. */
export function createNoticeRenderer(
  format: LogFormat,
  options: RenderOptions,
  now: () => Date,
): (notice: ServerNotice) => string {
  const style = createStyle(options);
  switch (format) {
    case "off":
      return () => "";
    case "json":
      return (notice) => `${guardJson(JSON.stringify(jsonOf(notice, now())))}\n`;
    case "human":
      return (notice) => humanOf(notice, now(), style);
  }
}

function jsonOf(notice: ServerNotice, time: Date): object {
  const at = { time: time.toISOString() };
  if (notice.kind === "problem")
    return { event: "problem", ...at, what: notice.what, message: messageOf(notice.error) };
  const { ms, ...exchange } = notice.exchange;
  return { event: "request", ...at, ...exchange, ms: Math.round(ms * 10) / 10 };
}

function humanOf(notice: ServerNotice, time: Date, style: Style): string {
  const at = style.dim(time.toISOString().slice(11, 19));
  if (notice.kind === "problem") {
    const text = `${escapeControl(notice.what)}: ${escapeControl(messageOf(notice.error))}`;
    return `${at} ${style.red(`${style.symbols.failed} ${text}`)}\n`;
  }
  return quiet.has(notice.exchange.target) ? "" : `${at} ${lineOf(notice.exchange, style)}\n`;
}

function lineOf(exchange: Exchange, style: Style): string {
  const { method, target, status, remote, user, userAgent, bytesIn, bytesOut, ms, end } = exchange;
  const paint = status >= 500 ? style.red : status >= 400 ? style.yellow : style.green;
  const size = bytesIn > 0 ? `${renderSize(bytesIn)} in` : renderSize(bytesOut);
  const who = [
    remote,
    ...(user === null ? [] : [user]),
    ...(userAgent === null ? [] : [productOf(userAgent)]),
  ];
  const mark = end === "sent" ? "" : ` ${style.yellow(end)}`;
  const told = `${method} ${target}`;
  return `${paint(String(status))} ${escapeControl(told)} ${style.dim(escapeControl(`${size}, ${Math.round(ms)} ms, ${who.join(" ")}`))}${mark}`;
}

/** `docker/20.10.24 go/go1.19 …` is known by its first word. */
function productOf(userAgent: string): string {
  return userAgent.split(" ")[0]?.slice(0, 40) ?? "";
}

/** With its causes: a fault of ours is looked for in the log. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${messageOf(error.cause)}`;
}
