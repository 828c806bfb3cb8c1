/**
 * `/v2/NAME/blobs/uploads/…` (end-4 to end-6, end-11, end-13, end-14): how blobs come in, at once, in a stream, in
 * chunks, or from another repository. Addresses are relative, so that they hold behind every proxy, whatever it tells
 * us of itself.
 */
import { algorithmOf, type Digest, parseDigest } from "../../registry/digest.ts";
import { problemOfRepository } from "../../registry/reference-grammar.ts";
import { clientBody } from "../body.ts";
import type { Core, Handler, Methods } from "../core.ts";
import type { ServerRequest, ServerResponse } from "../message.ts";
import { empty, refuse } from "../response.ts";
import type { UploadState } from "../storage.ts";
import { append, busyUpload, isUploadId, tooLarge, unknownUpload, uploadHeaders } from "./append.ts";
import { badDigest } from "./blobs.ts";

const start: Handler = async (core, request, { repository }) => {
  const { query } = request;
  const mount = query.get("mount");
  if (mount !== null) {
    const mounted = await mountBlob(core, request, repository, mount);
    if (mounted !== null) return mounted;
  }
  const algorithm = query.get("digest-algorithm");
  if (algorithm !== null && !isAlgorithm(algorithm)) {
    return refuse(400, "DIGEST_INVALID", "digests are sha256, sha384 or sha512");
  }
  const digest = query.get("digest");
  if (digest !== null && mount === null) return pushAtOnce(core, request, repository, digest);
  const upload = await core.storage.startUpload(repository);
  return empty(202, uploadHeaders(repository, upload));
};

const patch: Handler = async (core, request, { repository, reference }) => {
  const upload = await append(core, request, repository, reference);
  return "status" in upload ? upload : empty(202, uploadHeaders(repository, upload));
};

const finish: Handler = async (core, request, { repository, reference }) => {
  const text = request.query.get("digest") ?? "";
  const digest = parseDigest(text);
  if (digest === null) return badDigest(text);
  if (!isUploadId(reference)) return unknownUpload();
  if (request.length !== 0) {
    const upload = await append(core, request, repository, reference);
    if ("status" in upload) return upload;
  }
  return store(core, repository, reference, digest);
};

const status: Handler = async ({ storage }, _request, { repository, reference }) => {
  const upload = isUploadId(reference) ? await storage.findUpload(repository, reference) : null;
  return upload === null ? unknownUpload() : empty(204, uploadHeaders(repository, upload));
};

const cancel: Handler = async ({ storage }, _request, { repository, reference }) => {
  const cancelled = isUploadId(reference) && (await storage.cancelUpload(repository, reference));
  return cancelled ? empty(204) : unknownUpload();
};

export const uploads: Methods = { POST: start };
export const upload: Methods = { GET: status, HEAD: status, PATCH: patch, PUT: finish, DELETE: cancel };

function isAlgorithm(text: string): boolean {
  return ["sha256", "sha384", "sha512"].includes(text);
}

/** Null when it cannot be taken from there: the client then uploads it. */
async function mountBlob(
  { storage, mayRead }: Core,
  request: ServerRequest,
  repository: string,
  mount: string,
): Promise<ServerResponse | null> {
  const digest = parseDigest(mount);
  if (digest === null) return badDigest(mount);
  const from = request.query.get("from") || null;
  if (from !== null && problemOfRepository(from) !== null) return null;
  if (!(await mayRead(request, from))) return null;
  return (await storage.linkBlob(repository, digest, from)) ? stored(repository, digest) : null;
}

/** The client never learns the upload's id, so it does not outlive the request. */
async function pushAtOnce(
  core: Core,
  request: ServerRequest,
  repository: string,
  text: string,
): Promise<ServerResponse> {
  const digest = parseDigest(text);
  if (digest === null) return badDigest(text);
  const most = core.limits.blobBytes;
  if (request.length !== null && request.length > most) return tooLarge(most);
  const { id }: UploadState = await core.storage.startUpload(repository);
  let done = false;
  try {
    await core.storage.appendUpload(repository, id, 0, clientBody(request), most);
    const response = await store(core, repository, id, digest);
    done = response.status === 201;
    return response;
  } finally {
    if (!done) await core.storage.cancelUpload(repository, id);
  }
}

async function store(
  { storage }: Core,
  repository: string,
  id: string,
  digest: Digest,
): Promise<ServerResponse> {
  const result = await storage.finishUpload(repository, id, digest);
  if (result === "unknown") return unknownUpload();
  if (result === "busy") return busyUpload();
  if (result === "stored") return stored(repository, digest);
  const detail = { digest };
  return refuse(400, "DIGEST_INVALID", `what was uploaded has another ${algorithmOf(digest)} digest`, {
    detail,
  });
}

function stored(repository: string, digest: Digest): ServerResponse {
  return empty(201, {
    location: `/v2/${repository}/blobs/${digest}`,
    "docker-content-digest": digest,
  });
}
