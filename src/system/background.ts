/** Programs that outlive this one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { StartInBackground } from "../service/detach.ts";
import { childEnvironment } from "./child-environment.ts";

export const startInBackground: StartInBackground = async (argv, { logPath, signal, input }) => {
  const [file = "", ...args] = argv;
  await mkdir(dirname(logPath), { recursive: true, mode: 0o700 });
  const log = await open(logPath, "a", 0o600);
  try {
    // In the root folder: a folder that it stands in could not be unmounted.
    const child = spawn(file, args, {
      detached: true,
      cwd: "/",
      env: childEnvironment(process.env, {}),
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", log.fd],
    });
    await once(child, "spawn");
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
    if (child.stdout === null) throw new Error("its standard output is a pipe");
    const stop = (): void => void child.kill("SIGTERM");
    signal.addEventListener("abort", stop);
    let text = "";
    let document: unknown = null;
    child.stdout.setEncoding("utf8");
    for await (const chunk of child.stdout) {
      text += chunk;
      document = parseWhole(text);
      if (document !== null) break;
    }
    signal.removeEventListener("abort", stop);
    child.unref();
    signal.throwIfAborted();
    return { pid: child.pid ?? 0, document };
  } finally {
    await log.close();
  }
};

/** Null while the document is not whole. */
function parseWhole(text: string): unknown {
  if (!text.endsWith("\n")) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
