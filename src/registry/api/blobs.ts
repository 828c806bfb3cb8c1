import type { Readable } from "node:stream";
import { RegctlError } from "../../errors.ts";
import { parseContentRange, renderRange } from "../content-range.ts";
import type { Digest } from "../digest.ts";
import type { RegistryResponse } from "../http/send.ts";
import { repositoryScope } from "../scope.ts";
import { call, nameOf, type RegistryCall } from "./call.ts";
import type { DeleteResult } from "./manifests.ts";

export interface BlobHead {
  /** Bytes; null when the registry does not say. */
  readonly size: number | null;
}

export interface BlobRange {
  /** First byte. */
  readonly start: number;
  /** Last byte, included; to the end when left out. */
  readonly end?: number;
}

export interface FetchedBlob {
  /** Not verified yet. Fails with the system's error when the connection goes. To be read or destroyed. */
  readonly stream: Readable;
  /** Where the stream begins: 0 too where the registry does not heed ranges. */
  readonly start: number;
  /** Of the whole blob, in bytes; null when the registry does not say. */
  readonly size: number | null;
}

/** Null when there is none. */
export async function headBlob(
  registry: RegistryCall,
  repository: string,
  digest: Digest,
): Promise<BlobHead | null> {
  const response = await call(registry, "HEAD", pathOf(repository, digest), {
    scopes: [repositoryScope(repository, "pull")],
    what: blobName(registry, repository, digest),
    expect: [200, 404],
  });
  return response.status === 404 ? null : { size: lengthOf(response) };
}

/** Throws NOT_FOUND, and REGISTRY_ERROR with status 416 for a range that the blob does not have. */
export async function getBlob(
  registry: RegistryCall,
  repository: string,
  digest: Digest,
  range?: BlobRange,
): Promise<FetchedBlob> {
  const what = blobName(registry, repository, digest);
  const response = await call(registry, "GET", pathOf(repository, digest), {
    scopes: [repositoryScope(repository, "pull")],
    what,
    headers: {
      // Packed on the way it would not be the blob any more.
      "accept-encoding": "identity",
      ...(range === undefined ? {} : { range: renderRange(range.start, range.end) }),
    },
    answer: "stream",
    expect: [200, 206],
  });
  const { stream, status, url } = response;
  if (stream === null) throw new Error("a blob comes as a stream");
  if (status === 200) return { stream, start: 0, size: lengthOf(response) };
  const part = parseContentRange(response.headers["content-range"]);
  if (part === null || part.range === null || part.range.start !== range?.start) {
    stream.destroy();
    const message = `it answered with another part than was asked for (${response.headers["content-range"] ?? "none"})`;
    const request = `GET ${url.pathname}`;
    throw new RegctlError("REGISTRY_ERROR", { registry: registry.registry, request, status, message });
  }
  return { stream, start: part.range.start, size: part.size };
}

/** Takes it from this repository alone. */
export async function deleteBlob(
  registry: RegistryCall,
  repository: string,
  digest: Digest,
): Promise<Exclude<DeleteResult, "not-by-tag">> {
  const { status } = await call(registry, "DELETE", pathOf(repository, digest), {
    scopes: [repositoryScope(repository, "*")],
    what: blobName(registry, repository, digest),
    expect: [200, 202, 204, 404, 405],
  });
  if (status === 404) return "not-there";
  return status === 405 ? "off" : "deleted";
}

function lengthOf({ headers }: RegistryResponse): number | null {
  const length = Number(headers["content-length"] ?? Number.NaN);
  return Number.isSafeInteger(length) && length >= 0 ? length : null;
}

function pathOf(repository: string, digest: Digest): string {
  return `${repository}/blobs/${digest}`;
}

function blobName(registry: RegistryCall, repository: string, digest: Digest): string {
  return `${nameOf(registry, repository)}@${digest}`;
}
