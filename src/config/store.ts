import { RegctlError } from "../errors.ts";
import type { Clock, Files } from "../ports.ts";
import { withLock } from "./lock.ts";
import { settingsPath, type UserPaths } from "./paths.ts";
import { parseSettings, renderSettings, type Settings } from "./settings.ts";

/** Throws STATE_UNREADABLE when the file is broken. */
export async function readSettings(files: Files, paths: Pick<UserPaths, "config">): Promise<Settings> {
  const path = settingsPath(paths);
  return parseSettings(await readText(files, path), path);
}

/**
 * Changes the settings as they are now, not as they were when the command began: two processes at once
 * both keep their change. Writes nothing when nothing changes. Throws STATE_UNREADABLE, LOCKED, and HOST_FILE_FAILED
 * where the file system refuses.
 */
export async function updateSettings(
  files: Files,
  paths: Pick<UserPaths, "config">,
  change: (settings: Settings) => Settings,
  clock: Clock,
): Promise<Settings> {
  const path = settingsPath(paths);
  try {
    return await withLock(`${path}.lock`, clock, async (stillHeld) => {
      const text = await readText(files, path);
      const old = parseSettings(text, path);
      const changed = change(old);
      const wanted = renderSettings(text, path, changed);
      if (wanted === renderSettings(text, path, old)) return old;
      await stillHeld();
      await files.write(path, wanted);
      return changed;
    });
  } catch (error) {
    const problem = systemProblem(error);
    if (problem === null) throw error;
    throw new RegctlError("HOST_FILE_FAILED", { host: "localhost", path, problem }, { cause: error });
  }
}

async function readText(files: Files, path: string): Promise<string | null> {
  try {
    return (await files.read(path))?.toString("utf8") ?? null;
  } catch (error) {
    const problem = systemProblem(error);
    if (problem === null) throw error;
    throw new RegctlError("STATE_UNREADABLE", { path, problem }, { cause: error });
  }
}

/** The words of the operating system, e.g. "EACCES: permission denied, open …"; null for any other error. */
function systemProblem(error: unknown): string | null {
  return error instanceof Error && "syscall" in error ? error.message : null;
}
