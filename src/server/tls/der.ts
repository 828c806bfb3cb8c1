/** The few forms of ASN.1 in DER that a certificate is made of (X.690). Pure. */

export type Der = Buffer;

function tagged(tag: number, content: Buffer): Der {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const digits = Buffer.from(
    length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, "0"),
    "hex",
  );
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length]), digits, content]);
}

export function sequence(...parts: readonly Der[]): Der {
  return tagged(0x30, Buffer.concat(parts));
}

/** Of one element: DER would want more of them sorted. */
export function setOf(part: Der): Der {
  return tagged(0x31, part);
}

export function boolean(value: boolean): Der {
  return tagged(0x01, Buffer.from([value ? 0xff : 0]));
}

/** A number that is not negative, its bytes with the highest first. */
export function integer(bytes: Buffer): Der {
  const first = bytes.findIndex((byte) => byte !== 0);
  const significant = first === -1 ? Buffer.from([0]) : bytes.subarray(first);
  const positive = (significant[0] ?? 0) < 0x80;
  return tagged(0x02, positive ? significant : Buffer.concat([Buffer.from([0]), significant]));
}

export function octets(content: Buffer): Der {
  return tagged(0x04, content);
}

/** `unused` bits at the end of the last byte do not count. */
export function bits(content: Buffer, unused = 0): Der {
  return tagged(0x03, Buffer.concat([Buffer.from([unused]), content]));
}

export function utf8(text: string): Der {
  return tagged(0x0c, Buffer.from(text));
}

/** `1.2.840.10045.2.1` */
export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): readonly number[] {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

/** As RFC 5280 §4.1.2.5 wants it: two digits for the year up to 2049. */
export function time(date: Date): Der {
  const text = `${date.toISOString().replace(/[-:T]|\..*/g, "")}Z`;
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(text.slice(2)))
    : tagged(0x18, Buffer.from(text));
}

/** Numbered by the context: `primitive` keeps the content as bytes, else it holds other elements. */
export function context(number: number, content: Buffer, primitive = false): Der {
  return tagged((primitive ? 0x80 : 0xa0) | number, content);
}
