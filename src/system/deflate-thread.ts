/** A thread of `deflate-threads.ts`: blocks lie in the memory that both see, their lengths come and go as messages. */
import { parentPort, workerData } from "node:worker_threads";
import { openDeflateInstance } from "./deflate-instance.ts";
import type { DeflateTask, DeflateThreadData } from "./deflate-threads.ts";

const { memory }: DeflateThreadData = workerData;
const instance = openDeflateInstance(memory);

parentPort?.on("message", ({ slot, before, length }: DeflateTask) => {
  parentPort?.postMessage(instance.deflate(slot, before, length));
});
