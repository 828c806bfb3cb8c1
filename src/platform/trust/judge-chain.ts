/** Whether a server's certificate leads to what an engine is to trust, as Go's crypto/x509 looks for it. Pure. */
import { X509Certificate } from "node:crypto";
import { type CertificateFacts, dayOf } from "./certificate.ts";

const deepest = 8;

/**
 * @param sent what the server shows besides its own certificate
 * @param now seconds since 1970 by the clock of the engine's host
 * @returns null when it leads there, else why not: a sentence without its full stop
 */
export function whyNotTrusted(
  leaf: CertificateFacts,
  sent: readonly CertificateFacts[],
  anchors: readonly CertificateFacts[],
  now: number,
): string | null {
  return step(leaf, { sent, anchors, now }, 0);
}

interface Around {
  readonly sent: readonly CertificateFacts[];
  readonly anchors: readonly CertificateFacts[];
  readonly now: number;
}

function step(certificate: CertificateFacts, around: Around, depth: number): string | null {
  const { sent, anchors, now } = around;
  if (anchors.some(({ fingerprint }) => fingerprint === certificate.fingerprint)) return null;
  const signed = new X509Certificate(certificate.pem);
  const issuers = [...anchors, ...sent].filter((each) => {
    const issuer = new X509Certificate(each.pem);
    return (
      each.fingerprint !== certificate.fingerprint &&
      signed.checkIssued(issuer) &&
      signed.verify(issuer.publicKey)
    );
  });
  let why: string | null =
    `it is signed by "${certificate.issuer}", which is neither given nor sent by the server`;
  if (certificate.selfSigned) why = `"${certificate.subject}" signed itself and is not what is to be trusted`;
  if (depth >= deepest) return why;
  for (const issuer of issuers) {
    why = problemOf(issuer, now) ?? step(issuer, around, depth + 1);
    if (why === null) return null;
  }
  return why;
}

function problemOf(issuer: CertificateFacts, now: number): string | null {
  if (!issuer.isAuthority) return `"${issuer.subject}", which signed it, may sign no others (no CA:TRUE)`;
  if (now > issuer.notAfter)
    return `"${issuer.subject}", which signed it, expired at ${dayOf(issuer.notAfter)}`;
  if (now < issuer.notBefore) {
    return `"${issuer.subject}", which signed it, is not valid before ${dayOf(issuer.notBefore)}`;
  }
  return null;
}
