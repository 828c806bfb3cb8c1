/** regctl as an installed package: no sources beside the program, so the bundle runs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundle } from "../../scripts/build.ts";
import { watchMemory } from "./child-memory.ts";

const checkout = resolve(import.meta.dirname, "../..");

export interface Installed extends AsyncDisposable {
  readonly home: string;
  readonly program: string;
  /** Runs it to its end, which must be a good one. Gives what it said on standard error. */
  run(args: readonly string[]): Promise<string>;
  /** Most resident bytes of all runs so far. */
  readonly peak: () => number;
}

/** `env`: added to its environment. Without it, there is no engine. */
export async function installRegctl(env: Readonly<Record<string, string>> = {}): Promise<Installed> {
  const home = await mkdtemp(join(tmpdir(), "regctl-bench-"));
  for (const part of ["bin", "package.json"]) {
    await cp(join(checkout, part), join(home, "package", part), { recursive: true });
  }
  await bundle(join(home, "package", "dist"));
  const program = join(home, "package", "bin", "run.js");
  let highest = 0;
  return {
    home,
    program,
    run: async (args) => {
      const child = spawn(process.execPath, [program, ...args], {
        env: { PATH: process.env.PATH, HOME: home, DOCKER_HOST: `unix://${home}/none.sock`, ...env },
        stdio: ["ignore", "ignore", "pipe"],
      });
      const memory = watchMemory(child.pid);
      let said = "";
      child.stderr.on("data", (chunk) => (said += chunk));
      const [code] = await once(child, "close");
      highest = Math.max(highest, memory.peak());
      if (code !== 0) throw new Error(`regctl ${args.join(" ")}: exit ${code}: ${said}`);
      return said;
    },
    peak: () => highest,
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}
