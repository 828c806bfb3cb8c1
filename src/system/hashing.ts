/**
 * Digests of large blobs on a thread of its own, beside the copying: of the processor time that a gibibyte takes between
 * two registries, sha256 is two fifths. What connections read lies in memory that the thread sees as well, so nothing is
 * copied for it. There is one thread, however many blobs are under way, and none until the first large one comes.
 * docs/decisions/0014 has the rest.
 */
import { createHash } from "node:crypto";
import { availableParallelism, loadavg } from "node:os";
import { Worker } from "node:worker_threads";
import { RegctlError } from "../errors.ts";
import type { DigestAlgorithm, OpenRunningHash, RunningHash } from "../registry/digest.ts";
import {
  countOf,
  createHasher,
  type HashedBytes,
  type Hasher,
  type HashShared,
  type HashWork,
} from "./hash-work.ts";
import { slabs } from "./wire-http/slabs.ts";

/** In the package the program of the thread stands beside the others, in the sources beside this file. */
const program = new URL(
  import.meta.url.endsWith(".ts") ? "./hash-thread.ts" : "./hash-thread.js",
  import.meta.url,
);

/** Smaller ones are hashed before the thread has started. */
const leastBytes = 32 * 1024 * 1024;
/** Bytes that the thread may be behind: more than it hashes while another program has its processor. */
const mostBehind = 8 * 1024 * 1024;
/** Programs that wait for each processor: with more of them the two threads wait for each other, and lose a tenth. */
const mostLoad = 3;
/** So long without a sign of the thread. */
const patienceMs = 15_000;
const hashBytes = { sha256: 32, sha384: 48, sha512: 64 } as const satisfies Record<DigestAlgorithm, number>;

export interface HashingOptions {
  /** Of the thread. */
  readonly program?: URL;
  readonly patienceMs?: number;
  /** Programs that run or wait to, as `uptime` tells it. */
  readonly load?: () => number;
}

export function createHashing(options: HashingOptions = {}): OpenRunningHash {
  const { load = () => loadavg()[0] ?? 0 } = options;
  const cores = availableParallelism();
  let thread: HashThread | null = null;
  return (algorithm, size) => {
    const free = cores > 1 && load() <= mostLoad * cores;
    if (size < leastBytes || !free || thread?.works === false) return createHash(algorithm);
    thread ??= new HashThread(options);
    return thread.begin(algorithm);
  };
}

interface Posted {
  readonly work: HashWork;
  /** Is not given back before it is hashed. */
  readonly chunk: Uint8Array | null;
}

class HashThread {
  readonly #shared: HashShared = {
    counts: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
    digest: new Uint8Array(new SharedArrayBuffer(hashBytes.sha512)),
  };
  /** Where the digest of what has ended lies. */
  #ended = this.#shared.digest;
  readonly #worker: Worker;
  readonly #patienceMs: number;
  /** In the order in which they were posted: those that are done come off the front. */
  readonly #posted: Posted[] = [];
  #behind = 0;
  #done = 0;
  #count = 0;
  #running = 0;
  /** Set where the thread never began. */
  #here: Hasher | null = null;
  #lost = false;

  constructor(options: HashingOptions) {
    this.#patienceMs = options.patienceMs ?? patienceMs;
    this.#worker = new Worker(options.program ?? program, {
      workerData: this.#shared,
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64 },
    });
    this.#worker.unref();
    // That it has ended is noticed by its silence.
    this.#worker.on("error", () => {});
  }

  get works(): boolean {
    return this.#here === null && !this.#lost;
  }

  begin(algorithm: DigestAlgorithm): RunningHash {
    const id = this.#count;
    this.#count += 1;
    this.#running += 1;
    slabs.share(true);
    this.#post({ kind: "begin", id, algorithm }, null);
    const running: RunningHash = {
      update: (given) => {
        this.#post({ kind: "bytes", id, ...asMessage(given) }, given);
        this.#wait(() => this.#behind <= mostBehind);
        return running;
      },
      digest: (encoding) => this.#digest(id, algorithm).toString(encoding),
    };
    return running;
  }

  #digest(id: number, algorithm: DigestAlgorithm): Buffer {
    this.#post({ kind: "end", id }, null);
    this.#wait(() => this.#posted.length === 0);
    this.#running -= 1;
    slabs.share(this.#running > 0);
    if (this.#lost) throw new RegctlError("INTERNAL", { what: "the thread that hashes has stopped" });
    return Buffer.from(this.#ended.slice(0, hashBytes[algorithm]));
  }

  #post(work: HashWork, chunk: Uint8Array | null): void {
    this.#here?.(work);
    if (!this.works) return;
    if (chunk !== null) slabs.keep(chunk);
    this.#behind += chunk?.byteLength ?? 0;
    this.#posted.push({ work, chunk });
    const moved = work.kind === "bytes" && work.memory instanceof ArrayBuffer ? [work.memory] : [];
    this.#worker.postMessage(work, moved);
  }

  /**
   * Stands still, and the program with it: some milliseconds, in which its connections go on in the kernel. So whoever
   * hashes need not know that it happens elsewhere.
   */
  #wait(enough: () => boolean): void {
    for (this.#settle(); !enough(); this.#settle()) {
      const { counts } = this.#shared;
      const woken = Atomics.wait(counts, countOf.done, this.#done, this.#patienceMs);
      if (woken === "timed-out" && Atomics.load(counts, countOf.done) === this.#done) this.#giveUp();
    }
  }

  #settle(): void {
    const done = Atomics.load(this.#shared.counts, countOf.done);
    while (this.#done < done && this.#posted.length > 0) this.#takeBack();
  }

  #takeBack(): void {
    const chunk = this.#posted.shift()?.chunk ?? null;
    this.#done += 1;
    if (chunk === null) return;
    this.#behind -= chunk.byteLength;
    slabs.giveBack(chunk);
  }

  /** A thread that never began has left everything here. What one has begun ends with it. */
  #giveUp(): void {
    // It may begin after all: what it says then is not looked at.
    this.#ended = new Uint8Array(new SharedArrayBuffer(hashBytes.sha512));
    if (this.#done === 0) this.#here = createHasher(this.#ended);
    else this.#lost = true;
    for (const { work, chunk } of this.#posted) {
      // What was moved to the thread is not there any more; the chunk that it was copied from is.
      const bytes = chunk === null ? {} : { memory: chunk.buffer, start: chunk.byteOffset };
      this.#here?.({ ...work, ...bytes });
    }
    while (this.#posted.length > 0) this.#takeBack();
    void this.#worker.terminate();
  }
}

/** What lies in memory of our own (it came from a file, or through a proxy) is copied. */
function asMessage(chunk: Uint8Array): Pick<HashedBytes, "memory" | "start" | "length"> {
  const { buffer, byteOffset, byteLength: length } = chunk;
  if (buffer instanceof SharedArrayBuffer) return { memory: buffer, start: byteOffset, length };
  return { memory: new Uint8Array(chunk).buffer, start: 0, length };
}
