/** What failed inside, as a response: no word of files, and never the bytes of damaged content. Pure. */
import { BodyBroken, BodyLength } from "./body.ts";
import type { ServerResponse } from "./message.ts";
import { type FaultCode, refuse } from "./response.ts";
import { StorageFailure, type StorageProblem } from "./storage.ts";

const failures: Readonly<
  Record<StorageProblem, { readonly status: number; readonly code: FaultCode; readonly message: string }>
> = {
  // Not 500 to 504: those are tried again at once, and fill the disk a little more.
  full: { status: 507, code: "UNKNOWN", message: "no space left in the registry's storage" },
  "read-only": { status: 405, code: "UNSUPPORTED", message: "the registry's storage is read-only" },
  damaged: {
    status: 500,
    code: "UNKNOWN",
    message: "this content is damaged in the registry's storage and is not served; push it again",
  },
  "too-large": { status: 413, code: "SIZE_INVALID", message: "the blob is larger than the limit" },
  failed: { status: 500, code: "UNKNOWN", message: "the registry's storage failed" },
};

export function responseOf(error: unknown): ServerResponse {
  if (error instanceof BodyLength) return refuse(400, "SIZE_INVALID", error.message);
  // Hardly anybody is there to read it, and the log must not say that we failed.
  if (error instanceof BodyBroken) return refuse(400, "BLOB_UPLOAD_INVALID", error.message);
  if (!(error instanceof StorageFailure)) return refuse(500, "UNKNOWN", "the registry failed");
  const { status, code, message } = failures[error.problem];
  const headers = status === 405 ? { allow: "GET, HEAD" } : undefined;
  return refuse(status, code, message, headers === undefined ? {} : { headers });
}
