/** Certificates of a small private authority: P-256, SHA-256, X.509 version 3 (RFC 5280). */
import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";

import { parseIp } from "../../ip-network.ts";
import * as der from "./der.ts";

export interface CertificateTerms {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface Issuer {
  readonly subject: string;
  /** Its private key. */
  readonly key: KeyObject;
}

const ids = {
  commonName: "2.5.4.3",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
} as const;

const algorithm = der.sequence(der.oid(ids.ecdsaWithSha256));

function extension(id: string, critical: boolean, value: der.Der): der.Der {
  const mark = critical ? [der.boolean(true)] : [];
  return der.sequence(der.oid(id), ...mark, der.octets(value));
}

function nameOf(commonName: string): der.Der {
  return der.sequence(der.setOf(der.sequence(der.oid(ids.commonName), der.utf8(commonName))));
}

/** RFC 5280 §4.2.1.2, method 1, over the whole key: anything that tells keys apart will do. */
function keyId(key: KeyObject): Buffer {
  return createHash("sha1")
    .update(key.export({ type: "spki", format: "der" }))
    .digest();
}

/** Signs certificates of servers and nothing else. PEM. */
export function issueAuthority(terms: CertificateTerms, key: KeyObject): string {
  const extensions = [
    extension(ids.basicConstraints, true, der.sequence(der.boolean(true), der.integer(Buffer.from([0])))),
    // keyCertSign and cRLSign.
    extension(ids.keyUsage, true, der.bits(Buffer.from([0b0000_0110]), 1)),
    extension(ids.subjectKeyId, false, der.octets(keyId(terms.publicKey))),
  ];
  return issue(terms, { subject: terms.subject, key }, extensions);
}

/** For a server with these names and addresses. PEM. */
export function issueServer(terms: CertificateTerms, issuer: Issuer, names: readonly string[]): string {
  const issuerId = keyId(createPublicKey(issuer.key));
  const extensions = [
    extension(ids.basicConstraints, true, der.sequence()),
    // digitalSignature.
    extension(ids.keyUsage, true, der.bits(Buffer.from([0b1000_0000]), 7)),
    extension(ids.extendedKeyUsage, false, der.sequence(der.oid(ids.serverAuth))),
    extension(ids.subjectAltName, false, der.sequence(...names.map(alternativeName))),
    extension(ids.subjectKeyId, false, der.octets(keyId(terms.publicKey))),
    extension(ids.authorityKeyId, false, der.sequence(der.context(0, issuerId, true))),
  ];
  return issue(terms, issuer, extensions);
}

function alternativeName(name: string): der.Der {
  const address = parseIp(name);
  if (address === null) return der.context(2, Buffer.from(name, "latin1"), true);
  const digits = address.value.toString(16).padStart(address.family === 4 ? 8 : 32, "0");
  return der.context(7, Buffer.from(digits, "hex"), true);
}

function issue(terms: CertificateTerms, issuer: Issuer, extensions: readonly der.Der[]): string {
  const body = der.sequence(
    der.context(0, der.integer(Buffer.from([2]))),
    // 159 bits from chance: never negative, never longer than 20 bytes.
    der.integer(Buffer.concat([Buffer.from([0x40 | ((randomBytes(1)[0] ?? 0) >> 2)]), randomBytes(19)])),
    algorithm,
    nameOf(issuer.subject),
    der.sequence(der.time(terms.notBefore), der.time(terms.notAfter)),
    nameOf(terms.subject),
    terms.publicKey.export({ type: "spki", format: "der" }),
    der.context(3, der.sequence(...extensions)),
  );
  const signature = sign("sha256", body, issuer.key);
  const certificate = der.sequence(body, algorithm, der.bits(signature));
  const lines = certificate.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
