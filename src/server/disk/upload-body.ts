/** The body of a request on its way into the file of an upload, whatever happens to the request or to the disk. */
import { openHash } from "../../registry/digest.ts";
import { StorageFailure, type UploadState } from "../storage.ts";
import { createBodyWriter } from "./body-writer.ts";
import { codeOf, isFailure } from "./failure.ts";
import type { StoreFile } from "./files.ts";
import type { DiskParts } from "./parts.ts";
import { discard, type Known, type Upload } from "./upload.ts";

export interface Body {
  readonly body: AsyncIterable<Buffer>;
  readonly most: number;
}

export async function append(
  parts: DiskParts,
  known: Known,
  upload: Upload,
  body: Body,
): Promise<UploadState | "unknown"> {
  let file: StoreFile;
  try {
    file = await parts.files.open(upload.path, "change");
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    known.delete(upload.id);
    return "unknown";
  }
  try {
    await writeBody(parts, upload, file, body);
  } catch (error) {
    await afterFailure(parts, known, upload, error);
    throw error;
  } finally {
    await file.close();
  }
  return upload.gone ? "unknown" : { id: upload.id, size: upload.size };
}

/** What arrived is written before the body's own error goes on. */
async function writeBody(
  { durable: { gate } }: DiskParts,
  upload: Upload,
  file: StoreFile,
  { body, most }: Body,
): Promise<void> {
  const before = upload.size;
  const writer = createBodyWriter({ file, offset: before, hash: upload.hash, gate });
  let received = 0;
  try {
    try {
      for await (const chunk of body) {
        received += chunk.length;
        if (before + received > most) throw new TooLarge(most);
        await writer.take(chunk);
      }
    } catch (error) {
      if (error instanceof TooLarge) await cutBack(upload, file, writer.end(), before);
      else await keepWhatArrived(upload, writer.end());
      throw error;
    }
    upload.size = await writer.end();
  } finally {
    await writer.release();
  }
  if (received === 0) return;
  upload.durable = false;
  await gate.run(() => file.sync());
  upload.durable = true;
}

class TooLarge extends StorageFailure {
  constructor(most: number) {
    super("too-large", `the upload is larger than ${most} bytes`);
  }
}

async function cutBack(
  upload: Upload,
  file: StoreFile,
  ended: Promise<number>,
  before: number,
): Promise<void> {
  await ended;
  upload.hash = before === 0 ? openHash("sha256") : null;
  await file.truncate(before);
}

async function keepWhatArrived(upload: Upload, ended: Promise<number>): Promise<void> {
  upload.durable = false;
  upload.size = await ended;
}

/**
 * After a failure of the disk nobody knows what the file holds: it is looked at again when the client comes back.
 * On a full disk it makes room for others.
 */
async function afterFailure(parts: DiskParts, known: Known, upload: Upload, error: unknown): Promise<void> {
  if (!(error instanceof StorageFailure) || error.problem === "too-large") return;
  if (isFailure(error, "full")) await discard(parts, known, upload).catch(() => false);
  else if (!upload.gone) known.delete(upload.id);
}
