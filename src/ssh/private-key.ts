/** What a private key file says without its passphrase. Pure. */

const magic = "openssh-key-v1\0";

/** The public key (wire format) that stands in clear in OpenSSH's own private key format, else null. */
export function readClearPublicKey(text: string): Buffer | null {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (!base64) return null;
  const blob = Buffer.from(base64, "base64");
  if (blob.toString("latin1", 0, magic.length) !== magic) return null;
  try {
    // Cipher, key derivation and its options are strings; then the number of keys; then the first public key.
    let at = magic.length;
    for (let skipped = 0; skipped < 3; skipped++) at += 4 + blob.readUInt32BE(at);
    at += 4;
    const length = blob.readUInt32BE(at);
    return at + 4 + length <= blob.length ? blob.subarray(at + 4, at + 4 + length) : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

export function isPrivateKey(text: string): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----|^PuTTY-User-Key-File-/m.test(text);
}
