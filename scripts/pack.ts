/**
 * Makes the package that is published: the bundle needs nothing installed, so its package.json asks for nothing. What
 * a clone needs (dependencies, a Node of its own, scripts) stays in the clone.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bundle } from "./build.ts";

const repository = fileURLToPath(new URL("..", import.meta.url));

const ofTheClone = ["dependencies", "devDependencies", "optionalDependencies", "scripts"];

/** The text of the published package.json, from that of the clone. */
export function renderPackageJson(text: string): string {
  const fields = Object.entries(JSON.parse(text)).filter(([name]) => !ofTheClone.includes(name));
  return `${JSON.stringify(Object.fromEntries(fields), null, 2)}\n`;
}

/** Writes the package's files into `folder`, which is there. */
export async function stagePackage(folder: string): Promise<void> {
  const text = await readFile(join(repository, "package.json"), "utf8");
  const { files } = JSON.parse(text) as { readonly files: readonly string[] };
  await bundle(join(folder, "dist"));
  for (const name of files.filter((file) => file !== "dist")) {
    await cp(join(repository, name), join(folder, name), { recursive: true });
  }
  await writeFile(join(folder, "package.json"), renderPackageJson(text));
}

/** Makes the tarball in `destination` and returns its path. */
export async function packPackage(destination: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "regctl-pack-"));
  try {
    await stagePackage(folder);
    const args = ["pack", "--silent", "--ignore-scripts", "--pack-destination", destination];
    const { stdout } = await promisify(execFile)("npm", args, { cwd: folder });
    return join(destination, stdout.trim());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const destination = join(repository, "dist");
  await mkdir(destination, { recursive: true });
  process.stdout.write(`${await packPackage(destination)}\n`);
}
