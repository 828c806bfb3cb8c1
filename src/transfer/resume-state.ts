/**
 * Uploads in progress, written down so that another run can go on with them: one small file each. A file belongs to
 * whoever could rename it to a name of its own, so two copies at once never share an upload. It holds the address of
 * the upload, which may hold a secret: nobody else may read it. Nothing here is needed for a copy to be right: what
 * cannot be read or written is left.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Upload } from "../registry/api/uploads.ts";
import type { Digest } from "../registry/digest.ts";
import { countOf, objectOf, parseJson, textOf } from "../registry/json.ts";

export interface UploadKey {
  readonly registry: string;
  readonly repository: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** The note of one upload, held by this run alone. */
export interface UploadNote {
  /** Another run may go on with it. */
  readonly kept: boolean;
  /** What another run left; null when there is nothing to go on with. */
  readonly left: Upload | null;
  /** Written in the background. */
  save(upload: Upload): void;
  /** The upload is over. */
  forget(): Promise<void>;
  /** Another run may have it. */
  release(): Promise<void>;
}

export interface UploadNotes {
  claim(key: UploadKey): Promise<UploadNote>;
}

const oldestMs = 7 * 24 * 3600 * 1000;

/** `folder` is made when something is saved. */
export function createUploadNotes(folder: string, now: () => Date): UploadNotes {
  const held = new Set<string>();
  let swept: Promise<void> | null = null;
  return {
    claim: async (key) => {
      swept ??= sweep(folder, now);
      await swept;
      const stem = stemOf(key);
      const free = join(folder, `${stem}.json`);
      const own = join(folder, `${stem}.${process.pid}.json`);
      // Two copies of the same blob in one run do not happen, but two runs in one process do in tests.
      if (held.has(own)) return emptyNote;
      held.add(own);
      const left = await take(folder, stem, own, key);
      return openNote({ own, free, left, key, done: () => held.delete(own) });
    },
  };
}

/** For who may not write there. */
export const noUploadNotes: UploadNotes = { claim: async () => emptyNote };

export const emptyNote: UploadNote = {
  kept: false,
  left: null,
  save: () => {},
  forget: async () => {},
  release: async () => {},
};

interface NoteOptions {
  readonly own: string;
  readonly free: string;
  readonly left: Upload | null;
  readonly key: UploadKey;
  readonly done: () => void;
}

function openNote({ own, free, left, key, done }: NoteOptions): UploadNote {
  let writing: Promise<void> = Promise.resolve();
  let latest: Upload | null = null;
  let due = false;
  const writeLatest = async (): Promise<void> => {
    due = false;
    await writeNote(own, { ...key, upload: latest });
  };
  return {
    kept: true,
    left,
    save: (upload) => {
      latest = upload;
      if (due) return;
      due = true;
      writing = writing.then(writeLatest).catch(() => {});
    },
    forget: async () => {
      await writing;
      await rm(own, { force: true }).catch(() => {});
      done();
    },
    release: async () => {
      await writing;
      await rename(own, free).catch(() => {});
      done();
    },
  };
}

async function writeNote(path: string, note: object): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  try {
    await writeFile(temporary, JSON.stringify(note), { mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    // On a full disk its name alone would stay.
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The first file of that upload that nobody holds, made ours by renaming it: of two who try, one succeeds. */
async function take(folder: string, stem: string, own: string, key: UploadKey): Promise<Upload | null> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(`${stem}.`) && each.endsWith(".json"))) {
    const path = join(folder, name);
    if (isHeld(name)) continue;
    try {
      if (path !== own) await rename(path, own);
      return readNote(await readFile(own, "utf8"), key);
    } catch {
      // Somebody else was first.
    }
  }
  return null;
}

/** By a process that runs. Our own number in a file that we do not hold was that of a predecessor. */
function isHeld(name: string): boolean {
  const pid = Number(/\.(\d+)\.json$/.exec(name)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(pid) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Null for what is no note of that upload. */
export function readNote(text: string, key: UploadKey): Upload | null {
  const note = objectOf(parseJson(text));
  const upload = objectOf(note?.upload);
  const url = textOf(upload?.url);
  const offset = countOf(upload?.offset);
  const same =
    note?.registry === key.registry &&
    note.repository === key.repository &&
    note.digest === key.digest &&
    note.size === key.size;
  if (!same || url === undefined || offset === undefined || URL.parse(url) === null) return null;
  return { repository: key.repository, url, offset, leastChunk: countOf(upload?.leastChunk) ?? null };
}

function stemOf({ registry, repository, digest }: UploadKey): string {
  return createHash("sha256").update(`${registry}\n${repository}\n${digest}`).digest("hex").slice(0, 32);
}

/** Registries forget uploads too: after a week nothing can be gone on with. */
async function sweep(folder: string, now: () => Date): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => /^[0-9a-f]{32}\..*json(\.new)?$/.test(each))) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found !== null && now().getTime() - found.mtimeMs > oldestMs)
      await rm(path, { force: true }).catch(() => {});
  }
}
