/** npm and Node of this machine, as they are put into a clean root. */
import { execFile } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import type { Placed } from "./clean-root.ts";

const run = promisify(execFile);

/** Those of the machine: in a script of npm the clone's own Node stands first on the PATH. */
const machinePath = (process.env.PATH ?? "")
  .split(":")
  .filter((folder) => !folder.endsWith("/node_modules/.bin"))
  .join(":");

function findProgram(name: string): string | null {
  const found = machinePath.split(":").find((folder) => existsSync(`${folder}/${name}`));
  return found === undefined ? null : realpathSync(`${found}/${name}`);
}

/** Why there is no npm that could be put elsewhere; false where there is one. */
export const noNpm: string | false = /\/npm\/bin\/npm-cli\.js$/.test(findProgram("npm") ?? "")
  ? false
  : "npm is not installed as Node.js brings it";

/** npm with this Node, or with the machine's own. */
export function placeNpm(node = findProgram("node")): readonly Placed[] {
  const npm = findProgram("npm");
  if (node === null || npm === null) throw new Error("there is no npm");
  return [
    { how: "seen", from: node, to: "/usr/local/bin/node" },
    { how: "seen", from: dirname(dirname(npm)), to: "/usr/local/lib/node_modules/npm" },
  ];
}

/** The links that an installation of Node.js makes. */
export const linkNpm =
  "for name in npm npx; do ln -s ../lib/node_modules/npm/bin/$name-cli.js /usr/local/bin/$name; done";

const wanted = ["registry", "cafile", "proxy", "https-proxy", "noproxy"];

/** How this machine reaches package registries, for a place that knows nothing of its settings. */
export async function placeRegistries(): Promise<{
  readonly placed: readonly Placed[];
  readonly env: Readonly<Record<string, string>>;
}> {
  const env = { ...process.env, PATH: machinePath };
  const { stdout } = await run("npm", ["config", "list", "--json"], { env, cwd: "/" });
  const settings = Object.entries(JSON.parse(stdout) as Readonly<Record<string, unknown>>);
  const told = settings.filter(
    ([name, value]) => wanted.includes(name) && typeof value === "string" && value,
  );
  const files = [
    "/etc/resolv.conf",
    "/etc/hosts",
    ...told.flatMap(([name, value]) => (name === "cafile" ? [value] : [])),
  ];
  return {
    placed: files.map((path) => ({ how: "seen", from: String(path), to: String(path) })),
    env: Object.fromEntries(
      told.map(([name, value]) => [`npm_config_${name.replace("-", "_")}`, String(value)]),
    ),
  };
}
