/** A home folder of its own for one test, gone when the test is over. */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TempHome extends AsyncDisposable {
  readonly path: string;
}

/** `await using home = await createTempHome()` removes it also when the test fails. */
export async function createTempHome(): Promise<TempHome> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "regctl-test-")));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
