/** Blobs on their way in: begun, sent as a whole or in chunks, ended by their digest. */
import { RegctlError } from "../../errors.ts";
import { parseUploadedBytes, renderChunkRange } from "../content-range.ts";
import { type Digest, parseDigest } from "../digest.ts";
import type { RegistryRequest, RegistryResponse } from "../http/send.ts";
import { isStreamed } from "../http/send.ts";
import { resolveLocation } from "../location.ts";
import { repositoryScope } from "../scope.ts";
import { call, nameOf, type RegistryCall } from "./call.ts";

/** Plain data: it can be kept, to go on with another time. */
export interface Upload {
  readonly repository: string;
  /** Where the next request goes; a new one comes with every answer. */
  readonly url: string;
  /** Bytes that the registry holds. */
  readonly offset: number;
  /** No chunk but the last may be smaller; null when the registry does not say. */
  readonly leastChunk: number | null;
}

export type Body = Exclude<RegistryRequest["body"], undefined>;

/** A registry may read all it has got, to check it or to put it in its place, before it answers. */
const longestCommitMs = 15 * 60_000;
const shortestCommitMs = 60_000;
/** As slow as a store is that is still at work. */
const commitBytesPerMs = 2 * 1024;
/** What arrives in the middle it keeps as it comes. */
const partTimeoutMs = 2 * 60_000;

export async function startUpload(registry: RegistryCall, repository: string): Promise<Upload> {
  return uploadOf(await post(registry, repository, {}, [202]), repository, 0);
}

/**
 * Links a blob that the registry has already. `from`: the repository that holds it; null lets the registry look
 * for itself, which few do. An upload when it does not, to be used or cancelled.
 */
export async function mountBlob(
  registry: RegistryCall,
  repository: string,
  digest: Digest,
  from: string | null,
): Promise<"mounted" | Upload> {
  const response = await post(registry, repository, { mount: digest, from }, [201, 202]);
  return response.status === 201 ? "mounted" : uploadOf(response, repository, 0);
}

function post(
  registry: RegistryCall,
  repository: string,
  { mount = null, from = null }: { readonly mount?: Digest | null; readonly from?: string | null },
  expect: readonly number[],
): Promise<RegistryResponse> {
  const url = new URL(`/v2/${repository}/blobs/uploads/`, registry.base);
  if (mount !== null) url.searchParams.set("mount", mount);
  if (from !== null) url.searchParams.set("from", from);
  const source = from === null || from === repository ? [] : [repositoryScope(from, "pull")];
  return call(registry, "POST", url, {
    scopes: [repositoryScope(repository, "pull", "push"), ...source],
    what: nameOf(registry, repository),
    expect,
  });
}

/**
 * Sends bytes that follow those which are there. With `chunk` their place is said, which some registries check.
 * Throws REGISTRY_ERROR with the status, of which 413 (too long), 416 (another offset) and 404 (gone) mean something.
 */
export async function patchUpload(
  registry: RegistryCall,
  upload: Upload,
  body: Body,
  chunk: boolean,
): Promise<Upload> {
  const length = isStreamed(body) ? body.length : body.length;
  const place = chunk && length !== null ? { "content-range": renderChunkRange(upload.offset, length) } : {};
  const response = await call(registry, "PATCH", new URL(upload.url), {
    ...common(registry, upload),
    headers: { "content-type": "application/octet-stream", ...place },
    body,
    repeatable: false,
    headersTimeoutMs: partTimeoutMs,
    // 202 by the specification; ECR says 201.
    expect: [200, 201, 202, 204],
  });
  return uploadOf(response, upload.repository, upload.offset + (length ?? 0), upload);
}

/** Ends it, with the last or all of its bytes or none. Returns the digest that the registry keeps it under. */
export async function putUpload(
  registry: RegistryCall,
  upload: Upload,
  digest: Digest,
  body?: Body,
): Promise<Digest> {
  const url = new URL(upload.url);
  url.searchParams.set("digest", digest);
  const { headers } = await call(registry, "PUT", url, {
    ...common(registry, upload),
    headers: { "content-type": "application/octet-stream" },
    ...(body === undefined ? {} : { body }),
    repeatable: false,
    headersTimeoutMs: commitTimeoutMs(upload.offset + lengthOf(body)),
    expect: [200, 201, 202, 204],
  });
  return parseDigest(headers["docker-content-digest"]) ?? digest;
}

/** Milliseconds for so many bytes; a body of a length that nobody knows has the longest. Pure. */
export function commitTimeoutMs(bytes: number): number {
  return Math.min(longestCommitMs, shortestCommitMs + Math.ceil(bytes / commitBytesPerMs));
}

function lengthOf(body: Body | undefined): number {
  if (body === undefined) return 0;
  return (isStreamed(body) ? body.length : body.length) ?? Number.POSITIVE_INFINITY;
}

/** How far it has come; null when the registry does not know it any more. */
export async function uploadStatus(registry: RegistryCall, upload: Upload): Promise<Upload | null> {
  const response = await call(registry, "GET", new URL(upload.url), {
    ...common(registry, upload),
    expect: [200, 204, 404],
  });
  return response.status === 404 ? null : uploadOf(response, upload.repository, upload.offset, upload);
}

/** An upload that is not there any more is as good as cancelled; so is one that the registry keeps for itself. */
export async function cancelUpload(registry: RegistryCall, upload: Upload): Promise<void> {
  const options = { ...common(registry, upload), expect: [200, 202, 204, 400, 404, 405] };
  await call(registry, "DELETE", new URL(upload.url), options);
}

function common(registry: RegistryCall, { repository }: Upload) {
  return {
    scopes: [repositoryScope(repository, "pull", "push")],
    what: nameOf(registry, repository),
  };
}

function uploadOf(response: RegistryResponse, repository: string, offset: number, before?: Upload): Upload {
  const { headers, url, status } = response;
  const told = headers.location === undefined ? null : resolveLocation(headers.location, url);
  const next = told?.href ?? before?.url;
  if (next === undefined) {
    const request = `POST ${url.pathname}`;
    const message = "it began an upload and did not say where";
    throw new RegctlError("REGISTRY_ERROR", { registry: url.host, request, status, message });
  }
  const least = Number(headers["oci-chunk-min-length"] ?? Number.NaN);
  return {
    repository,
    url: next,
    offset: parseUploadedBytes(headers.range) ?? offset,
    leastChunk: Number.isSafeInteger(least) && least > 0 ? least : (before?.leastChunk ?? null),
  };
}
