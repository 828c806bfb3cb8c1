/** The file that says that a folder is a registry of ours, and how what lies in it is to be read. */
import { RegctlError } from "../../errors.ts";
import { objectOf, parseJson } from "../../registry/json.ts";
import type { Durable } from "./durable.ts";
import type { StoreFiles } from "./files.ts";
import type { StorePaths } from "./paths.ts";

const format = 1;
const usualAlgorithms = ["sha256", "sha512"];

/** What stands in a new folder before the format does. */
const ours = /^(lock\..*|tmp|lost\+found)$/;

/** Throws STORAGE_FAILED when the folder is something else, or newer than this program. */
export async function checkFormat(files: StoreFiles, paths: StorePaths): Promise<"there" | "new"> {
  const refuse = (problem: string) => new RegctlError("STORAGE_FAILED", { path: paths.root, problem });
  const bytes = await files.read(paths.format);
  if (bytes === null) {
    const other = (await files.list(paths.root)).find((name) => !ours.test(name));
    if (other === undefined) return "new";
    throw refuse(`it is no registry of regctl and not empty: it holds ${JSON.stringify(other)}`);
  }
  const found = objectOf(parseJson(bytes))?.format;
  if (found === format) return "there";
  if (typeof found === "number" && found > format) throw refuse("a newer regctl has written it");
  throw refuse("its regctl-registry.json cannot be read");
}

/** Makes every folder that is missing, and removes what a run that was killed left half written. */
export async function prepareFolders(
  files: StoreFiles,
  paths: StorePaths,
  durable: Durable,
  state: "there" | "new",
): Promise<void> {
  await files.makeFolder(paths.temporary);
  for (const name of await files.list(paths.temporary)) await files.remove(`${paths.temporary}/${name}`);
  if (state === "new") {
    await durable.replace(paths.format, paths.root, Buffer.from(`${JSON.stringify({ format })}\n`));
  }
  await files.makeFolder(paths.blobs);
  for (const algorithm of usualAlgorithms) await files.makeFolder(paths.blobFolder(algorithm));
  for (const folder of [paths.repositories, paths.uploads, paths.damaged]) await files.makeFolder(folder);
  await durable.syncFolder(paths.blobs);
  await durable.syncFolder(paths.root);
}

/** With the folders above it, whose names are made durable as well. */
export async function makeRoot(files: StoreFiles, path: string): Promise<void> {
  if ((await files.stat(path)) !== null) return;
  const parent = path.slice(0, path.lastIndexOf("/")) || "/";
  if (parent !== path) await makeRoot(files, parent);
  await files.makeFolder(path);
  // Somebody else's folder may be closed to us: then its owner is whom a power cut surprises.
  await files.syncFolder(parent).catch(() => {});
}
