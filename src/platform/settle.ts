import type { Host } from "../ports.ts";
import { hostFileTimeoutMs } from "./host-files.ts";
import { type JournalEntry, parseJournal, writeEntry } from "./journal.ts";
import { lockHost } from "./lock.ts";

const lockTimeoutMs = 120_000;

/**
 * Entries that were taken back by a run which was ended before it could write that down. As long as they stand, a
 * later undo would take away what somebody else has put in since.
 * @param signal ends the waiting for another run, with its reason
 * @throws RegctlError LOCKED, HOST_FILE_FAILED, SSH_CONNECTION_LOST
 */
export async function settleUndone(
  root: Host,
  folder: string,
  entries: readonly JournalEntry[],
  who: string,
  signal?: AbortSignal,
): Promise<void> {
  const lock = await lockHost(root, folder, who, lockTimeoutMs, () => {}, signal);
  try {
    for (const entry of entries) {
      const result = await root.run(["cat", `${folder}/journal/${entry.id}.json`], {
        timeoutMs: hostFileTimeoutMs,
      });
      const [now] = parseJournal({ [entry.id]: result.stdout.toString("utf8") });
      // Another run may have carried it on since we looked.
      if (now?.state === entry.state) await writeEntry(root, folder, { ...entry, state: "undone" });
    }
  } finally {
    await lock.release();
  }
}
