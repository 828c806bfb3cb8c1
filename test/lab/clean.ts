/** `node test/lab/clean.ts`: ends every lab host of this machine, also those of running tests. Keeps the cache. */
import { removeLeftovers } from "./claims.ts";

const removed = await removeLeftovers("all");
process.stdout.write(`removed ${removed.length} lab hosts\n`);
