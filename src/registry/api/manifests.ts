import { isRegctlError, RegctlError } from "../../errors.ts";
import { algorithmOf, compareDigests, computeDigest, type Digest, parseDigest } from "../digest.ts";
import type { RegistryResponse } from "../http/send.ts";
import { mostManifestBytes } from "../manifest.ts";
import { acceptManifests, manifestKindOf, mediaTypeOf } from "../media-types.ts";
import { repositoryScope } from "../scope.ts";
import { verifyBytes } from "../verify.ts";
import { answerError, codesOf } from "./answer-error.ts";
import { call, nameOf, type RegistryCall } from "./call.ts";

export interface FetchedManifest {
  readonly bytes: Buffer;
  /** As the registry sent it; may be empty or wrong: `parseManifest` judges. */
  readonly contentType: string;
  /** Computed from the bytes, except of schema 1, whose signature does not count. */
  readonly digest: Digest;
}

export interface ManifestHead {
  readonly contentType: string;
  readonly digest: Digest;
  /** Bytes; null when the registry does not say. */
  readonly size: number | null;
}

export interface PushedManifest {
  readonly digest: Digest;
  /** The registry keeps the list of referrers of this digest itself. */
  readonly subject: Digest | null;
}

/** `off`: the registry has deletion switched off. `not-by-tag`: it deletes by digest alone. */
export type DeleteResult = "deleted" | "not-there" | "off" | "not-by-tag";

/** `key` is a tag or a digest. Throws NOT_FOUND, DIGEST_MISMATCH. */
export async function getManifest(
  registry: RegistryCall,
  repository: string,
  key: string,
): Promise<FetchedManifest> {
  const what = manifestName(registry, repository, key);
  const response = await call(registry, "GET", pathOf(repository, key), {
    scopes: [repositoryScope(repository, "pull")],
    what,
    headers: { accept: acceptManifests },
    answer: mostManifestBytes,
    expect: [200],
  });
  const contentType = response.headers["content-type"] ?? "";
  return { bytes: response.bytes, contentType, digest: digestOf(response, key, what) };
}

function digestOf({ bytes, headers }: RegistryResponse, key: string, what: string): Digest {
  const told = parseDigest(headers["docker-content-digest"]);
  const asked = parseDigest(key);
  if (manifestKindOf(mediaTypeOf(headers["content-type"])) === "schema1" && told !== null) return told;
  if (asked !== null) verifyBytes(bytes, { digest: asked, size: null, what });
  const digest = computeDigest(bytes, asked === null ? "sha256" : algorithmOf(asked));
  if (told !== null && compareDigests(told, digest) === "different") {
    verifyBytes(bytes, { digest: told, size: null, what });
  }
  return digest;
}

/** Null when there is none. Registries that do not say the digest are asked for the whole. */
export async function headManifest(
  registry: RegistryCall,
  repository: string,
  key: string,
): Promise<ManifestHead | null> {
  const response = await call(registry, "HEAD", pathOf(repository, key), {
    scopes: [repositoryScope(repository, "pull")],
    what: manifestName(registry, repository, key),
    headers: { accept: acceptManifests },
    // The head of a refusal has no words: ECR's 403 says in its body that a login has run out.
    expect: [200, 403, 404, 405],
  });
  if (response.status === 404) return null;
  const contentType = response.headers["content-type"] ?? "";
  const digest = parseDigest(response.headers["docker-content-digest"]);
  const length = Number(response.headers["content-length"] ?? Number.NaN);
  const size = Number.isSafeInteger(length) && length > 0 ? length : null;
  if (response.status === 200 && digest !== null) return { contentType, digest, size };
  try {
    const whole = await getManifest(registry, repository, key);
    return { contentType: whole.contentType, digest: whole.digest, size: whole.bytes.length };
  } catch (error) {
    if (isRegctlError(error, "NOT_FOUND")) return null;
    throw error;
  }
}

export async function putManifest(
  registry: RegistryCall,
  repository: string,
  key: string,
  manifest: { readonly bytes: Buffer; readonly mediaType: string },
): Promise<PushedManifest> {
  const what = manifestName(registry, repository, key);
  const { bytes, mediaType } = manifest;
  const { headers } = await call(registry, "PUT", pathOf(repository, key), {
    scopes: [repositoryScope(repository, "pull", "push")],
    what,
    headers: { "content-type": mediaType },
    body: bytes,
    expect: [200, 201, 202, 204],
  });
  const asked = parseDigest(key);
  const digest = computeDigest(bytes, asked === null ? "sha256" : algorithmOf(asked));
  const told = parseDigest(headers["docker-content-digest"]);
  if (told !== null && compareDigests(told, digest) === "different") {
    throw new RegctlError("DIGEST_MISMATCH", {
      what,
      digest,
      size: bytes.length,
      actual: told,
      bytes: bytes.length,
    });
  }
  return { digest, subject: parseDigest(headers["oci-subject"]) };
}

/** Deletes the manifest with everything that points to it, or with a tag as `key` that tag alone, where offered. */
export async function deleteManifest(
  registry: RegistryCall,
  repository: string,
  key: string,
): Promise<DeleteResult> {
  const what = manifestName(registry, repository, key);
  const response = await call(registry, "DELETE", pathOf(repository, key), {
    // Distribution wants `delete`, Quay knows only its own word for it; both understand everything.
    scopes: [repositoryScope(repository, "*")],
    what,
    expect: [200, 202, 204, 400, 404, 405],
  });
  const { status, url } = response;
  if (status === 404) return "not-there";
  if (status < 400) return "deleted";
  const codes = codesOf(response);
  // So says zot of a repository that it does not have.
  if (codes.includes("NAME_UNKNOWN")) return "not-there";
  if (parseDigest(key) === null && (status === 400 || codes.includes("DIGEST_INVALID"))) return "not-by-tag";
  if (status === 405 || codes.includes("UNSUPPORTED")) return "off";
  // It may delete, and not this: an index needs it, or a tag.
  throw answerError(registry, { method: "DELETE", url, what }, response);
}

function pathOf(repository: string, key: string): string {
  return `${repository}/manifests/${key}`;
}

function manifestName(registry: RegistryCall, repository: string, key: string): string {
  return `${nameOf(registry, repository)}${parseDigest(key) === null ? ":" : "@"}${key}`;
}
