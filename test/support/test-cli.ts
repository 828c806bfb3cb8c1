/** regctl against registries of the tests: in a home of its own, with its document at hand. */
import assert from "node:assert/strict";
import { type CliRun, runCli } from "./run-cli.ts";
import { createTempHome } from "./temp-home.ts";

interface RunOptions {
  readonly timeoutMs?: number;
  /** Besides that of every run. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface TestCli extends AsyncDisposable {
  /** Its home, in which files of a test may lie too. */
  readonly home: string;
  run(args: readonly string[], options?: RunOptions): Promise<CliRun>;
  /** The document of a run that ends well. */
  document(...args: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
  /** Exit and error code of a run that does not. */
  failure(...args: readonly string[]): Promise<readonly [number | null, unknown]>;
}

export async function openCli(env: Readonly<Record<string, string>> = {}): Promise<TestCli> {
  const home = await createTempHome();
  const run: TestCli["run"] = (args, { timeoutMs = 60_000, env: more } = {}) =>
    runCli(args, {
      env: { HOME: home.path, DOCKER_HOST: `unix://${home.path}/none.sock`, ...env, ...more },
      cwd: home.path,
      timeoutMs,
    });
  const json = (args: readonly string[]) => run([...args, "--json", "--progress", "none"]);
  return {
    home: home.path,
    run,
    document: async (...args) => {
      const { code, stdout, stderr } = await json(args);
      assert.equal(code, 0, `regctl ${args.join(" ")}: ${stdout}${stderr}`);
      return JSON.parse(stdout);
    },
    failure: async (...args) => {
      const { code, stdout } = await json(args);
      const document = JSON.parse(stdout);
      return [code, document.error?.code ?? document.items?.[0]?.error?.code];
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

/** The items of a list, of which a test reads single fields. */
export function itemsOf(
  document: Readonly<Record<string, unknown>>,
): readonly Readonly<Record<string, unknown>>[] {
  const { items } = document;
  assert.ok(Array.isArray(items));
  return items;
}
