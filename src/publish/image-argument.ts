/** IMAGE as it was typed: an image of the engine, or one in a file. Pure. */
import { RegctlError } from "../errors.ts";
import { type FileEndpoint, parseEndpoint } from "../transfer/endpoint.ts";

export type ImageArgument = { readonly kind: "engine"; readonly name: string } | FileEndpoint;

const archiveEnding = /\.(tar|tgz|tar\.(gz|zst))$/;

/**
 * `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:NAME:TAG]`, a path of an archive (it begins with
 * `/`, `./` or `../`, or ends like one, in lower case as no reference with a tag does), everything else an id or a
 * name. Throws USAGE.
 */
export function parseImageArgument(given: string): ImageArgument {
  if (given === "") throw new RegctlError("USAGE", { problem: "no image is named", type: "docker image ls" });
  const endpoint = parseEndpoint(given);
  if (endpoint.kind !== "registry") return endpoint;
  const isPath = /^\.{0,2}\//.test(given) || (archiveEnding.test(given) && !given.includes(":"));
  if (isPath) return { kind: "docker-archive", path: given, name: null, digest: null };
  return { kind: "engine", name: given };
}
