/** Responses as the handlers build them: JSON, nothing, or the OCI's errors. Pure. */
import type { Headers, ServerResponse } from "./message.ts";

/** Of the distribution specification; the last four are what registries say where it has no word. */
export type FaultCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DENIED"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "SIZE_INVALID"
  | "TOOMANYREQUESTS"
  | "UNAUTHORIZED"
  | "UNSUPPORTED"
  | "PAGINATION_NUMBER_INVALID"
  | "TAG_INVALID"
  | "NOT_FOUND"
  | "UNKNOWN";

export interface Fault {
  readonly code: FaultCode;
  readonly message: string;
  readonly detail?: unknown;
}

/** On every response: engines take a registry for one by the first. */
export const commonHeaders = {
  "docker-distribution-api-version": "registry/2.0",
  "x-content-type-options": "nosniff",
} as const;

export function json(status: number, value: unknown, headers?: Headers): ServerResponse {
  const body = Buffer.from(JSON.stringify(value));
  return {
    status,
    headers: {
      ...commonHeaders,
      "content-type": "application/json",
      "content-length": String(body.length),
      ...headers,
    },
    body,
  };
}

export function empty(status: number, headers?: Headers): ServerResponse {
  // A 204 has no length, others say that there is nothing.
  const length = status === 204 || status === 304 ? undefined : { "content-length": "0" };
  return { status, headers: { ...commonHeaders, ...length, ...headers }, body: null };
}

export function refuse(
  status: number,
  code: FaultCode,
  message: string,
  options: { readonly detail?: unknown; readonly headers?: Headers } = {},
): ServerResponse {
  const { detail, headers } = options;
  return refuseAll(status, [detail === undefined ? { code, message } : { code, message, detail }], headers);
}

export function refuseAll(status: number, errors: readonly Fault[], headers?: Headers): ServerResponse {
  return json(status, { errors }, headers);
}
