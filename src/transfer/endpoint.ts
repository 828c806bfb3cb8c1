/** What is copied and whereto, as typed: an image of a registry, or one in a file. Pure. */
import { RegctlError } from "../errors.ts";
import type { ImageFileKind } from "../layout/image-files.ts";
import { type Digest, isDigest, problemOfDigest } from "../registry/digest.ts";

export type EndpointText =
  /** By the rules of references, default registry included. */
  { readonly kind: "registry"; readonly text: string } | FileEndpoint;

export interface FileEndpoint {
  readonly kind: ImageFileKind;
  readonly path: string;
  /** Behind the path: what the image is called there; null where nothing is said. */
  readonly name: string | null;
  /** `oci:DIR@sha256:…`: the manifest of that digest. */
  readonly digest: Digest | null;
}

const kinds: readonly ImageFileKind[] = ["oci", "oci-archive", "docker-archive"];

/**
 * `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:NAME:TAG]`, everything else a reference. The path
 * ends at its first colon, as with skopeo. Throws USAGE.
 */
export function parseEndpoint(given: string): EndpointText {
  const colon = given.indexOf(":");
  const kind = kinds.find((each) => colon > 0 && each === given.slice(0, colon));
  if (kind === undefined) return { kind: "registry", text: given };
  return parseFile(kind, given.slice(colon + 1));
}

function parseFile(kind: ImageFileKind, rest: string): FileEndpoint {
  const at = kind === "docker-archive" ? -1 : rest.lastIndexOf("@");
  const digest = at < 0 ? null : rest.slice(at + 1);
  const named = at < 0 ? rest : rest.slice(0, at);
  const colon = named.indexOf(":");
  const path = colon < 0 ? named : named.slice(0, colon);
  const name = colon < 0 ? null : named.slice(colon + 1);
  const problem = problemOf(path, name, digest);
  if (problem !== null) throw new RegctlError("USAGE", { problem, type: usage[kind] });
  return { kind, path, name, digest: digest !== null && isDigest(digest) ? digest : null };
}

function problemOf(path: string, name: string | null, digest: string | null): string | null {
  if (path === "") return "no file is named";
  if (name === "") return "nothing stands behind the last colon";
  return digest === null ? null : problemOfDigest(digest);
}

const usage: Readonly<Record<ImageFileKind, string>> = {
  oci: "oci:DIR[:TAG]",
  "oci-archive": "oci-archive:FILE[:TAG]",
  "docker-archive": "docker-archive:FILE[:NAME:TAG]",
};

/** As it is shown. */
export function renderFileEndpoint({ kind, path, name, digest }: FileEndpoint): string {
  return `${kind}:${path}${name === null ? "" : `:${name}`}${digest === null ? "" : `@${digest}`}`;
}

const tagOfName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** The tag that a name of an image in a file stands for: `1.0` of `reg.example/app:1.0` and of `1.0`; null for none. */
export function tagOf(name: string): string | null {
  const last = name.slice(name.lastIndexOf("/") + 1);
  const tag = last.includes(":") ? last.slice(last.lastIndexOf(":") + 1) : last === name ? name : "";
  return tagOfName.test(tag) ? tag : null;
}
