/** Whether settings may be written as this user. Pure. */
import type { Environment } from "../ports.ts";

export interface SaverFacts {
  readonly euid: number;
  readonly environment: Environment;
  /** Owner of the home folder; null when there is none. */
  readonly homeOwnerUid: number | null;
}

export type MaySave = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** Root must leave nothing of its own below the home of another user, who could not change it any more. */
export function maySaveSettings({ euid, environment, homeOwnerUid }: SaverFacts): MaySave {
  if (euid !== 0 || homeOwnerUid === null || homeOwnerUid === 0) return { ok: true };
  const user = environment.SUDO_USER;
  const owner = user === undefined || user === "" || user === "root" ? "another user" : user;
  return { ok: false, why: `running as root with the home folder of ${owner}` };
}
