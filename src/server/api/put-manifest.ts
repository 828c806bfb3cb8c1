/** `PUT /v2/NAME/manifests/TAG-OR-DIGEST` (end-7a, end-7b): a manifest is taken when all that it names is there. */
import { algorithmOf, computeDigest, type Digest, parseDigest } from "../../registry/digest.ts";
import { problemOfTag } from "../../registry/reference-grammar.ts";
import { readBody } from "../body.ts";
import type { Core, Handler } from "../core.ts";
import { type JudgedManifest, judgeManifest } from "../manifest-check.ts";
import type { ServerRequest, ServerResponse } from "../message.ts";
import { empty, refuse, refuseAll } from "../response.ts";
import { badDigest } from "./blobs.ts";

interface Target {
  /** Null for a push by tag. */
  readonly digest: Digest | null;
  readonly tags: readonly string[];
}

export const putManifest: Handler = async (core, request, { repository, reference }) => {
  const target = readTarget(core, request, reference);
  if ("status" in target) return target;
  const { limits } = core;
  const bytes = await readBody(request, limits.manifestBytes);
  if (bytes === null) {
    return refuse(413, "SIZE_INVALID", `a manifest has at most ${limits.manifestBytes} bytes`);
  }
  const digest = computeDigest(bytes, target.digest === null ? "sha256" : algorithmOf(target.digest));
  if (target.digest !== null && digest !== target.digest) {
    const detail = { sent: digest };
    return refuse(400, "DIGEST_INVALID", "the manifest has another digest than its address says", { detail });
  }
  const judged = judgeManifest(bytes, request.headers["content-type"], limits);
  if (typeof judged === "string") return refuse(400, "MANIFEST_INVALID", judged);
  const missing = await findMissing(core, repository, judged);
  if (missing.length > 0) return missingParts(missing);
  const { mediaType, subject, artifactType, annotations } = judged;
  const { tags } = target;
  const manifest = { bytes, digest, mediaType, tags, subject, artifactType, annotations };
  await core.storage.putManifest(repository, manifest);
  return empty(201, {
    location: `/v2/${repository}/manifests/${digest}`,
    "docker-content-digest": digest,
    ...(subject === null ? undefined : { "oci-subject": subject }),
    ...(target.digest === null || tags.length === 0 ? undefined : { "oci-tag": tags.join(", ") }),
  });
};

function readTarget({ limits }: Core, { query }: ServerRequest, reference: string): Target | ServerResponse {
  if (!reference.includes(":")) return readTags([reference]) ?? { digest: null, tags: [reference] };
  const digest = parseDigest(reference);
  if (digest === null) return badDigest(reference);
  const tags = [...new Set(query.getAll("tag"))];
  if (tags.length > limits.tagsPerPush) {
    return refuse(414, "UNSUPPORTED", `one push sets at most ${limits.tagsPerPush} tags`);
  }
  return readTags(tags) ?? { digest, tags };
}

/** The refusal of the first that is no tag, or null. */
function readTags(tags: readonly string[]): ServerResponse | null {
  for (const tag of tags) {
    const problem = problemOfTag(tag);
    if (problem !== null) return refuse(400, "TAG_INVALID", problem.problem);
  }
  return null;
}

/** So many questions to the storage at a time: a manifest may name thousands. */
const atOnce = 16;

async function findMissing(
  { storage, sparse }: Core,
  repository: string,
  { blobs, children }: JudgedManifest,
): Promise<readonly Digest[]> {
  if (sparse) return [];
  const hasBlob = async (digest: Digest) => (await storage.blobSize(repository, digest)) !== null;
  // Builders push caches as indexes of layers, so that an entry may be a blob.
  const hasChild = async (digest: Digest) =>
    (await hasBlob(digest)) || (await storage.getManifest(repository, digest)) !== null;
  return [...(await filterMissing(blobs, hasBlob)), ...(await filterMissing(children, hasChild))];
}

async function filterMissing(
  digests: readonly Digest[],
  has: (digest: Digest) => Promise<boolean>,
): Promise<readonly Digest[]> {
  const missing: Digest[] = [];
  for (let at = 0; at < digests.length; at += atOnce) {
    const some = digests.slice(at, at + atOnce);
    const there = await Promise.all(some.map(has));
    missing.push(...some.filter((_, index) => there[index] === false));
  }
  return missing;
}

function missingParts(missing: readonly Digest[]): ServerResponse {
  const errors = missing.map((digest) => ({
    code: "MANIFEST_BLOB_UNKNOWN" as const,
    message: "the manifest names what this repository does not hold",
    detail: { digest },
  }));
  return refuseAll(400, errors);
}
