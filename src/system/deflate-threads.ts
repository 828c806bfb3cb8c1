/**
 * Our own deflate on threads of its own: one and a half times as fast as zlib at its level 1 (see
 * docs/decisions/0012-our-own-deflate.md). A thread gets the next block while it packs one.
 */
import { Worker } from "node:worker_threads";
import type { CompressBlock } from "../transfer/compression/blocks.ts";
import {
  createDeflateMemory,
  type DeflateInstance,
  type DeflateMemory,
  deflateSlots,
  openDeflateInstance,
} from "./deflate-instance.ts";

export interface DeflateThreadData {
  readonly memory: DeflateMemory;
}

export interface DeflateTask {
  readonly slot: number;
  readonly before: number;
  readonly length: number;
}

interface Job {
  readonly block: Uint8Array;
  readonly before: Uint8Array;
  resolve(packed: Buffer): void;
  reject(error: unknown): void;
}

interface Thread {
  readonly worker: Worker;
  readonly bytes: Uint8Array;
  /** What it has been given, in its order, each with its slot. */
  readonly under: { readonly job: Job; readonly slot: number }[];
}

/** What a block may refer to. */
const window = 32 * 1024;
/** A millisecond's work: less than what a thread costs to start. */
const smallBlock = 128 * 1024;
/** More bytes than these pack does no engine give. */
const mostThreads = 8;

/** Megabytes: blocks lie elsewhere, and a heap takes what it is given. */
const smallHeap = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 };

/** In the package the program of a thread stands beside the others, in the sources beside this file. */
const program = new URL(
  import.meta.url.endsWith(".ts") ? "./deflate-thread.ts" : "./deflate-thread.js",
  import.meta.url,
);

/**
 * Raw deflate (RFC 1951) of blocks of up to 1 MiB, each up to the end of a byte. Threads start with the first blocks that
 * are worth it. A block must stay as it is until it has been packed.
 */
export function createDeflate(threads: number): CompressBlock {
  const most = Math.min(threads, mostThreads);
  const running: Thread[] = [];
  const queue: Job[] = [];
  let here: { readonly instance: DeflateInstance; readonly bytes: Uint8Array } | undefined;
  const openHere = () => {
    if (here === undefined) {
      const memory = createDeflateMemory();
      here = { instance: openDeflateInstance(memory), bytes: new Uint8Array(memory.buffer) };
    }
    return here;
  };

  const pack = ({ block, before, resolve }: Job): void => {
    const { instance, bytes } = openHere();
    place(bytes, instance, 0, before, block);
    resolve(take(bytes, instance, 0, instance.deflate(0, before.length, block.length)));
  };

  const give = (thread: Thread, job: Job): void => {
    const slot = thread.under[0]?.slot === 0 ? 1 : 0;
    thread.under.push({ job, slot });
    place(thread.bytes, openHere().instance, slot, job.before, job.block);
    // It keeps the process alive only while somebody waits for it.
    thread.worker.ref();
    const task: DeflateTask = { slot, before: job.before.length, length: job.block.length };
    thread.worker.postMessage(task);
  };

  const start = (): Thread => {
    const memory = createDeflateMemory();
    const data: DeflateThreadData = { memory };
    const worker = new Worker(program, { workerData: data, resourceLimits: smallHeap });
    const thread: Thread = { worker, bytes: new Uint8Array(memory.buffer), under: [] };
    worker.on("message", (length: number) => {
      const done = thread.under.shift();
      if (done === undefined) return;
      done.job.resolve(take(thread.bytes, openHere().instance, done.slot, length));
      const next = queue.shift();
      if (next !== undefined) give(thread, next);
      else if (thread.under.length === 0) worker.unref();
    });
    worker.on("error", (error) => {
      running.splice(running.indexOf(thread), 1);
      for (const { job } of thread.under.splice(0)) job.reject(error);
      // With nobody left to take them they would wait for ever.
      if (running.length === 0) for (const job of queue.splice(0)) job.reject(error);
    });
    running.push(thread);
    return thread;
  };

  const dispatch = (job: Job): void => {
    const idle = running.find(({ under }) => under.length === 0);
    const free = running.find(({ under }) => under.length < deflateSlots);
    if (idle !== undefined) give(idle, job);
    else if (running.length < most) give(start(), job);
    else if (free !== undefined) give(free, job);
    else queue.push(job);
  };

  return (block, before) => {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const end = before === null ? new Uint8Array(0) : before.subarray(Math.max(0, before.length - window));
    const job: Job = { block, before: end, resolve, reject };
    if (block.length < smallBlock) pack(job);
    else dispatch(job);
    return promise;
  };
}

function place(
  bytes: Uint8Array,
  { inputOf }: DeflateInstance,
  slot: number,
  before: Uint8Array,
  block: Uint8Array,
): void {
  bytes.set(before, inputOf(slot));
  bytes.set(block, inputOf(slot) + before.length);
}

/** A copy: the slot is used again. */
function take(bytes: Uint8Array, { outputOf }: DeflateInstance, slot: number, length: number): Buffer {
  const packed = Buffer.allocUnsafeSlow(length);
  packed.set(bytes.subarray(outputOf(slot), outputOf(slot) + length));
  return packed;
}
