/** From what the system says when a connection fails to what it means. Pure. */

/**
 * `name`: no address for the name. `certificate`: the server's is not accepted. `plaintext`: it answered the TLS
 * handshake with something else. `client-certificate`: it wants one from us. `broken`: it was connected and went.
 * `closed`: whoever asked is done with the server.
 */
export type FailureKind =
  | "name"
  | "connect"
  | "timeout"
  | "certificate"
  | "client-certificate"
  | "plaintext"
  | "tls"
  | "proxy"
  | "broken"
  | "closed";

/** No answer came, or not all of it. */
export class ConnectionFailure extends Error {
  override readonly name = "ConnectionFailure";
  readonly kind: FailureKind;
  /** The request may have reached the server. */
  readonly sent: boolean;

  constructor(kind: FailureKind, message: string, options: { sent: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.sent = options.sent;
  }
}

interface Row {
  readonly match: RegExp;
  readonly kind: FailureKind;
  /** In place of the system's words. */
  readonly say?: string;
}

/** The first row whose expression matches "CODE message" decides. */
const rows: readonly Row[] = [
  { match: /^(ENOTFOUND|EAI_\w+) /, kind: "name", say: "there is no address for the name" },
  { match: /^ECONNREFUSED /, kind: "connect", say: "nothing listens there (connection refused)" },
  { match: /^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EACCES|EPERM) /, kind: "connect" },
  { match: /^(UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT) /, kind: "connect", say: "no connection within the time" },
  { match: /^UND_ERR_HEADERS_TIMEOUT /, kind: "timeout", say: "it did not answer within the time" },
  { match: /^UND_ERR_BODY_TIMEOUT /, kind: "timeout", say: "it stopped in the middle of its answer" },
  { match: /HTTP Tunneling|Proxy |UND_ERR_PRX|proxy/, kind: "proxy" },
  {
    match: /certificate.required|bad.certificate|handshake.failure|unknown.ca/i,
    kind: "client-certificate",
    say: "it did not accept this client's certificate, or wants one",
  },
  {
    match: /wrong.version.number|packet.length.too.long|http.request|ERR_SSL_BAD_RECORD|unexpected.message/i,
    kind: "plaintext",
    say: "it does not speak TLS",
  },
  {
    match: /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT\w*|UNABLE_TO_VERIFY_LEAF_SIGNATURE) /,
    kind: "certificate",
    say: "its certificate is signed by an authority that this machine does not know",
  },
  { match: /^DEPTH_ZERO_SELF_SIGNED_CERT /, kind: "certificate", say: "its certificate is self-signed" },
  { match: /^CERT_HAS_EXPIRED /, kind: "certificate", say: "its certificate has expired" },
  { match: /^CERT_NOT_YET_VALID /, kind: "certificate", say: "its certificate is not valid yet" },
  { match: /^(ERR_TLS_CERT_ALTNAME\w*|CERT_\w+|\w*_CERT\w*) /, kind: "certificate" },
  {
    match: /before secure TLS connection was established/,
    kind: "tls",
    say: "it hung up during the TLS handshake",
  },
  { match: /^(EPROTO|ERR_SSL_\w+|ERR_TLS_\w+) /, kind: "tls" },
  { match: /^CLOSED_HERE /, kind: "closed" },
  { match: /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_ABORTED|ERR_HTTP2\w*|ECONNABORTED) /, kind: "broken" },
];

const unsent: ReadonlySet<FailureKind> = new Set([
  "name",
  "connect",
  "certificate",
  "plaintext",
  "tls",
  "client-certificate",
  "proxy",
]);

/** Whether the world failed; anything else that is thrown is a mistake of ours, and must not look like that. */
export function isOfTheWorld(error: unknown): boolean {
  const { code, message } = factsOf(error);
  return code !== "" && (code !== "UND_ERR_INVALID_ARG" || /^Proxy /.test(message));
}

/** What a thrown error of the transport means; `answering` when the head of an answer had already come. */
export function toConnectionFailure(error: unknown, answering = false): ConnectionFailure {
  if (error instanceof ConnectionFailure) return error;
  const { code, message } = factsOf(error);
  const row = rows.find(({ match }) => match.test(`${code} ${message}`));
  const kind = row?.kind ?? "broken";
  const sent = answering || !unsent.has(kind);
  return new ConnectionFailure(answering && kind !== "timeout" ? "broken" : kind, row?.say ?? message, {
    sent,
    cause: error,
  });
}

function factsOf(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: "", message: String(error) };
  const own = "code" in error && typeof error.code === "string" ? error.code : "";
  // Several addresses were tried, each with its own failure.
  if (error instanceof AggregateError && error.errors.length > 0) return factsOf(error.errors[0]);
  // undici wraps what a proxy did.
  if (own === "" && error.cause instanceof Error) return factsOf(error.cause);
  return { code: own, message: error.message === "" ? own || error.name : firstLine(error.message) };
}

/** OpenSSL's words: "C0:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../file.c:355:". */
function firstLine(message: string): string {
  const line = message.trim().split("\n")[0] ?? "";
  const openssl = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(line)?.[1];
  return openssl ?? line;
}
