/** Content digests, `ALGORITHM:HEX`, as the OCI image specification registers them. Pure. */
import { createHash, type Hash } from "node:crypto";

/** Hexadecimal digits of each algorithm that is taken. */
const hexLengths = { sha256: 64, sha384: 96, sha512: 128 } as const;

export type DigestAlgorithm = keyof typeof hexLengths;

/** Always in lower case: equal content of one algorithm has equal text. */
export type Digest = `${DigestAlgorithm}:${string}`;

/** What keeps a text from being a digest, or null when it is one. */
export function problemOfDigest(text: string): string | null {
  const colon = text.indexOf(":");
  const algorithm = text.slice(0, Math.max(0, colon));
  const encoded = text.slice(colon + 1);
  if (colon < 0) return "a digest is written ALGORITHM:HEX, for example sha256:…";
  if (!isAlgorithm(algorithm)) {
    return `digests are ${Object.keys(hexLengths).join(", ")}, not "${algorithm.slice(0, 40)}"`;
  }
  const length = hexLengths[algorithm];
  if (encoded.length !== length)
    return `a ${algorithm} digest has ${length} hex digits, not ${encoded.length}`;
  if (/^[0-9a-f]*$/.test(encoded)) return null;
  return /^[0-9a-f]*$/i.test(encoded)
    ? "a digest is written in lower case"
    : "a digest has no other letters than 0 to 9 and a to f";
}

function isAlgorithm(text: string): text is DigestAlgorithm {
  return Object.hasOwn(hexLengths, text);
}

export function isDigest(text: string): text is Digest {
  return problemOfDigest(text) === null;
}

export function parseDigest(text: unknown): Digest | null {
  return typeof text === "string" && isDigest(text) ? text : null;
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  const algorithm = digest.slice(0, digest.indexOf(":"));
  if (!isAlgorithm(algorithm)) throw new TypeError(`not a digest: ${digest}`);
  return algorithm;
}

/** The hexadecimal part: the name of the blob's file in an OCI layout. */
export function encodedOf(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}

export function openHash(algorithm: DigestAlgorithm): Hash {
  return createHash(algorithm);
}

export function computeDigest(content: Uint8Array | string, algorithm: DigestAlgorithm = "sha256"): Digest {
  return `${algorithm}:${createHash(algorithm).update(content).digest("hex")}`;
}

/** Digests of two algorithms say nothing about each other: some servers answer sha256 to whoever asks by sha512. */
export function compareDigests(one: Digest, other: Digest): "same" | "different" | "incomparable" {
  if (one === other) return "same";
  return algorithmOf(one) === algorithmOf(other) ? "different" : "incomparable";
}
