/** A block of lines at the bottom of the screen, one for each host at work, redrawn in place. */
import { renderDuration } from "./amounts.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import { cut, widthOf } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

/** What a line says, where it knows how to fill the columns that it gets. */
export type LineText = string | ((columns: number) => string);

interface LiveLine {
  text: LineText;
  readonly since: number;
  state: "working" | "ok" | "failed";
}

export interface LiveLines {
  /** Starts or replaces the line of a host. */
  show(host: string, text: LineText): void;
  finish(host: string, ok: boolean): void;
  /** Prints a line that stays, above the block. */
  say(line: string): void;
  aside<T>(ask: () => Promise<T>): Promise<T>;
  close(): void;
}

interface LiveScreen {
  write(text: string): unknown;
  readonly rows?: number | undefined;
}

/** Elapsed seconds are shown from here on, so that a quick run does not flicker with figures. */
const secondsWorthTelling = 3;
const redrawMs = 1000;
const defaultRows = 24;

function renderLine(host: string, line: LiveLine, now: number, style: Style, columns: number): string {
  const symbol = {
    working: style.cyan(style.symbols.working),
    ok: style.green(style.symbols.ok),
    failed: style.red(style.symbols.failed),
  }[line.state];
  const seconds = (now - line.since) / 1000;
  const elapsed =
    line.state === "working" && seconds >= secondsWorthTelling ? ` (${renderDuration(seconds)})` : "";
  if (typeof line.text !== "string") {
    const name = cut(escapeControl(host), Math.floor(columns / 3), style.symbols.ellipsis);
    return `${symbol} ${name}  ${line.text(columns - 5 - widthOf(name))}`;
  }
  const room = columns - 3 - elapsed.length;
  return `${symbol} ${cut(`${escapeControl(host)}  ${escapeControl(line.text)}`, room, style.symbols.ellipsis)}${elapsed}`;
}

/** Those at work come first, the finished ones fill what room is left. */
function renderBlock(
  lines: ReadonlyMap<string, LiveLine>,
  now: number,
  style: Style,
  options: { readonly columns: number; readonly rows: number },
): readonly string[] {
  const entries = [...lines];
  const sorted = [
    ...entries.filter(([, line]) => line.state === "working"),
    ...entries.filter(([, line]) => line.state !== "working"),
  ];
  const room = Math.max(1, options.rows - 2);
  const shown = sorted.length <= room ? sorted : sorted.slice(0, room - 1);
  const block = shown.map(([host, line]) => renderLine(host, line, now, style, options.columns));
  if (shown.length < sorted.length) block.push(`  and ${sorted.length - shown.length} more`);
  return block;
}

export function createLiveLines(
  screen: LiveScreen,
  options: RenderOptions & { readonly now: () => number },
): LiveLines {
  const style = createStyle(options);
  const lines = new Map<string, LiveLine>();
  let drawn = 0;
  let held = 0;
  let unsaid = "";
  let timer: NodeJS.Timeout | undefined;

  // A terminal that shows Ctrl-C as ^C leaves the cursor behind it.
  const erase = (): string => (drawn === 0 ? "" : `\r\u001b[${drawn}A\u001b[0J`);
  const redraw = (above = ""): void => {
    if (held > 0 && drawn === 0) return;
    const rows = screen.rows ?? defaultRows;
    const block =
      held > 0 ? [] : renderBlock(lines, options.now(), style, { columns: options.columns, rows });
    screen.write(erase() + above + block.map((line) => `${line}\n`).join(""));
    drawn = block.length;
  };

  return {
    show: (host, text) => {
      const since = lines.get(host)?.since ?? options.now();
      lines.set(host, { text, since, state: "working" });
      timer ??= setInterval(redraw, redrawMs).unref();
      redraw();
    },
    finish: (host, ok) => {
      const since = lines.get(host)?.since ?? options.now();
      lines.set(host, { text: ok ? "done" : "failed", since, state: ok ? "ok" : "failed" });
      redraw();
    },
    say: (line) => {
      if (held > 0) unsaid += `${line}\n`;
      else redraw(`${line}\n`);
    },
    aside: async (ask) => {
      held += 1;
      if (held === 1) redraw();
      try {
        return await ask();
      } finally {
        held -= 1;
        if (held === 0) {
          redraw(unsaid);
          unsaid = "";
        }
      }
    },
    close: () => {
      clearInterval(timer);
      timer = undefined;
      lines.clear();
      redraw();
    },
  };
}
