/** docker-registry 2.8.2 of Debian, which the lab's hosts have: it runs on this machine as it is. */
import { execFile } from "node:child_process";
import { glob } from "node:fs/promises";
import { promisify } from "node:util";
import { cacheFolder } from "../lab/base-root.ts";

const run = promisify(execFile);

export const withoutDockerRegistry =
  "no docker-registry, neither on the PATH nor in a host of the lab (npm run test:lab makes them)";

/** The path of the program, or null. */
export async function findDockerRegistry(): Promise<string | null> {
  const candidates = ["docker-registry"];
  for await (const path of glob(`${cacheFolder()}/systemd-*/root/usr/bin/docker-registry`))
    candidates.push(path);
  for (const program of candidates) {
    if (
      await run(program, ["--version"]).then(
        () => true,
        () => false,
      )
    )
      return program;
  }
  return null;
}
