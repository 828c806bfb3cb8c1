/** A small disk of its own: a tmpfs, for those who may mount one. */
import { execFile } from "node:child_process";
import { open, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { createTempHome } from "./temp-home.ts";

const run = promisify(execFile);

/** Why there is none here, or false. */
export const withoutMounts: string | false =
  process.platform === "linux" && process.getuid?.() === 0 ? false : "only root mounts a small disk";

export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Takes all room but so many bytes. */
  fill(leave: number): Promise<void>;
  /** Gives that room back. */
  free(): Promise<void>;
  writable(may: boolean): Promise<void>;
}

/** `bytes`: all the room there is. */
export async function mountSmallDisk(bytes: number): Promise<SmallDisk> {
  const home = await createTempHome();
  await run("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", home.path]);
  const ballast = `${home.path}/ballast`;
  return {
    path: home.path,
    fill: async (leave) => {
      const file = await open(ballast, "a");
      try {
        for (;;) await file.write(Buffer.alloc(4096));
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
        await file.truncate(Math.max(0, (await file.stat()).size - leave));
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast, { force: true }),
    writable: async (may) => {
      await run("mount", ["-o", `remount,${may ? "rw" : "ro"}`, home.path]);
    },
    [Symbol.asyncDispose]: async () => {
      await run("umount", ["-l", home.path]);
      await home[Symbol.asyncDispose]();
    },
  };
}
