/** Folders that are gone when their user is done with them. */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Only its user may enter it. */
export async function makeTemporaryFolder(): Promise<string> {
  return await realpath(await mkdtemp(join(tmpdir(), "regctl-")));
}

export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
}
