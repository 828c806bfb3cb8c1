/** Where regctl keeps its own files: the XDG base directories. Pure. */
import { posix } from "node:path";
import type { Environment } from "../ports.ts";

/** Absolute folders; they may not exist yet. */
export interface UserPaths {
  readonly config: string;
  readonly state: string;
  readonly cache: string;
  readonly data: string;
}

const name = "regctl";

export function userPaths(environment: Environment, home: string): UserPaths {
  // The specification has relative paths ignored.
  const folder = (set: string | undefined, usual: string) =>
    posix.join(set !== undefined && posix.isAbsolute(set) ? set : posix.join(home, usual), name);
  return {
    config: folder(environment.XDG_CONFIG_HOME, ".config"),
    state: folder(environment.XDG_STATE_HOME, ".local/state"),
    cache: folder(environment.XDG_CACHE_HOME, ".cache"),
    data: folder(environment.XDG_DATA_HOME, ".local/share"),
  };
}

export function settingsPath(paths: Pick<UserPaths, "config">): string {
  return posix.join(paths.config, "config.json");
}
