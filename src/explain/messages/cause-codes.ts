/** What a message of somebody else's program comes down to: one of our error codes, or one of these. */
import type { ErrorCode } from "../../errors.ts";

/** Causes that regctl's own errors have no code for, and what each means: docs/troubleshooting.md shows the table. */
export const ownCauses = {
  REGISTRY_SPEAKS_TLS: "plain HTTP was spoken to a port that wants HTTPS",
  CERTIFICATE_UNKNOWN_AUTHORITY: "the certificate is signed by nobody who is trusted",
  CERTIFICATE_WITHOUT_NAMES: "the certificate has its name only as Common Name",
  CERTIFICATE_WITHOUT_ADDRESS: "the registry was asked by its address, and the certificate names only hosts",
  CERTIFICATE_NAME: "the certificate is for another name",
  CERTIFICATE_EXPIRED: "the certificate has ended, or a clock is wrong",
  CERTIFICATE_NOT_YET_VALID: "the certificate has not begun, or a clock is wrong",
  CERTIFICATE_PURPOSE: "the certificate, or the authority that signed it, is not made for this use",
  CLIENT_CERTIFICATE: "a client certificate is missing, or half of one is",
  TLS_REFUSED: "the two ends agree on no TLS version, cipher or name",
  NAME_UNKNOWN: "a name has no address where it was looked up",
  NAME_UNANSWERED: "the name server did not answer, or not properly",
  PROXY_UNREACHABLE: "the proxy on the way does not answer",
  PROXY_REFUSES: "the proxy on the way does not pass requests on",
  PORTAL: "a web page came instead of the registry's answer",
  TOKEN_SERVER_UNREACHABLE: "the server to which the registry sends logins is not reachable",
  UPLOAD_LIMIT: "something in front of the registry limits the size of an upload",
  DISK_FULL: "a disk is full",
  ENGINE_START_FAILED: "the engine does not start, or its service manager has given up",
  ENGINE_RELOAD_MISSING: "the service of the engine has no reload",
  MEDIA_TYPE_REFUSED: "the other end does not take this kind of manifest or artifact",
  PULL_BACK_OFF: "a cluster waits before it pulls again; the cause stands in an earlier message",
} as const;

export type CauseCode = ErrorCode | keyof typeof ownCauses;
