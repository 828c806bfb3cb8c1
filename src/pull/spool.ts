/**
 * Layers on their way into an engine, in files of the cache. They are fetched side by side, as fast as the registry
 * gives them, while the engine takes one after the other: each file is read while it grows. What is left of an
 * interrupted run is gone on with, after its bytes have been verified again; loaded layers are removed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRegctlError } from "../errors.ts";
import { createBlobSink } from "../layout/blob-sink.ts";
import { inFile } from "../layout/failures.ts";
import { readPart, readSize } from "../layout/file-part.ts";
import {
  dropWorkFile,
  keepWorkFile,
  openWorkFile,
  tidyWorkFolder,
  type WorkFile,
} from "../layout/work-files.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import { createVerifier, type Verifier } from "../registry/verify.ts";

export interface Spool {
  /** A layer that is yet to come. */
  expect(layer: Descriptor, what: string): SpooledLayer;
  /**
   * `loaded`: nothing is kept. `broken`: what came is kept for another run, where the folder is one that stays; after
   * `spoilt` only what was verified to its end.
   */
  close(ending: SpoolEnding): Promise<void>;
}

export type SpoolEnding = "loaded" | "broken" | "spoilt";

export interface SpooledLayer {
  readonly layer: Descriptor;
  /** Writes what `open` gives from a place on, behind what an earlier run left. Throws DIGEST_MISMATCH, FILE_FAILED. */
  fill(open: (start: number) => AsyncIterable<Uint8Array>): Promise<{ readonly kept: number }>;
  /** All bytes from the first on, as they come. Ends when they are verified; fails as `fill` does. */
  read(): AsyncGenerator<Uint8Array>;
}

/** `folder` null: a temporary one, that goes with this run. */
export async function openSpool(folder: string | null): Promise<Spool> {
  const place = folder ?? (await inFile(tmpdir(), () => mkdtemp(join(tmpdir(), "regctl-pull-"))));
  const layers = new Map<Digest, GrowingFile>();
  return {
    expect: (layer, what) => {
      const growing = layers.get(layer.digest) ?? new GrowingFile(place, layer, what);
      layers.set(layer.digest, growing);
      return growing;
    },
    close: async (ending) => {
      for (const growing of layers.values()) await growing.end(ending);
      layers.clear();
      if (folder === null) await rm(place, { recursive: true, force: true });
      else await tidyWorkFolder(place, Date.now());
    },
  };
}

class GrowingFile implements SpooledLayer {
  readonly layer: Descriptor;
  readonly #folder: string;
  readonly #what: string;
  #file: WorkFile | null = null;
  /** Bytes that may be read. */
  #ready = 0;
  #verified = false;
  #failure: { readonly error: unknown } | null = null;
  #useless = false;
  #news = Promise.withResolvers<void>();

  constructor(folder: string, layer: Descriptor, what: string) {
    this.#folder = folder;
    this.layer = layer;
    this.#what = what;
  }

  async fill(open: (start: number) => AsyncIterable<Uint8Array>): Promise<{ readonly kept: number }> {
    try {
      const file = await inFile(this.#folder, () => openWorkFile(this.#folder, this.layer.digest));
      this.#file = file;
      const verifier = await this.#resume(file);
      const kept = verifier.bytes;
      this.#tell(kept);
      const sink = createBlobSink(file.handle, file.path, 0, verifier);
      try {
        if (kept < this.layer.size || kept === 0) {
          for await (const chunk of open(kept)) {
            await sink.write(chunk);
            this.#tell(verifier.bytes);
          }
        }
        sink.finish();
      } finally {
        this.#useless = sink.spoilt || verifier.bytes === 0;
      }
      this.#verified = true;
      this.#tell(this.layer.size);
      return { kept };
    } catch (error) {
      this.#failure = { error };
      this.#tell(this.#ready);
      throw error;
    }
  }

  async *read(): AsyncGenerator<Uint8Array> {
    let position = 0;
    for (;;) {
      const news = this.#news.promise;
      if (this.#failure !== null) throw this.#failure.error;
      if (this.#file !== null && position < this.#ready) {
        const length = Math.min(readSize, this.#ready - position);
        const part = await readPart({ ...this.#file, size: this.#ready }, position, length);
        position += part.length;
        yield part;
      } else if (this.#verified) return;
      else await news;
    }
  }

  async end(ending: SpoolEnding): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (file === null) return;
    const useless = this.#useless || (ending === "spoilt" && !this.#verified);
    if (ending === "loaded" || useless) await dropWorkFile(file);
    else await keepWorkFile(this.#folder, this.layer.digest, file).catch(() => {});
  }

  /** The verifier, fed with what is there; what cannot be the layer's beginning is taken away. */
  async #resume(file: WorkFile): Promise<Verifier> {
    const { digest, size } = this.layer;
    const expected = { digest, size, what: this.#what };
    const verifier = createVerifier(expected);
    if (file.size > 0 && file.size <= size) {
      while (verifier.bytes < file.size) {
        const part = await readPart(file, verifier.bytes, Math.min(readSize, file.size - verifier.bytes));
        if (part.length === 0) break;
        verifier.update(part);
      }
      if (verifier.bytes < size) return verifier;
      if (finishes(verifier)) return { ...verifier, bytes: size, finish: () => {} };
    }
    if (file.size > 0) await inFile(file.path, () => file.handle.truncate(0));
    return createVerifier(expected);
  }

  #tell(ready: number): void {
    this.#ready = ready;
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers<void>();
    resolve();
  }
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
