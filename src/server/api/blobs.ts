/** `/v2/NAME/blobs/DIGEST` (end-2, end-10): content, whole or in part. */
import { type Digest, parseDigest, problemOfDigest } from "../../registry/digest.ts";
import { type Part, parseRange } from "../byte-range.ts";
import type { Handler, Methods } from "../core.ts";
import { entityTagOf, matchesEntityTag } from "../entity-tag.ts";
import type { ServerRequest, ServerResponse, Slice } from "../message.ts";
import { commonHeaders, empty, refuse } from "../response.ts";
import type { Route } from "../route.ts";
import type { BlobReader } from "../storage.ts";

const head: Handler = (core, request, route) =>
  withDigest(route, async (digest) => {
    const size = await core.storage.blobSize(route.repository, digest);
    if (size === null) return unknownBlob(digest);
    if (matchesEntityTag(request.headers["if-none-match"], digest)) return empty(304, namedBy(digest));
    return { status: 200, headers: headersOf(digest, size), body: null };
  });

const get: Handler = (core, request, route) =>
  withDigest(route, async (digest) => {
    if (matchesEntityTag(request.headers["if-none-match"], digest)) return head(core, request, route);
    const reader = await core.storage.openBlob(route.repository, digest);
    return reader === null ? unknownBlob(digest) : send(request, digest, reader);
  });

const remove: Handler = (core, _request, route) =>
  withDigest(route, async (digest) => {
    const removed = await core.storage.unlinkBlob(route.repository, digest);
    return removed ? empty(202) : unknownBlob(digest);
  });

export const blobs: Methods = { GET: get, HEAD: head, DELETE: remove };

function withDigest(
  { reference }: Route,
  use: (digest: Digest) => Promise<ServerResponse>,
): Promise<ServerResponse> {
  const digest = parseDigest(reference);
  return digest === null ? Promise.resolve(badDigest(reference)) : use(digest);
}

export function badDigest(text: string): ServerResponse {
  return refuse(400, "DIGEST_INVALID", problemOfDigest(text) ?? "it is no digest");
}

function unknownBlob(digest: Digest): ServerResponse {
  return refuse(404, "BLOB_UNKNOWN", "this repository holds no such blob", { detail: { digest } });
}

async function send(request: ServerRequest, digest: Digest, reader: BlobReader): Promise<ServerResponse> {
  const part = parseRange(wantedRange(request, digest), reader.size);
  if (part === "unsatisfiable") {
    await reader.close();
    const headers = { "content-range": `bytes */${reader.size}` };
    return refuse(416, "SIZE_INVALID", `the blob has ${reader.size} bytes`, { headers });
  }
  if (part === "whole") {
    const body = sliceOf(reader, { start: 0, length: reader.size });
    return { status: 200, headers: headersOf(digest, reader.size), body };
  }
  const last = part.start + part.length - 1;
  return {
    status: 206,
    headers: {
      ...headersOf(digest, part.length),
      "content-range": `bytes ${part.start}-${last}/${reader.size}`,
    },
    body: sliceOf(reader, part),
  };
}

/** `If-Range` with anything but this content's tag asks for the whole (RFC 9110 §13.1.5). */
function wantedRange({ headers }: ServerRequest, digest: Digest): string | undefined {
  const condition = headers["if-range"];
  return condition === undefined || condition.trim() === entityTagOf(digest) ? headers.range : undefined;
}

function namedBy(digest: Digest) {
  return {
    "docker-content-digest": digest,
    etag: entityTagOf(digest),
    "cache-control": "max-age=31536000, immutable",
  };
}

function headersOf(digest: Digest, length: number) {
  return {
    ...commonHeaders,
    "content-type": "application/octet-stream",
    "content-length": String(length),
    "accept-ranges": "bytes",
    ...namedBy(digest),
  };
}

function sliceOf(reader: BlobReader, { start, length }: Part): Slice {
  return {
    kind: "slice",
    length,
    read: (target, position) => {
      const left = length - position;
      const wanted = target.length > left ? target.subarray(0, Math.max(0, left)) : target;
      return reader.read(wanted, start + position);
    },
    close: () => reader.close(),
  };
}
