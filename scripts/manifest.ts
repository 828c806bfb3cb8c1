/** Writes oclif.manifest.json from the command classes: sorted, so that the same commands give the same bytes. */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Plugin } from "@oclif/core/config";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What only oclif's own loader would need, and what differs between machines. */
const left = new Set(["pluginAlias", "pluginName", "pluginType", "isESM", "relativePath", "hasDynamicHelp"]);

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([key]) => !left.has(key));
  return Object.fromEntries(
    entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      // The order of arguments is that of the command line.
      .map(([key, item]) => [key, key === "args" ? inOrder(item) : sorted(item)]),
  );
}

function inOrder(args: unknown): unknown {
  if (args === null || typeof args !== "object") return args;
  return Object.fromEntries(Object.entries(args).map(([name, arg]) => [name, sorted(arg)]));
}

/** The text that oclif.manifest.json should have. */
export async function readManifestText(): Promise<string> {
  const pjson = JSON.parse(await readFile(`${root}/package.json`, "utf8"));
  const plugin = new Plugin({ root, pjson, isRoot: true, ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
  const { commands, version } = plugin.manifest;
  return `${JSON.stringify({ commands: sorted(commands), version }, null, 2)}\n`;
}

if (import.meta.main) await writeFile(`${root}/oclif.manifest.json`, await readManifestText());
