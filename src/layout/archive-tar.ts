/** A tar of blobs and lists on its way into a file. One entry at a time: others wait for their turn. */
import { RegctlError } from "../errors.ts";
import type { Digest } from "../registry/digest.ts";
import { mostManifestBytes } from "../registry/manifest.ts";
import { createVerifier, verifyBytes } from "../registry/verify.ts";
import type { ArchiveTarget } from "./archive-target.ts";
import { createBlobSink } from "./blob-sink.ts";
import { readPart } from "./file-part.ts";
import type { BlobWriter } from "./image-files.ts";
import { blobPath } from "./image-reader.ts";
import { tarPadding } from "./tar-format.ts";
import type { TarFile } from "./tar-index.ts";
import { createTarOutput, type TarOutput } from "./tar-output.ts";
import { createTurns } from "./turns.ts";

export interface ArchiveTar {
  readonly stored: ReadonlyMap<Digest, TarFile>;
  openBlob(digest: Digest, size: number): Promise<BlobWriter>;
  putBlob(digest: Digest, bytes: Buffer): Promise<void>;
  /** A manifest that was written before. Throws NOT_FOUND. */
  readBack(digest: Digest): Promise<Buffer>;
  /** With the last files, in their order: durable and in its place. */
  end(files: Readonly<Record<string, string>>): Promise<void>;
  drop(): Promise<void>;
}

/** `name` is what it is called in errors. */
export function openArchiveTar(target: ArchiveTarget, name: string): ArchiveTar {
  const stored = new Map<Digest, TarFile>();
  const turns = createTurns(name);
  const output = createTarOutput(target);
  const whatOf = (digest: Digest): string => `${digest} for ${name}`;
  const putWhole = async (file: string, content: Buffer): Promise<TarFile> => {
    const release = await turns.take();
    const takeBack = output.mark();
    try {
      const offset = await output.begin(file, content.length);
      await output.put(Buffer.concat([content, Buffer.alloc(tarPadding(content.length))]));
      return { offset, size: content.length };
    } catch (error) {
      await takeBack().catch(() => {});
      throw error;
    } finally {
      release();
    }
  };
  return {
    stored,
    openBlob: async (digest, size) => {
      const release = await turns.take();
      if (!stored.has(digest)) {
        return openTarBlob({ target, output, stored, release, digest, size, what: whatOf(digest) });
      }
      release();
      return storedBlob(size, name);
    },
    putBlob: async (digest, bytes) => {
      verifyBytes(bytes, { digest, size: null, what: whatOf(digest) });
      if (!stored.has(digest)) stored.set(digest, await putWhole(blobPath(digest), bytes));
    },
    readBack: async (digest) => {
      const found = stored.get(digest);
      const what = `${digest} in ${name}`;
      if (found === undefined) throw new RegctlError("NOT_FOUND", { what, reason: "it was not written" });
      const { offset, size } = found;
      const bytes = await readPart({ ...target, size }, offset, Math.min(size, mostManifestBytes));
      verifyBytes(bytes, { digest, size: null, what });
      return bytes;
    },
    end: async (files) => {
      // Waiting for a blob that nobody finishes would have no end.
      if (turns.taken)
        throw new RegctlError("INTERNAL", { what: `${name} was ended in the middle of a blob` });
      for (const [file, content] of Object.entries(files)) await putWhole(file, Buffer.from(content));
      turns.close();
      await output.end();
      await target.publish();
    },
    drop: async () => {
      turns.close();
      await target.drop();
    },
  };
}

interface TarBlob {
  readonly target: ArchiveTarget;
  readonly output: TarOutput;
  readonly stored: Map<Digest, TarFile>;
  /** Ends its turn. */
  readonly release: () => void;
  readonly digest: Digest;
  readonly size: number;
  readonly what: string;
}

async function openTarBlob(blob: TarBlob): Promise<BlobWriter> {
  const { target, output, stored, release, digest, size, what } = blob;
  const takeBack = output.mark();
  let over = false;
  const giveUp = async (): Promise<void> => {
    if (over) return;
    over = true;
    await takeBack().finally(release);
  };
  const orGiveUp = async <T>(action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      await giveUp().catch(() => {});
      throw error;
    }
  };
  const offset = await orGiveUp(() => output.begin(blobPath(digest), size));
  const sink = createBlobSink(target.handle, target.path, offset, createVerifier({ digest, size, what }));
  return {
    offset: 0,
    write: sink.write,
    finish: async () => {
      await orGiveUp(async () => {
        sink.finish();
        await output.pad(size);
      });
      if (over) return;
      over = true;
      stored.set(digest, { offset, size });
      release();
    },
    abort: () => giveUp().catch(() => {}),
  };
}

/** Two sources may bring the same blob at the same time: the second one has nothing left to write. */
function storedBlob(size: number, name: string): BlobWriter {
  return {
    offset: size,
    write: async () => {
      throw new RegctlError("INTERNAL", { what: `written behind the end of a blob in ${name}` });
    },
    finish: async () => {},
    abort: async () => {},
  };
}
