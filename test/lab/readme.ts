/** README.md as a stranger reads it: what is typed, section by section, in a clone of what is committed here. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { repository } from "../support/run-cli.ts";

/** Lines of the `sh` blocks below the heading, in their order, each without the comment behind it. */
export async function readTypedLines(heading: string): Promise<readonly string[]> {
  const page = await readFile(`${repository}/README.md`, "utf8");
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`README.md has no section ${heading}`);
  const blocks = [...section.matchAll(/^```sh\n(.*?)^```/gms)].map(([, text = ""]) => text);
  return blocks.flatMap((text) => text.trim().split("\n"));
}

/** Makes the folder. What is not committed is not in it. */
export async function cloneRepository(folder: string): Promise<void> {
  await promisify(execFile)("git", ["clone", "--quiet", "--depth", "1", `file://${repository}`, folder]);
}
