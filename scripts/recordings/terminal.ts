/** A shell in a terminal of tmux, in which lines are typed and whose screens are kept as they change. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { quoteLine } from "../../src/explain/quote.ts";
import { parseRows, type Row, textOf, trimRows } from "./cells.ts";
import type { Screen } from "./svg.ts";

export interface Terminal extends AsyncDisposable {
  /** Types it, and waits until the shell asks for the next line. Returns the screens that were seen meanwhile. */
  enter(line: string): Promise<readonly Screen[]>;
}

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  /** Which process the shell becomes, before its own words: `nsenter …`, `env -i …`. */
  readonly place: readonly string[];
}

const prompt = "$";

/**
 * A shell with nothing of its own on the screen, such as words about jobs: it reads a line and runs it. The prompt is
 * green.
 */
const shell = `cd; while printf '\\033[32m${prompt}\\033[0m ' && read -r line; do eval "$line"; done`;

const settings = ["set -g status off", "set -g remain-on-exit on", "set -sg escape-time 0"];
const lookEveryMs = 60;
const patienceMs = 180_000;
const run = promisify(execFile);

/** The shell waits for a line: its prompt is the last thing on the screen. */
function isAsking(rows: readonly Row[]): boolean {
  const last = rows.at(-1);
  return last !== undefined && textOf(last) === prompt;
}

export async function openTerminal({ columns, rows, place }: TerminalOptions): Promise<Terminal> {
  const folder = await mkdtemp(join(tmpdir(), "regctl-recording-"));
  const tmux = async (...words: readonly string[]): Promise<string> => {
    const all = ["-u", "-S", join(folder, "tmux"), "-f", join(folder, "conf"), ...words];
    return (await run("tmux", all, { env: { TERM: "xterm", LANG: "C.UTF-8", PATH: process.env.PATH } }))
      .stdout;
  };
  await writeFile(join(folder, "conf"), `${settings.join("\n")}\n`);
  const size = ["-x", String(columns), "-y", String(rows)];
  await tmux("new-session", "-d", ...size, quoteLine([...place, "sh", "-c", shell]));
  const look = async () => trimRows(parseRows(await tmux("capture-pane", "-e", "-p")));

  const watch = async (ended: (rows: readonly Row[]) => boolean): Promise<readonly Screen[]> => {
    const screens: Screen[] = [];
    const end = Date.now() + patienceMs;
    let begun = performance.now();
    for (let before = ""; ; await sleep(lookEveryMs)) {
      const now = await look();
      const text = JSON.stringify(now);
      if (text !== before) {
        const seconds = (performance.now() - begun) / 1000;
        const last = screens.pop();
        if (last !== undefined) screens.push({ ...last, seconds });
        screens.push({ rows: now, seconds: 0 });
        [before, begun] = [text, performance.now()];
      }
      if (ended(now)) return screens;
      if (Date.now() > end) throw new Error(`not in time:\n${now.map(textOf).join("\n")}`);
    }
  };
  await watch(isAsking);
  return {
    enter: async (line) => {
      await tmux("send-keys", "-l", line);
      const [typed] = (await watch((now) => textOf(now.at(-1) ?? []).endsWith(line.slice(-8)))).slice(-1);
      await tmux("send-keys", "Enter");
      const seen = await watch((now) => isAsking(now) && JSON.stringify(now) !== JSON.stringify(typed?.rows));
      return [...(typed === undefined ? [] : [{ ...typed, seconds: 1 }]), ...seen];
    },
    [Symbol.asyncDispose]: async () => {
      await tmux("kill-server").catch(() => {});
      await rm(folder, { recursive: true, force: true });
    },
  };
}
