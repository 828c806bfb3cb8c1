/** One blob on its way into a layout's folder; what came of it stays for another run. */
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isRegctlError } from "../errors.ts";
import type { Digest } from "../registry/digest.ts";
import { createVerifier, type Expected, type Verifier } from "../registry/verify.ts";
import { createBlobSink } from "./blob-sink.ts";
import { syncFolder } from "./durable.ts";
import { inFile } from "./failures.ts";
import { readPart, readSize } from "./file-part.ts";
import type { BlobWriter } from "./image-files.ts";
import { blobPath } from "./image-reader.ts";
import { dropWorkFile, keepWorkFile, openWorkFile, type WorkFile, workFolder } from "./work-files.ts";

export async function openLayoutBlob(
  folder: string,
  digest: Digest,
  expected: Expected,
): Promise<BlobWriter> {
  const work = join(folder, workFolder);
  const file = await inFile(work, () => openWorkFile(work, digest));
  try {
    return createWriter(folder, digest, file, await resume(file, expected));
  } catch (error) {
    await dropWorkFile(file);
    throw error;
  }
}

/** The verifier, fed with what is there already. What cannot be the beginning of the blob is taken away. */
async function resume(file: WorkFile, expected: Expected): Promise<Verifier> {
  const verifier = createVerifier(expected);
  const most = expected.size ?? 0;
  if (file.size <= most) {
    while (verifier.bytes < file.size) {
      const part = await readPart(file, verifier.bytes, Math.min(readSize, file.size - verifier.bytes));
      if (part.length === 0) break;
      verifier.update(part);
    }
    if (verifier.bytes < most) return verifier;
    if (finishes(verifier)) return { ...verifier, bytes: most, finish: () => {} };
  }
  await inFile(file.path, () => file.handle.truncate(0));
  return createVerifier(expected);
}

function finishes(verifier: Verifier): boolean {
  try {
    verifier.finish();
    return true;
  } catch (error) {
    if (isRegctlError(error, "DIGEST_MISMATCH")) return false;
    throw error;
  }
}

function createWriter(folder: string, digest: Digest, file: WorkFile, verifier: Verifier): BlobWriter {
  const place = join(folder, blobPath(digest));
  const sink = createBlobSink(file.handle, file.path, 0, verifier);
  let over = false;
  const end = async (action: () => Promise<void>): Promise<void> => {
    if (over) return;
    over = true;
    await inFile(file.path, action);
  };
  const giveUp = (): Promise<void> =>
    end(() => {
      const useless = sink.spoilt || verifier.bytes === 0;
      return useless ? dropWorkFile(file) : keepWorkFile(join(folder, workFolder), digest, file);
    });
  return {
    offset: verifier.bytes,
    write: sink.write,
    finish: async () => {
      try {
        sink.finish();
        await inFile(file.path, () => file.handle.sync());
      } catch (error) {
        await giveUp().catch(() => {});
        throw error;
      }
      await end(() => putIntoPlace(file, place));
    },
    // What ended the copy is what counts: a file that cannot even be kept is known by then.
    abort: () => giveUp().catch(() => {}),
  };
}

async function putIntoPlace({ path, handle }: WorkFile, place: string): Promise<void> {
  await handle.close();
  await mkdir(dirname(place), { recursive: true });
  await rename(path, place);
  await syncFolder(dirname(place));
}
