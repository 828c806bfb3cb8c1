/** known_hosts, as sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT" describes it. Pure: texts and keys in, a verdict out. */
import { createHash, createHmac } from "node:crypto";

export interface KnownHostsFile {
  readonly path: string;
  readonly text: string;
}

/** How a host is looked up: its name or address, or its HostKeyAlias, which never carries a port. */
export interface HostKeyName {
  readonly host: string;
  readonly port: number;
  readonly alias: string | null;
}

interface Place {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
}

export type HostKeyVerdict =
  | { readonly kind: "known" }
  /** `others`: keys of other types that are known for this host. */
  | { readonly kind: "unknown"; readonly others: readonly (Place & { readonly keyType: string })[] }
  | ({ readonly kind: "changed" | "revoked" } & Place);

interface Entry extends Place {
  readonly marker: "@revoked" | "@cert-authority" | null;
  readonly hosts: string;
  readonly keyType: string;
  readonly key: Buffer;
}

/** Judges the key (wire format) that a host has shown. A key of another type than the known ones is unknown. */
export function judgeHostKey(
  files: readonly KnownHostsFile[],
  name: HostKeyName,
  key: Buffer,
): HostKeyVerdict {
  const [exact, bare] = lookupNames(name);
  const entries = files.flatMap(parseEntries);
  const plain = entriesFor(entries, exact).filter((entry) => entry.marker === null);
  const related = bare === null ? [] : entriesFor(entries, bare);
  const revoked = [...entriesFor(entries, exact), ...related].find(
    (entry) => entry.marker === "@revoked" && entry.key.equals(key),
  );
  if (revoked) return { kind: "revoked", path: revoked.path, line: revoked.line };
  const isKey = (entry: Entry): boolean => entry.key.equals(key);
  // As OpenSSH does: a host on another port may be known by its bare name, which can only confirm a key.
  if (plain.some(isKey) || related.some((entry) => entry.marker === null && isKey(entry)))
    return { kind: "known" };
  const changed = plain.find((entry) => entry.keyType === keyTypeOf(key));
  if (changed) return { kind: "changed", path: changed.path, line: changed.line };
  return { kind: "unknown", others: plain.map(({ path, line, keyType }) => ({ path, line, keyType })) };
}

/** The types of key by which a host is known: to be asked for first, or a second key would look like a changed one. */
export function knownKeyTypes(files: readonly KnownHostsFile[], name: HostKeyName): string[] {
  const [exact, bare] = lookupNames(name);
  const entries = files.flatMap(parseEntries).filter((entry) => entry.marker === null);
  const own = entriesFor(entries, exact);
  const types = (own.length > 0 || bare === null ? own : entriesFor(entries, bare)).map(
    (entry) => entry.keyType,
  );
  return [...new Set(types)];
}

/** Whether a certificate authority is trusted for this host. */
export function hasCertAuthority(files: readonly KnownHostsFile[], name: HostKeyName): boolean {
  const [exact] = lookupNames(name);
  return entriesFor(files.flatMap(parseEntries), exact).some((entry) => entry.marker === "@cert-authority");
}

/** One line (with its newline) that makes a key known; hashed with `salt` (20 bytes) when one is given. */
export function renderKnownHost(name: HostKeyName, key: Buffer, salt?: Buffer): string {
  const [host] = lookupNames(name);
  const shown = salt ? `|1|${salt.toString("base64")}|${hashOf(salt, host)}` : host;
  return `${shown} ${keyTypeOf(key)} ${key.toString("base64")}\n`;
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The type that a key in wire format says it is: its first string. */
export function keyTypeOf(key: Buffer): string {
  return key.length < 4 ? "" : key.toString("latin1", 4, 4 + key.readUInt32BE(0));
}

/** The name that decides, and the bare name that can confirm a key on another port. */
function lookupNames({ host, port, alias }: HostKeyName): readonly [string, string | null] {
  if (alias !== null) return [alias.toLowerCase(), null];
  const bare = host.toLowerCase();
  return port === 22 ? [bare, null] : [`[${bare}]:${port}`, bare];
}

function parseEntries({ path, text }: KnownHostsFile): Entry[] {
  return text.split(/\r?\n/).flatMap((content, index): Entry[] => {
    const fields = content.trim().split(/[ \t]+/);
    const marker = fields[0]?.startsWith("@") ? fields.shift() : null;
    const [hosts, keyType, base64] = fields;
    if (!hosts || hosts.startsWith("#") || !keyType || !base64) return [];
    if (marker !== null && marker !== "@revoked" && marker !== "@cert-authority") return [];
    const key = Buffer.from(base64, "base64");
    return keyTypeOf(key) === keyType ? [{ path, line: index + 1, marker, hosts, keyType, key }] : [];
  });
}

function entriesFor(entries: readonly Entry[], name: string): Entry[] {
  return entries.filter(({ hosts }) => matchesHosts(hosts, name));
}

function matchesHosts(hosts: string, name: string): boolean {
  if (hosts.startsWith("|")) return matchesHashed(hosts, name);
  const patterns = hosts.toLowerCase().split(",");
  const negated = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
  if (negated.some((pattern) => matchesGlob(pattern, name))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && matchesGlob(pattern, name));
}

/** `|1|salt|hash`: HMAC-SHA1 of the name. */
function matchesHashed(hosts: string, name: string): boolean {
  const [, version, salt = "", hash = ""] = hosts.split("|");
  return version === "1" && hashOf(Buffer.from(salt, "base64"), name) === hash;
}

function hashOf(salt: Buffer, name: string): string {
  return createHmac("sha1", salt).update(name).digest("base64");
}

function matchesGlob(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(name);
}
