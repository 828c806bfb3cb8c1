/** One more part of an upload: where it belongs, whether it fits, and what is answered when it does not. */
import { clientBody, exactly } from "../body.ts";
import { type Part, parseChunkRange } from "../byte-range.ts";
import type { Core } from "../core.ts";
import type { Headers, ServerRequest, ServerResponse } from "../message.ts";
import { refuse } from "../response.ts";
import type { UploadState } from "../storage.ts";

/** The upload as it is then, or the refusal. A part without `Content-Range` comes behind what is there. */
export async function append(
  core: Core,
  request: ServerRequest,
  repository: string,
  id: string,
): Promise<UploadState | ServerResponse> {
  const upload = isUploadId(id) ? await core.storage.findUpload(repository, id) : null;
  if (upload === null) return unknownUpload();
  const range = request.headers["content-range"];
  const part = range === undefined ? null : parseChunkRange(range);
  if (range !== undefined && part === null) {
    return refuse(400, "BLOB_UPLOAD_INVALID", "Content-Range is FIRST-LAST, both included");
  }
  const refused = judgePart(core, request, repository, upload, part);
  if (refused !== null) return refused;
  const body = clientBody(request);
  const wanted = part !== null && request.length === null ? exactly(body, part.length) : body;
  const most = core.limits.blobBytes;
  const result = await core.storage.appendUpload(repository, id, upload.size, wanted, most);
  if (result === "unknown") return unknownUpload();
  if (result === "busy") return busyUpload();
  if (result !== "moved") return result;
  const now = await core.storage.findUpload(repository, id);
  return now === null ? unknownUpload() : misplaced(repository, now);
}

function judgePart(
  { limits }: Core,
  { length }: ServerRequest,
  repository: string,
  upload: UploadState,
  part: Part | null,
): ServerResponse | null {
  if (part !== null && part.start !== upload.size) return misplaced(repository, upload);
  if (part !== null && length !== null && part.length !== length) {
    return refuse(400, "SIZE_INVALID", `the range has ${part.length} bytes, and the body ${length}`);
  }
  const coming = length ?? part?.length ?? 0;
  return upload.size + coming > limits.blobBytes ? tooLarge(limits.blobBytes) : null;
}

/** Ids come back from clients: what storages never made is not even looked for. */
export function isUploadId(text: string): boolean {
  return /^[\w-]{1,128}$/.test(text);
}

/** `Range: 0-0` stands for one byte and for none: registries have no other way to say that there is nothing yet. */
export function uploadHeaders(repository: string, { id, size }: UploadState): Headers {
  return {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, size - 1)}`,
    "docker-upload-uuid": id,
  };
}

function misplaced(repository: string, upload: UploadState): ServerResponse {
  const message = `the next byte of this upload is number ${upload.size}`;
  return refuse(416, "BLOB_UPLOAD_INVALID", message, { headers: uploadHeaders(repository, upload) });
}

export function unknownUpload(): ServerResponse {
  return refuse(
    404,
    "BLOB_UPLOAD_UNKNOWN",
    "there is no such upload: it was finished, cancelled or given up",
  );
}

/** Most often the client's own request of before, whose end we have not noticed yet: worth another try. */
export function busyUpload(): ServerResponse {
  const headers = { "retry-after": "1" };
  return refuse(429, "TOOMANYREQUESTS", "another request writes to this upload", { headers });
}

export function tooLarge(most: number): ServerResponse {
  return refuse(413, "SIZE_INVALID", `the blob is larger than the limit of ${most} bytes`);
}
