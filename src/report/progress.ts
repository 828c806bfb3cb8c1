/** The story on standard error while a command runs. One small teller for each value of `--progress`. */
import type { ProgressMode } from "../flags.ts";
import type { Emit, ProgressEvent } from "../ports.ts";
import { createRates, renderAmount, renderBar, renderPace } from "./byte-progress.ts";
import { createLiveLines } from "./live-lines.ts";
import { asTyped } from "./own-commands.ts";
import { createStyle, escapeControl, guardJson, type Style } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";
import { renderTunnelChange, renderTunnelLine } from "./tunnel-words.ts";

/** Where the story goes. `rows` limits how many live lines are drawn. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly rows?: number | undefined;
}

export interface Teller {
  readonly emit: Emit;
  /** Takes the live lines off the screen while `ask` talks to the person. */
  aside<T>(ask: () => Promise<T>): Promise<T>;
  /** Takes them off for good. Idempotent. */
  close(): void;
}

export interface TellerOptions extends RenderOptions {
  readonly mode: ProgressMode;
  readonly verbose: boolean;
  /** Milliseconds on any clock that only goes forward. */
  readonly now: () => number;
}

const secondsBetweenSteps = 10;

/** One event as one line without its newline. */
function renderEvent(event: ProgressEvent, style: Style, options: RenderOptions): string {
  const where = "host" in event && event.host !== undefined ? `${escapeControl(event.host)}: ` : "";
  switch (event.event) {
    case "step":
      return `${style.dim(style.symbols.working)} ${where}${escapeControl(event.step)}`;
    case "note":
      return `${style.cyan(style.symbols.bullet)} ${where}${escapeControl(asTyped(event.note, options))}`;
    case "warning":
      return `${style.yellow(style.symbols.warning)} ${where}${escapeControl(asTyped(event.warning, options))}`;
    case "trace":
      return style.dim(`${where}${escapeControl(event.trace)}`);
    case "bytes":
      return `${style.dim(style.symbols.working)} ${where}${escapeControl(event.what)}: ${renderAmount(event)}`;
    case "tunnel":
      return `${event.state === "up" ? style.green(style.symbols.ok) : style.yellow(style.symbols.warning)} ${where}${escapeControl(renderTunnelChange(event))}`;
    case "host-done":
      return event.ok
        ? `${style.green(style.symbols.ok)} ${where}done`
        : `${style.red(style.symbols.failed)} ${where}failed`;
  }
}

/** Decides which steps are told where every line stays: each host's once in ten seconds, and none of a short run. */
function createThrottle(now: () => number): (host: string) => boolean {
  const told = new Map<string, number>();
  return (host) => {
    const before = told.get(host);
    if (before !== undefined && now() - before < secondsBetweenSteps * 1000) return false;
    told.set(host, now());
    return before !== undefined;
  };
}

function createPlainTeller(screen: Screen, options: TellerOptions): Teller {
  const style = createStyle(options);
  const due = createThrottle(options.now);
  const rates = createRates(options.now);
  return {
    emit: (event) => {
      if (event.event === "trace" && !options.verbose) return;
      if (event.event === "tunnel" && !event.changed) return;
      if (event.event === "step" && !options.verbose && !due(event.host)) return;
      if (event.event === "bytes") {
        const rate = rates.note(event);
        if (due(event.host))
          screen.write(`${renderEvent(event, style, options)}${renderPace(event, rate)}\n`);
        return;
      }
      screen.write(`${renderEvent(event, style, options)}\n`);
    },
    aside: (ask) => ask(),
    close: () => {},
  };
}

function createJsonTeller(screen: Screen, { verbose }: TellerOptions): Teller {
  return {
    emit: (event) => {
      if (event.event === "trace" && !verbose) return;
      screen.write(`${guardJson(JSON.stringify(event))}\n`);
    },
    aside: (ask) => ask(),
    close: () => {},
  };
}

function createLiveTeller(screen: Screen, options: TellerOptions): Teller {
  const style = createStyle(options);
  const lines = createLiveLines(screen, options);
  const rates = createRates(options.now);
  return {
    emit: (event) => {
      if (event.event === "bytes") {
        const rate = rates.note(event);
        lines.show(event.host, (columns) => renderBar(event, rate, { columns, unicode: options.unicode }));
      }
      if (event.event === "note" || event.event === "warning") lines.say(renderEvent(event, style, options));
      else if ((event.event === "step" || event.event === "trace") && options.verbose)
        lines.say(renderEvent(event, style, options));
      if (event.event === "step") lines.show(event.host, event.step);
      if (event.event === "tunnel") lines.show(event.host, (columns) => renderTunnelLine(event, columns));
      if (event.event === "host-done") lines.finish(event.host, event.ok);
    },
    aside: (ask) => lines.aside(ask),
    close: () => lines.close(),
  };
}

export function createTeller(screen: Screen, options: TellerOptions): Teller {
  const live = options.mode === "tty" || (options.mode === "auto" && screen.isTTY === true);
  if (options.mode === "none") return { emit: () => {}, aside: (ask) => ask(), close: () => {} };
  if (options.mode === "json") return createJsonTeller(screen, options);
  return live ? createLiveTeller(screen, options) : createPlainTeller(screen, options);
}
