/** Ports that a server listens at, from what `ss`, `netstat` or the kernel says. Pure. */
import type { Destination } from "../ports.ts";

type TcpDestination = Extract<Destination, { kind: "tcp" }>;

/** For a shell over there. */
export const listenersScript =
  "ss -ltn 2>/dev/null || netstat -ltn 2>/dev/null || cat /proc/net/tcp /proc/net/tcp6 2>/dev/null";

/** Likely ports of a registry first; each once. */
export function parseListeners(text: string): readonly TcpDestination[] {
  const found = text.split("\n").flatMap((line) => parseLine(line) ?? []);
  const byName = new Map(
    found.map((destination) => [`${destination.host}:${destination.port}`, destination]),
  );
  return [...byName.values()].sort(
    (one, other) => rank(one.port) - rank(other.port) || one.port - other.port,
  );
}

/** `LISTEN 0 128 127.0.0.1:5000 0.0.0.0:*`, `tcp 0 0 :::5000 :::* LISTEN`, `0: 0100007F:1388 00000000:0000 0A …`. */
function parseLine(line: string): TcpDestination | null {
  const [, hexAddress, hexPort] =
    /^\s*\d+: ([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4}) [\dA-F]+:0000 0A /.exec(line) ?? [];
  if (hexAddress !== undefined && hexPort !== undefined) {
    return { kind: "tcp", host: hostOfHex(hexAddress), port: Number.parseInt(hexPort, 16) };
  }
  if (!/\bLISTEN\b/.test(line)) return null;
  const [, address, port] = /\s(\S+):(\d+)\s+\S+:\*/.exec(line) ?? [];
  if (address === undefined || port === undefined) return null;
  return { kind: "tcp", host: hostOf(address), port: Number(port) };
}

/** A listener at every address is reached at localhost as well. */
function hostOf(address: string): string {
  const bare = address.replace(/%.*$/, "").replace(/^\[(.*)\]$/, "$1");
  const everywhere = bare === "*" || bare === "0.0.0.0" || bare === "::" || bare === "";
  return everywhere || bare.startsWith("127.") || bare === "::1" ? "localhost" : bare;
}

/** Bytes of each 32 bits in the order of the machine, which is little-endian wherever there is such a file to read. */
function hostOfHex(hex: string): string {
  if (hex.length === 32) return /^0+$|^0{24}01000000$/.test(hex) ? "localhost" : ipv6Of(hex);
  const bytes = (hex.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16));
  return hostOf(bytes.join("."));
}

function ipv6Of(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  return (bytes.join("").match(/.{4}/g) ?? []).join(":").toLowerCase();
}

function rank(port: number): number {
  if (port >= 5000 && port < 5100) return 0;
  return [443, 80, 8080, 8443, 4443, 5443].includes(port) ? 1 : 2;
}
