/** Files of which each is setup's own as a whole: put there, changed and taken away, for engines that have a place for it. */

import type { HostFacts } from "../facts.ts";
import { unchanged } from "../formats/format.ts";
import { fileOf } from "../owner.ts";
import type { FileEdit } from "../plan.ts";

export interface OwnFile {
  readonly path: string;
  readonly after: string;
  /** By which undo knows how to read it. */
  readonly format: string;
  /** What undo takes out of it. */
  readonly entry: string;
  /** Folders that may have to be made for it, innermost first. They have to be among the facts. */
  readonly folders: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/** Null when it is there as it is. */
export function editOfOwn(facts: HostFacts, own: OwnFile): FileEdit | null {
  const { path, after, format, entry, uid = 0, gid = 0 } = own;
  const { text, target, ...file } = fileOf(facts, path);
  if (text === after) return null;
  const missing = own.folders.filter((folder) => {
    const { text: content, unreadable } = fileOf(facts, folder);
    return content === null && !unreadable;
  });
  return {
    path,
    target,
    before: text,
    after,
    mode: text === null ? "644" : file.mode,
    uid: text === null ? uid : file.uid,
    gid: text === null ? gid : file.gid,
    change: { purpose: "file", format, entry, note: unchanged },
    ...(missing.length > 0 ? { folders: missing } : {}),
  };
}
