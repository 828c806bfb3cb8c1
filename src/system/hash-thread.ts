/** The thread of `hashing.ts`: hashes what lies in memory that it shares with the program. */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { countOf, createHasher, type HashShared, type HashWork } from "./hash-work.ts";

function answer(port: NonNullable<typeof parentPort>, { counts, digest }: HashShared): void {
  const hash = createHasher(digest);
  const work = (one: HashWork): void => {
    hash(one);
    Atomics.add(counts, countOf.done, 1);
    Atomics.notify(counts, countOf.done);
  };
  port.on("message", (first: HashWork) => {
    work(first);
    // An event for each of them would cost more than the message.
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
      work(next.message);
  });
}

if (parentPort !== null) answer(parentPort, workerData);
