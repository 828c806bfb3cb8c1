/** The thread of `bcrypt.ts`: a password and a hash in, yes or no out. The only importer of bcryptjs. */
import { parentPort } from "node:worker_threads";
import { compareSync } from "bcryptjs";

interface Asked {
  readonly id: number;
  readonly password: string;
  readonly hash: string;
}

parentPort?.on("message", ({ id, password, hash }: Asked) => {
  try {
    parentPort?.postMessage({ id, right: compareSync(password, hash), problem: null });
  } catch (error) {
    parentPort?.postMessage({ id, right: false, problem: String(error) });
  }
});
