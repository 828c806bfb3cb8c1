/**
 * Addresses and networks in the spelling that the engine prints, computed without asking anybody. IPv4-mapped
 * IPv6 (`::ffff:10.0.0.5`) is left out on purpose: the engine takes it for the IPv4 address.
 */

export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** `value` has no bit set below the prefix. */
export interface IpNetwork extends IpAddress {
  readonly prefix: number;
}

const octet = "(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])";
const ipv4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`);

/** A bare address (no brackets, no zone, no octet with a leading zero), or null. */
export function parseIp(text: string): IpAddress | null {
  if (ipv4.test(text)) {
    return { family: 4, value: text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n) };
  }
  if (!/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) || !URL.canParse(`http://[${text}]/`)) return null;
  const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const value = valueOfIpv6(canonical);
  return value >> 32n === 0xffffn ? null : { family: 6, value };
}

function valueOfIpv6(canonical: string): bigint {
  const [head = "", tail = ""] = canonical.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const before = groups(head);
  const after = groups(tail);
  const zeros = canonical.includes("::") ? Array<string>(8 - before.length - after.length).fill("0") : [];
  return [...before, ...zeros, ...after].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

/** An address with a prefix length; host bits are masked away, as the engine does. */
export function parseNetwork(text: string): IpNetwork | null {
  const slash = text.indexOf("/");
  const digits = text.slice(slash + 1);
  if (slash < 0 || !/^\d{1,4}$/.test(digits)) return null;
  const address = parseIp(text.slice(0, slash));
  const bits = address?.family === 4 ? 32 : 128;
  const prefix = Number(digits);
  if (address === null || prefix > bits) return null;
  const hostBits = BigInt(bits - prefix);
  return { family: address.family, value: (address.value >> hostBits) << hostBits, prefix };
}

/** Whether every address of `inner` (an address counts as a network of one) lies in `outer`. */
export function networkContains(outer: IpNetwork, inner: IpAddress | IpNetwork): boolean {
  if (outer.family !== inner.family) return false;
  if ("prefix" in inner && inner.prefix < outer.prefix) return false;
  const hostBits = BigInt((outer.family === 4 ? 32 : 128) - outer.prefix);
  return inner.value >> hostBits === outer.value >> hostBits;
}

export function formatIp(address: IpAddress): string {
  if (address.family === 4) {
    return [24n, 16n, 8n, 0n].map((shift) => (address.value >> shift) & 255n).join(".");
  }
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address.value >> BigInt(112 - index * 16)) & 0xffffn).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
}

export function formatNetwork(network: IpNetwork): string {
  return `${formatIp(network)}/${network.prefix}`;
}
