/** regctl on a screen: in a terminal of tmux, where a test types and looks at what a person would see. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { quoteLine } from "../../src/explain/quote.ts";
import { repository } from "./run-cli.ts";
import { createTempHome } from "./temp-home.ts";

/** Why there is no screen here; false where there is one. */
export const noScreen: string | false =
  spawnSync("tmux", ["-V"]).error === undefined ? false : "tmux is not installed";

export interface ScreenOptions {
  readonly columns: number;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface Screen extends AsyncDisposable {
  /** What stands there, each line as it was printed, whatever the width. */
  text(): Promise<string>;
  /** Waits until it does, and returns all of it. */
  shows(what: string | RegExp): Promise<string>;
  type(text: string): Promise<void>;
  /** By tmux's names: `Enter`, `Down`, `C-c`. */
  press(...keys: readonly string[]): Promise<void>;
  /** Waits for the end; the exit code. */
  ended(): Promise<number>;
}

const patienceMs = 45_000;
const run = promisify(execFile);

/** Nothing below the text, no waiting for the rest of a key, and what was printed stays when the program has ended. */
const settings = [
  "set -g status off",
  "set -g remain-on-exit on",
  "set -sg escape-time 0",
  "set -g default-shell /bin/sh",
];

export async function openScreen(args: readonly string[], options: ScreenOptions): Promise<Screen> {
  const folder = await createTempHome();
  const tmux = async (...words: readonly string[]): Promise<string> => {
    const all = ["-u", "-S", `${folder.path}/tmux`, "-f", `${folder.path}/conf`, ...words];
    // The terminal has this environment, and nothing of who runs the test.
    const env = { TERM: "xterm", LANG: "C.UTF-8", ...options.env, PATH: process.env.PATH };
    return (await run("tmux", all, { env })).stdout;
  };
  await writeFile(`${folder.path}/conf`, `${settings.join("\n")}\n`);
  const path = options.env.PATH ?? process.env.PATH ?? "";
  const program = [process.execPath, `${repository}/bin/run.js`, ...args];
  const cache = `NODE_COMPILE_CACHE=${repository}/node_modules/.cache/regctl`;
  // tmux forgets the exit code of a program now and then: the shell writes it down.
  const code = `${folder.path}/code`;
  const line = `trap : INT; ${quoteLine(["env", `PATH=${path}`, cache, ...program])}; echo $? >${code}.new; mv ${code}.new ${code}`;
  const size = ["-x", String(options.columns), "-y", "50"];
  await tmux("new-session", "-d", "-c", options.cwd, ...size, line);

  const text = async (): Promise<string> => (await tmux("capture-pane", "-p", "-J")).trimEnd();
  const until = async <T>(what: string, look: () => Promise<T | null>): Promise<T> => {
    const end = Date.now() + patienceMs;
    for (;;) {
      const found = await look();
      if (found !== null) return found;
      if (Date.now() > end) throw new Error(`not in time: ${what}\n${await text()}`);
      await sleep(50);
    }
  };
  return {
    text,
    shows: (what) =>
      until(String(what), async () => {
        const now = await text();
        return (typeof what === "string" ? now.includes(what) : what.test(now)) ? now : null;
      }),
    type: async (words) => void (await tmux("send-keys", "-l", words)),
    press: async (...keys) => void (await tmux("send-keys", ...keys)),
    ended: () =>
      until("its end", async () => (existsSync(code) ? Number(await readFile(code, "utf8")) : null)),
    [Symbol.asyncDispose]: async () => {
      await tmux("kill-server").catch(() => {});
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Lines that a narrow screen breaks, but for those to copy and for what is told meanwhile. */
export function tooLong(text: string, columns: number): readonly string[] {
  return text.split("\n").filter((line) => line.length > columns && !/^ *[$→▲•] /.test(line));
}
