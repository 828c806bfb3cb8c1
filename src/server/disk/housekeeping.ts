/** What a storage does for itself while it is open: old uploads go at once, garbage every so often. */
import type { DiskStorage } from "./disk-storage.ts";
import { collectGarbage } from "./gc.ts";

const uploadsLiveMs = 24 * 60 * 60 * 1000;
const everyMs = 6 * 60 * 60 * 1000;

/** Resolves when the storage is closed; what fails is told and tried again. */
export async function keepHouse(storage: DiskStorage): Promise<void> {
  const { signal, parts } = storage;
  for (let round = 0; !signal.aborted; round += 1) {
    try {
      await storage.expireUploads(uploadsLiveMs);
      // Not at the start: whoever restarts a server wants it to answer.
      if (round > 0) await tellGarbage(storage);
      await parts.clock.sleep(everyMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      const problem = error instanceof Error ? error.message : String(error);
      parts.emit({ event: "warning", warning: `the storage could not be tidied: ${problem}` });
      await parts.clock.sleep(everyMs, signal).catch(() => {});
    }
  }
}

async function tellGarbage(storage: DiskStorage): Promise<void> {
  const { removed, bytes } = await collectGarbage(storage);
  if (removed === 0) return;
  storage.parts.emit({ event: "note", note: `${removed} blobs that nobody needs are gone: ${bytes} bytes` });
}
