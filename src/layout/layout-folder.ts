/** The folder of an OCI layout as it is written: made, and its index changed, without harm to others who do the same. */
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../config/lock.ts";
import { RegctlError } from "../errors.ts";
import { mostManifestBytes } from "../registry/manifest.ts";
import { replaceFile } from "./durable.ts";
import { broken, orNull } from "./failures.ts";
import { addToIndex, emptyIndex, type NewEntry } from "./index-text.ts";
import { indexFile, layoutFile, layoutText, problemOfLayoutFile } from "./layout-reader.ts";
import { inWorkFolder, makeTemporaryName, workFolder } from "./work-files.ts";

const clock = { now: () => new Date(), sleep: (ms: number) => sleep(ms) };

/** Throws FILE_FAILED for what is neither a layout nor a place for a new one. */
export async function checkLayoutFolder(folder: string, path: string): Promise<void> {
  const refuse = (problem: string) => new RegctlError("FILE_FAILED", { path, problem });
  const found = await orNull(stat(folder));
  if (found === null) return;
  if (!found.isDirectory()) throw refuse("it is a file, and a layout is a folder");
  const marker = await orNull(readFile(join(folder, layoutFile)));
  const problem = marker === null ? null : problemOfLayoutFile(marker);
  if (problem !== null) throw refuse(`its file ${layoutFile} is not understood: ${problem}`);
  const names = await readdir(folder);
  // A run that was killed while it made the layout leaves a part of these.
  const ours = [workFolder, indexFile, "blobs"];
  if (marker === null && !names.includes(indexFile) && !names.every((name) => ours.includes(name))) {
    throw refuse("it holds other files and is no OCI layout: name an empty folder, or one that is not there");
  }
}

/** An empty layout where there is none: whatever happens from here on, the folder is one. */
export async function makeLayout(folder: string): Promise<void> {
  await mkdir(join(folder, "blobs", "sha256"), { recursive: true });
  await withIndexLock(folder, async () => {
    await putIfMissing(folder, indexFile, emptyIndex);
    await putIfMissing(folder, layoutFile, layoutText);
  });
}

function withIndexLock<T>(
  folder: string,
  action: (stillHeld: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const work = join(folder, workFolder);
  return inWorkFolder(work, () => withLock(join(work, "lock"), clock, action));
}

async function putIfMissing(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  if ((await orNull(stat(path))) === null) await putFile(folder, path, text);
}

/** Whole or not at all. */
export async function putFile(folder: string, path: string, content: Buffer | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const work = join(folder, workFolder);
  const temporary = await makeTemporaryName(work);
  await inWorkFolder(work, () => replaceFile(path, content, temporary));
}

/** The index as it is now, not as it was when this run began: two runs at once both keep their entries. */
export async function addToLayout(folder: string, added: readonly NewEntry[], what: string): Promise<void> {
  if (added.length === 0) return;
  await withIndexLock(folder, async (stillHeld) => {
    const path = join(folder, indexFile);
    const text = addToIndex((await orNull(readFile(path))) ?? emptyIndex, added, what);
    if (text.length > mostManifestBytes)
      throw broken(what, "it would have more entries than any program reads");
    await stillHeld();
    await putFile(folder, path, text);
  });
}
