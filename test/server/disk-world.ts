/** A storage on real files in a folder of its own. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ProgressEvent } from "../../src/ports.ts";
import type { DiskOptions, DiskStorage } from "../../src/server/disk/disk-storage.ts";
import { openDiskStorage } from "../../src/server/disk/open.ts";
import { createClock } from "../../src/system/clock.ts";
import { holdFolder } from "../../src/system/folder-hold.ts";
import { createStoreFiles } from "../../src/system/store-files.ts";
import { createTempHome } from "../support/temp-home.ts";

export interface DiskWorld extends AsyncDisposable {
  readonly path: string;
  readonly events: ProgressEvent[];
  /** Opens the folder; all that were opened are closed at the end. */
  open(options?: Partial<DiskOptions>): Promise<DiskStorage>;
}

export async function createDiskWorld(): Promise<DiskWorld> {
  const home = await createTempHome();
  const path = join(home.path, "registry");
  const events: ProgressEvent[] = [];
  const opened: DiskStorage[] = [];
  const usual: DiskOptions = {
    files: createStoreFiles(),
    holdFolder,
    clock: createClock(),
    emit: (event) => events.push(event),
  };
  return {
    path,
    events,
    open: async (options = {}) => {
      const storage = await openDiskStorage(path, { ...usual, ...options });
      opened.push(storage);
      return storage;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(opened.map((storage) => storage.close()));
      await rm(path, { recursive: true, force: true });
      await home[Symbol.asyncDispose]();
    },
  };
}
