/**
 * What a request is about, read off its path while that is still percent-encoded. Repository names hold slashes, so a
 * path is cut from its end. Pure, and without a list of expressions to try: every request comes through here.
 */
import { problemOfRepository } from "../registry/reference-grammar.ts";

/** Kinds of things that are addressed; `api/` has one file for each. */
export type Resource =
  | "base"
  | "catalog"
  | "tags"
  | "manifest"
  | "blob"
  | "uploads"
  | "upload"
  | "referrers"
  | "v1-ping"
  | "v1-search"
  | "welcome";

export interface Route {
  readonly resource: Resource;
  /** Valid; empty where the resource belongs to no repository. */
  readonly repository: string;
  /** Tag, digest or id of an upload as the client wrote it, unjudged; empty for the others. */
  readonly reference: string;
}

export interface NoRoute {
  readonly refused: "unknown" | "name" | "too-long" | "encoding";
  readonly reason: string;
}

/** Name 255, digest of sha512 136, and what stands between them. */
const longestPath = 1024;

const fixed: Readonly<Record<string, Route>> = {
  "/": { resource: "welcome", repository: "", reference: "" },
  "/v2/": { resource: "base", repository: "", reference: "" },
  "/v2": { resource: "base", repository: "", reference: "" },
  "/v2/_catalog": { resource: "catalog", repository: "", reference: "" },
  "/v1/_ping": { resource: "v1-ping", repository: "", reference: "" },
  "/v1/search": { resource: "v1-search", repository: "", reference: "" },
};

const byFolder: Readonly<Record<string, Resource>> = {
  manifests: "manifest",
  blobs: "blob",
  referrers: "referrers",
};

const prefix = "/v2/";
const tagsSuffix = "/tags/list";
const uploadsSuffix = "/blobs/uploads";

const unknown: NoRoute = { refused: "unknown", reason: "there is nothing at this path" };

export function parseRoute(path: string): Route | NoRoute {
  if (path.length > longestPath) {
    return { refused: "too-long", reason: `a path has at most ${longestPath} characters` };
  }
  if (Object.hasOwn(fixed, path)) return fixed[path] ?? unknown;
  if (!path.startsWith(prefix)) return unknown;
  if (path.endsWith(tagsSuffix)) return routeOf("tags", path.slice(prefix.length, -tagsSuffix.length), "");
  const last = path.lastIndexOf("/");
  const reference = path.slice(last + 1);
  const before = path.slice(0, last);
  if (before.endsWith(uploadsSuffix)) {
    const name = before.slice(prefix.length, -uploadsSuffix.length);
    return routeOf(reference === "" ? "uploads" : "upload", name, reference);
  }
  // Without its last slash, as some clients write it.
  if (path.endsWith(uploadsSuffix)) {
    return routeOf("uploads", path.slice(prefix.length, -uploadsSuffix.length), "");
  }
  const folder = before.lastIndexOf("/");
  const name = before.slice(folder + 1);
  const resource = Object.hasOwn(byFolder, name) ? byFolder[name] : undefined;
  if (resource === undefined || reference === "") return unknown;
  return routeOf(resource, before.slice(prefix.length, folder), reference);
}

function routeOf(resource: Resource, repository: string, reference: string): Route | NoRoute {
  // Before anything else: a name is never decoded, so that no proxy and no disk reads another one.
  const problem = problemOfRepository(repository);
  if (problem !== null) return { refused: "name", reason: problem.problem };
  if (!reference.includes("%")) return { resource, repository, reference };
  // Some clients encode the colon of a digest.
  const decoded = decode(reference);
  if (decoded === null) return { refused: "encoding", reason: "its percent-encoding cannot be read" };
  return { resource, repository, reference: decoded };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
