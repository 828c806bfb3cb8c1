/** Certificates as data. Pure. */
import { X509Certificate } from "node:crypto";

export interface CertificateFacts {
  /** One PEM block, with a line end. */
  readonly pem: string;
  /** On one line: `CN=registry, O=…`. */
  readonly subject: string;
  readonly issuer: string;
  /** As openssl shows them: `DNS:reg.test`, `IP:10.0.0.5`. */
  readonly names: readonly string[];
  /** Seconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** `sha256:` and 64 hexadecimal digits, of the DER bytes. */
  readonly fingerprint: string;
  /** It may sign others: CA:TRUE (RFC 5280, section 4.2.1.9). */
  readonly isAuthority: boolean;
  /** It was signed with its own key. */
  readonly selfSigned: boolean;
}

const pemBlock = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Of DER, or of one block of PEM. Throws what OpenSSL throws. */
export function parseCertificate(bytes: Buffer | string): CertificateFacts {
  const parsed = new X509Certificate(bytes);
  return {
    pem: `${parsed.toString().trimEnd()}\n`,
    subject: oneLine(parsed.subject),
    issuer: oneLine(parsed.issuer),
    names: namesIn(parsed.subjectAltName),
    notBefore: Math.floor(parsed.validFromDate.getTime() / 1000),
    notAfter: Math.floor(parsed.validToDate.getTime() / 1000),
    fingerprint: `sha256:${parsed.fingerprint256.replaceAll(":", "").toLowerCase()}`,
    isAuthority: parsed.ca,
    selfSigned: parsed.checkIssued(parsed) && parsed.verify(parsed.publicKey),
  };
}

/** All certificates of a file, PEM or DER: engines read PEM alone, so a DER file is converted. None when it holds none. */
export function parseCertificates(bytes: Buffer): readonly CertificateFacts[] {
  const blocks = bytes.toString("latin1").match(pemBlock);
  try {
    return blocks === null ? [parseCertificate(bytes)] : blocks.map(parseCertificate);
  } catch {
    return [];
  }
}

function oneLine(name: string | undefined): string {
  return (name ?? "").split("\n").join(", ");
}

/** Node writes `DNS:a, IP Address:1.2.3.4`, and quotes names that hold what could be mistaken. */
function namesIn(text: string | undefined): readonly string[] {
  return (text?.match(/(?:[^,"]|"(?:\\.|[^"\\])*")+/g) ?? []).map((name) =>
    name.trim().replace(/^IP Address:/, "IP:"),
  );
}

/** A fingerprint as people copy it: `sha256:…`, `SHA256 Fingerprint=AB:CD:…`, or the digits alone. Null when it is none. */
export function parseFingerprint(text: string): string | null {
  const digits = text
    .trim()
    .replace(/^sha-?256( fingerprint)?[:=]/i, "")
    .replaceAll(":", "")
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? `sha256:${digits}` : null;
}

/** As a person compares it: subject, names, validity, fingerprint. */
export function describeCertificate(certificate: CertificateFacts): readonly string[] {
  const { subject, issuer, names, selfSigned, fingerprint } = certificate;
  return [
    `subject: ${subject || "(none)"}`,
    `issued by: ${selfSigned ? "itself" : issuer || "(nobody)"}`,
    ...(names.length === 0 ? [] : [`names: ${names.join(", ")}`]),
    `valid: ${dayOf(certificate.notBefore)} to ${dayOf(certificate.notAfter)}`,
    `SHA-256: ${fingerprint}`,
  ];
}

/** UTC. */
export function dayOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.000Z$/, "Z");
}
