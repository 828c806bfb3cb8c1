/** Judging what an engine said when it was made to ask a registry. Pure. */

/** As the engine answered; status 0 when it could not ask or did not answer in time. */
export interface ProbeAnswer {
  readonly status: number;
  readonly message: string;
}

/**
 * `trusted`: it talks to the registry, whatever the registry then said · `protocol`: one speaks HTTP, the other
 * HTTPS · `trust`: the certificate is refused · `unreachable`: nothing that answers as a registry · `unsupported`:
 * this engine cannot be asked · `unknown`: none of these texts.
 */
export type ProbeVerdict = "trusted" | "protocol" | "trust" | "unreachable" | "unsupported" | "unknown";

export interface ProbeJudgement {
  readonly verdict: ProbeVerdict;
  readonly message: string;
}

/** The first match counts: an error that names a certificate may also name a status or an end of file. */
const rules: readonly (readonly [RegExp, ProbeVerdict])[] = [
  // Engines before 25 take no IPv6 address in an image name, so they cannot be made to ask there.
  [/page not found|cannot ask a registry|invalid reference format/i, "unsupported"],
  [/server gave HTTP response to HTTPS client/i, "protocol"],
  [/oversized record received|does not look like a TLS handshake/i, "protocol"],
  [/malformed HTTP (response|version|status)/i, "protocol"],
  [/HTTP request (was sent )?to (an )?HTTPS (server|port)/i, "protocol"],
  [/x509:/i, "trust"],
  [
    /certificate (signed by|is valid for|has expired|relies on|required)|failed to verify certificate/i,
    "trust",
  ],
  [/missing (key|client certificate) .* for /i, "trust"],
  [/remote error: tls|tls: (bad certificate|handshake failure|unknown certificate)/i, "trust"],
  [/proxyconnect|connection refused|no such host|server misbehaving/i, "unreachable"],
  [/network is unreachable|no route to host|connection reset|broken pipe|host is down/i, "unreachable"],
  [/timeout|timed out|deadline exceeded|no answer within/i, "unreachable"],
  [/\bEOF\b|received unexpected HTTP status: 5\d\d/, "unreachable"],
  [
    /": (Forbidden|Service Unavailable|Bad Gateway|Gateway Timeout|Proxy Authentication Required)\s*$/,
    "unreachable",
  ],
  [/error parsing HTTP \d+ response body/i, "unknown"],
  [
    /(manifest|name|blob|tag) (invalid: .*)?unknown|manifest for .* not found|not known to registry/i,
    "trusted",
  ],
  [/unauthorized|authentication required|no basic auth credentials|insufficient[_ ]scope/i, "trusted"],
  [/\bdenied\b|toomanyrequests|status: 40[134]|: not found\b/i, "trusted"],
];

/** Statuses with which an engine passes on a registry's own refusal; 404 is a reference that is not there. */
const registryStatuses: ReadonlySet<number> = new Set([200, 401, 403, 404, 429]);

export function judgeProbe(answer: ProbeAnswer): ProbeJudgement {
  const { status, message } = answer;
  if (status === 200) return { verdict: "trusted", message };
  const rule = rules.find(([text]) => text.test(message));
  if (rule) return { verdict: rule[1], message };
  return { verdict: registryStatuses.has(status) ? "trusted" : "unknown", message };
}
