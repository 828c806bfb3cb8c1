/**
 * TLS without anybody's help: a private authority, made once and kept, and a certificate of the server that is made
 * anew whenever its names change or its end comes near. Clients trust the authority, so they notice neither.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from "node:crypto";
import { posix } from "node:path";
import { withLock } from "../../config/lock.ts";
import { RegctlError } from "../../errors.ts";
import type { Clock, Files } from "../../ports.ts";
import type { ServerIdentity } from "../listener.ts";
import { issueAuthority, issueServer } from "./certificate.ts";

export interface SelfSigned {
  readonly identity: ServerIdentity;
  /** Where clients find the authority's certificate. */
  readonly caPath: string;
  /** SHA-256 of it, `AB:CD:…`. */
  readonly fingerprint: string;
  /** When the server's certificate should be made anew. */
  readonly renewAt: Date;
  /** The authority was made just now: nobody trusts it yet. */
  readonly fresh: boolean;
}

const dayMs = 24 * 60 * 60 * 1000;
/** Apple's systems take no server certificate that lives longer than 398 days. */
const serverDays = 397;
const renewDays = 30;
const authorityDays = 3650;
/** RFC 5280, appendix A.1, ub-common-name: clients look at the list of names, and some refuse a longer one here. */
const longestCommonName = 64;

interface Authority {
  readonly certificate: string;
  readonly key: KeyObject;
  readonly fresh: boolean;
}

/** `folder` keeps it all, readable for its owner alone but for the certificates. */
export async function openSelfSigned(
  folder: string,
  names: readonly string[],
  { files, clock }: { readonly files: Files; readonly clock: Clock },
): Promise<SelfSigned> {
  const now = clock.now();
  const caPath = posix.join(folder, "ca.pem");
  const read = () => readAuthority(folder, files, now);
  // Two that start for the first time at once: one makes it, and the other takes that.
  const make = async () => (await read()) ?? (await makeAuthority(folder, files, now));
  const authority = (await read()) ?? (await withLock(posix.join(folder, "ca.lock"), clock, make));
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ca = new X509Certificate(authority.certificate);
  const notAfter = new Date(Math.min(now.getTime() + serverDays * dayMs, ca.validToDate.getTime()));
  const subject = (names[0] ?? "localhost").slice(0, longestCommonName);
  const terms = { subject, publicKey, notBefore: earlier(now), notAfter };
  const issuer = { subject: commonNameOf(ca), key: authority.key };
  const certificate = issueServer(terms, issuer, names);
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return {
    identity: { certificate: certificate + authority.certificate, key },
    caPath,
    fingerprint: ca.fingerprint256,
    renewAt: new Date(notAfter.getTime() - renewDays * dayMs),
    fresh: authority.fresh,
  };
}

/** A clock that is a little late on the client must not find the certificate too young. */
function earlier(now: Date): Date {
  return new Date(now.getTime() - dayMs);
}

/** Of a subject that we made: a single CN, and nothing in it that would be escaped. */
function commonNameOf({ subject }: X509Certificate): string {
  return subject.replace(/^CN=/, "");
}

/** Null when there is none, or when it ends too soon for another certificate. */
async function readAuthority(folder: string, files: Files, now: Date): Promise<Authority | null> {
  const [certificate, key] = await Promise.all(
    ["ca.pem", "ca-key.pem"].map((name) => files.read(posix.join(folder, name))),
  );
  if (!certificate || !key) return null;
  try {
    const parsed = new X509Certificate(certificate);
    const privateKey = createPrivateKey(key);
    if (!parsed.checkPrivateKey(privateKey)) throw new Error("the key is another one's");
    if (parsed.validToDate.getTime() < now.getTime() + 2 * renewDays * dayMs) return null;
    return { certificate: certificate.toString(), key: privateKey, fresh: false };
  } catch (cause) {
    // Another authority in its place would be one that no client trusts: for a person to decide.
    const problem = `the certificate authority in it cannot be read; remove ca.pem and ca-key.pem for a new one`;
    throw new RegctlError("STATE_UNREADABLE", { path: folder, problem }, { cause });
  }
}

async function makeAuthority(folder: string, files: Files, now: Date): Promise<Authority> {
  const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  // Two machines' authorities must not be taken for one another in a list of them.
  const subject = `regctl serve ${now.toISOString().slice(0, 10)} ${randomBytes(4).toString("hex")}`;
  const notAfter = new Date(now.getTime() + authorityDays * dayMs);
  const terms = { subject, publicKey: createPublicKey(key), notBefore: earlier(now), notAfter };
  const certificate = issueAuthority(terms, key);
  // The key first: a certificate alone could never sign anything.
  const pem = key.export({ type: "pkcs8", format: "pem" }).toString();
  await files.write(posix.join(folder, "ca-key.pem"), pem, { mode: 0o600 });
  await files.write(posix.join(folder, "ca.pem"), certificate, { mode: 0o644 });
  return { certificate, key, fresh: true };
}
