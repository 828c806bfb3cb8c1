/** `/v2/NAME/manifests/TAG-OR-DIGEST` (end-3, end-9): read and deleted. `put-manifest.ts` takes them in. */
import { type Digest, parseDigest } from "../../registry/digest.ts";
import { problemOfTag } from "../../registry/reference-grammar.ts";
import type { Handler, Methods } from "../core.ts";
import { entityTagOf, matchesEntityTag } from "../entity-tag.ts";
import type { ServerResponse } from "../message.ts";
import { commonHeaders, empty, refuse } from "../response.ts";
import { badDigest } from "./blobs.ts";
import { putManifest } from "./put-manifest.ts";

/** What the client accepts is not asked: a manifest is what it is, and converted its digest would be another. */
const get: Handler = async ({ storage }, { headers, method }, { repository, reference }) => {
  if (reference.includes(":") && parseDigest(reference) === null) return badDigest(reference);
  const isDigest = reference.includes(":");
  if (!isDigest && problemOfTag(reference) !== null) return unknownManifest(repository, reference);
  const manifest = await storage.getManifest(repository, reference);
  if (manifest === null) return unknownManifest(repository, reference);
  const { bytes, digest, mediaType } = manifest;
  if (matchesEntityTag(headers["if-none-match"], digest)) return empty(304, namedBy(digest, isDigest));
  return {
    status: 200,
    headers: {
      ...commonHeaders,
      "content-type": mediaType,
      "content-length": String(bytes.length),
      ...namedBy(digest, isDigest),
    },
    body: method === "HEAD" ? null : bytes,
  };
};

const remove: Handler = async ({ storage }, _request, { repository, reference }) => {
  const digest = parseDigest(reference);
  if (digest === null && reference.includes(":")) return badDigest(reference);
  if (digest === null && problemOfTag(reference) !== null) return unknownManifest(repository, reference);
  const removed = await (digest === null
    ? storage.deleteTag(repository, reference)
    : storage.deleteManifest(repository, digest));
  return removed ? empty(202) : unknownManifest(repository, reference);
};

export const manifests: Methods = { GET: get, HEAD: get, PUT: putManifest, DELETE: remove };

function unknownManifest(repository: string, reference: string): ServerResponse {
  const detail = { name: repository, reference: reference.slice(0, 200) };
  return refuse(404, "MANIFEST_UNKNOWN", "this repository holds no such manifest", { detail });
}

function namedBy(digest: Digest, forEver: boolean) {
  return {
    "docker-content-digest": digest,
    etag: entityTagOf(digest),
    "cache-control": forEver ? "max-age=31536000, immutable" : "no-cache",
  };
}
