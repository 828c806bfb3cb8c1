/** Why no authority in the world makes an engine accept a server's certificate. Pure; the rules are Go's crypto/x509. */
import { X509Certificate } from "node:crypto";
import { parseIp } from "../../ip-network.ts";
import { type CertificateFacts, dayOf } from "./certificate.ts";

export interface LeafQuestion {
  readonly leaf: CertificateFacts;
  /** As the engine dials it: without a port, without brackets. */
  readonly host: string;
  /** Seconds since 1970 by the clock of the engine's host, and by ours. */
  readonly hostNow: number;
  readonly ourNow: number;
}

export interface Flaw {
  readonly id: "common-name" | "name" | "address" | "expired" | "too-young" | "clock" | "purpose";
  /** A sentence without its full stop. */
  readonly problem: string;
}

const serverAuth = "1.3.6.1.5.5.7.3.1";
const anyPurpose = "2.5.29.37.0";

/** Null when an authority is all that is missing. */
export function findFlaw(question: LeafQuestion): Flaw | null {
  return flawOfDates(question) ?? flawOfNames(question) ?? flawOfPurpose(question);
}

function flawOfDates({ leaf, hostNow, ourNow }: LeafQuestion): Flaw | null {
  const isValid = (now: number) => now >= leaf.notBefore && now <= leaf.notAfter;
  if (isValid(hostNow)) return null;
  if (isValid(ourNow)) {
    const problem = `it is valid now, but the clock of that host says ${dayOf(hostNow)}: set the clock there`;
    return { id: "clock", problem };
  }
  return hostNow > leaf.notAfter
    ? { id: "expired", problem: `it expired at ${dayOf(leaf.notAfter)}` }
    : { id: "too-young", problem: `it is not valid before ${dayOf(leaf.notBefore)}` };
}

function flawOfNames({ leaf, host }: LeafQuestion): Flaw | null {
  const certificate = new X509Certificate(leaf.pem);
  const isAddress = parseIp(host) !== null;
  if (isAddress ? certificate.checkIP(host) : leaf.names.some((name) => matches(name, host))) return null;
  const valid = shortened(leaf.names);
  if (leaf.names.length === 0) {
    const problem = `it has a common name (${leaf.subject}) and no subjectAltName, which engines do not accept`;
    return { id: "common-name", problem };
  }
  if (isAddress && !leaf.names.some((name) => name.startsWith("IP:"))) {
    return { id: "address", problem: `${host} is an address, and it is valid for ${valid} and no address` };
  }
  return { id: "name", problem: `it is valid for ${valid}, and not for ${host}` };
}

const mostShown = 5;

/** Certificates of large services have hundreds. */
function shortened(names: readonly string[]): string {
  const shown = names.slice(0, mostShown).join(", ");
  return names.length > mostShown ? `${shown} and ${names.length - mostShown} more names` : shown;
}

/** As Go does it: `*` is one whole label, the first. OpenSSL would refuse `*.lan`. */
function matches(name: string, host: string): boolean {
  if (!name.startsWith("DNS:")) return false;
  const pattern = name.slice("DNS:".length).toLowerCase().split(".");
  const labels = host.toLowerCase().split(".");
  const rest = pattern[0] === "*" ? 1 : 0;
  return (
    pattern.length === labels.length && pattern.slice(rest).every((label, at) => label === labels[at + rest])
  );
}

function flawOfPurpose({ leaf }: LeafQuestion): Flaw | null {
  // Node leaves it undefined where the extension is missing.
  const purposes: readonly string[] | undefined = new X509Certificate(leaf.pem).keyUsage;
  if (!purposes || purposes.includes(serverAuth) || purposes.includes(anyPurpose)) return null;
  return { id: "purpose", problem: "its extended key usage does not name servers (serverAuth)" };
}
