/** A file typed where the name of an image in a registry is wanted. */
import { basename, dirname, resolve } from "node:path";
import { RegctlError } from "../errors.ts";
import { quoteLine } from "../explain/quote.ts";
import type { Files } from "../ports.ts";

/** What is no name and looks like a place; archives are files of these endings. */
const place = /^(\.{1,2}\/|\/)/;
const archiveEnding = /\.(tar|tgz|tar\.(gz|zst))$/;

/**
 * `takesFiles`: the command reads and writes images in files as well, with the kind of the file before its path.
 * @throws RegctlError BAD_REFERENCE with the line that was meant
 */
export async function refuseFile(
  given: string,
  takesFiles: boolean,
  files: Pick<Files, "list">,
): Promise<void> {
  if (!place.test(given) && !archiveEnding.test(given)) return;
  const kind = await kindAt(given, files);
  if (kind === null && !place.test(given)) return;
  const image = kind === "folder" ? `oci:${given}` : `docker-archive:${given}`;
  throw new RegctlError("BAD_REFERENCE", {
    given,
    problem: takesFiles
      ? "a file or folder is written with its kind before it"
      : `it is a ${kind ?? "file"}, and the name of an image in a registry is wanted`,
    type: takesFiles ? image : `Publish it first: ${quoteLine(["regctl", "publish", image, "NAME:TAG"])}`,
    more: takesFiles ? ["The kinds are docker-archive:FILE, oci-archive:FILE and oci:DIR"] : [],
  });
}

/** Null for what is not there. A relative path begins where the command was typed. */
async function kindAt(given: string, files: Pick<Files, "list">): Promise<"file" | "folder" | null> {
  const path = resolve(given);
  const list = (folder: string) => files.list(folder).catch((): readonly string[] => []);
  if ((await list(path)).length > 0) return "folder";
  return (await list(dirname(path))).includes(basename(path)) ? "file" : null;
}
