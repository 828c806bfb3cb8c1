/** Uploads: a file each, in a folder of their repository, so that nothing else need be known to go on after a restart. */
import { randomUUID } from "node:crypto";
import { algorithmOf, type Digest } from "../../registry/digest.ts";
import type { Storage } from "../storage.ts";
import { publishBlob } from "./blobs.ts";
import { codeOf } from "./failure.ts";
import type { DiskParts } from "./parts.ts";
import { repositoryOf } from "./paths.ts";
import { digestOfFile } from "./read-through.ts";
import { discard, type Known, newUpload, type Upload } from "./upload.ts";
import { append } from "./upload-body.ts";

type UploadMethods = Pick<
  Storage,
  "startUpload" | "findUpload" | "appendUpload" | "finishUpload" | "cancelUpload"
>;

export interface Uploads extends UploadMethods {
  /** Removes those that nobody has written to for so long, and folders that are empty. Resolves to how many. */
  expire(olderThanMs: number): Promise<number>;
}

/** Ids come from clients as they are: nothing else reaches the file system. */
const wellFormed = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createUploads(parts: DiskParts): Uploads {
  const known: Known = new Map();
  const find = (repository: string, id: string) => findUpload(parts, known, repository, id);
  return {
    startUpload: async (repository) => {
      const id = randomUUID();
      await createFile(parts, repository, id);
      known.set(id, newUpload(parts, repository, id));
      return { id, size: 0 };
    },
    findUpload: async (repository, id) => {
      const upload = await find(repository, id);
      return upload === null ? null : { id, size: upload.size };
    },
    appendUpload: async (repository, id, offset, body, most) => {
      const upload = await find(repository, id);
      if (upload === null) return "unknown";
      if (upload.busy !== "no") return "busy";
      if (upload.size !== offset) return "moved";
      if (upload.stored) return "unknown";
      return await occupied(upload, "writing", () => append(parts, known, upload, { body, most }));
    },
    finishUpload: async (repository, id, digest) => {
      const upload = await find(repository, id);
      if (upload === null) return "unknown";
      if (upload.busy !== "no") return "busy";
      return await occupied(upload, "finishing", () => finish(parts, known, upload, digest));
    },
    cancelUpload: async (repository, id) => {
      const upload = await find(repository, id);
      if (upload === null || upload.busy === "finishing") return false;
      return await discard(parts, known, upload);
    },
    expire: (olderThanMs) => expire(parts, known, olderThanMs),
  };
}

async function createFile({ files, paths }: DiskParts, repository: string, id: string): Promise<void> {
  const path = paths.upload(repository, id);
  const create = async () => (await files.open(path, "create")).close();
  try {
    await create();
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    await files.makeFolder(paths.uploadFolder(repository));
    await create();
  }
}

async function findUpload(
  parts: DiskParts,
  known: Known,
  repository: string,
  id: string,
): Promise<Upload | null> {
  if (!wellFormed.test(id)) return null;
  const remembered = known.get(id);
  if (remembered !== undefined) {
    return remembered.repository === repository && !remembered.gone ? remembered : null;
  }
  const found = await parts.files.stat(parts.paths.upload(repository, id));
  if (found === null) return null;
  const upload = newUpload(parts, repository, id);
  upload.size = found.size;
  upload.durable = false;
  // Killed after it became a blob and before it was removed.
  upload.stored = found.links > 1;
  if (found.size > 0) upload.hash = null;
  // Somebody else may have found it while this one looked.
  const other = known.get(id);
  if (other !== undefined) return other.gone ? null : other;
  known.set(id, upload);
  return upload;
}

async function occupied<T>(
  upload: Upload,
  how: "writing" | "finishing",
  action: () => Promise<T>,
): Promise<T> {
  upload.busy = how;
  try {
    return await action();
  } finally {
    upload.busy = "no";
  }
}

async function finish(
  parts: DiskParts,
  known: Known,
  upload: Upload,
  digest: Digest,
): Promise<"stored" | "mismatch" | "unknown"> {
  const { files, durable } = parts;
  const { path, size } = upload;
  const remembered = algorithmOf(digest) === "sha256" ? upload.hash : null;
  const actual =
    remembered !== null
      ? `sha256:${remembered.copy().digest("hex")}`
      : await digestOfFile(files, path, algorithmOf(digest));
  if (actual === null) {
    known.delete(upload.id);
    return "unknown";
  }
  if (actual !== digest) return "mismatch";
  if (!upload.durable) {
    const file = await files.open(path, "change");
    try {
      await durable.gate.run(() => file.sync());
    } finally {
      await file.close();
    }
    upload.durable = true;
  }
  // From its first step on, whether or not the others can be made.
  upload.stored = true;
  await publishBlob(parts, { path, size }, upload.repository, digest);
  // It is stored: a second name of it that stays goes with the orphans.
  await discard(parts, known, upload).catch(() => false);
  return "stored";
}

async function expire(parts: DiskParts, known: Known, olderThanMs: number): Promise<number> {
  const { files, paths, clock } = parts;
  let removed = 0;
  for (const folder of await files.list(paths.uploads)) {
    const path = `${paths.uploads}/${folder}`;
    const ids = await files.list(path);
    for (const id of ids) {
      const found = await files.stat(`${path}/${id}`);
      const upload = known.get(id) ?? newUpload(parts, repositoryOf(folder), id);
      const age = clock.now().getTime() - (found?.modifiedMs ?? 0);
      if (found === null || upload.busy !== "no" || age < olderThanMs) continue;
      if (await discard(parts, known, upload)) removed += 1;
    }
    if (ids.length === 0) await files.removeFolder(path);
  }
  return removed;
}
