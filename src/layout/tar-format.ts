/**
 * Headers of tar entries to bytes and back (POSIX ustar and pax, GNU). The rules that decide where content lies and
 * what it is called are those of Go's archive/tar, since engines and the other tools read with it. Pure.
 */
import { Header } from "tar/header";
import { Pax } from "tar/pax";

/** Headers and content come in blocks of so many bytes. */
export const tarBlock = 512;
/** What ends an archive. */
export const tarEnd: Buffer = Buffer.alloc(2 * tarBlock);

/** Bytes of zeros behind content of `size` bytes. */
export function tarPadding(size: number): number {
  return (tarBlock - (size % tarBlock)) % tarBlock;
}

/**
 * The blocks before the content. Time, owner and mode are always the same, so that equal content gives equal
 * archives. A name that is too long for ustar, and a size of 8 GiB or more, stand in a pax header too.
 */
export function encodeTarHeader(path: string, size: number): Buffer {
  const folder = path.endsWith("/");
  const header = new Header({
    path,
    size,
    type: folder ? "Directory" : "File",
    mode: folder ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    mtime: new Date(0),
  });
  const block = Buffer.alloc(tarBlock);
  const needsPax = header.encode(block);
  return needsPax ? Buffer.concat([new Pax({ path, size }).encode(), block]) : block;
}

export interface TarHeader {
  /** The type flag: `0` a file, `2` a symbolic link, `x` a pax header, … */
  readonly type: string;
  readonly path: string;
  readonly link: string;
  /** Bytes of content that follow. */
  readonly size: number;
}

/** Not for links, devices, folders and pipes, whatever their size says. */
export function hasContent(type: string): boolean {
  return !"123456".includes(type);
}

/** The header in one block, `end` for a block of zeros, null for a block that is no header. */
export function decodeTarHeader(block: Buffer): TarHeader | "end" | null {
  if (block[0] === 0 && block.every((byte) => byte === 0)) return "end";
  const header = readHeader(block);
  if (header === null || !header.cksumValid || header.size === undefined) return null;
  const flag = String.fromCharCode(block[156] ?? 0);
  const type = flag === "\0" ? "0" : flag;
  const path = header.path ?? "";
  return {
    type: type === "0" && path.endsWith("/") ? "5" : type,
    path,
    link: header.linkpath ?? "",
    size: hasContent(type) ? header.size : 0,
  };
}

/** Null where a number is none, or more than is exact in a double. */
function readHeader(block: Buffer): Header | null {
  try {
    return new Header(block);
  } catch {
    return null;
  }
}

export interface PaxRecords {
  readonly path?: string;
  readonly link?: string;
  /** Bytes. */
  readonly size?: number;
  /** The content is stored without its holes. */
  readonly sparse: boolean;
}

/**
 * The records of a pax header, `LENGTH KEY=VALUE\n` each; null when they are none. Read by their lengths: a value
 * may hold line ends, and what looks like a record within a value is none.
 */
export function decodePax(body: Buffer): PaxRecords | null {
  const records = new Map<string, string>();
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    const digits = space < 0 ? "" : body.toString("latin1", at, space);
    const length = /^\d{1,10}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    if (length < digits.length + 3 || end > body.length || body[end - 1] !== 0x0a) return null;
    const record = body.toString("utf8", space + 1, end - 1);
    const equals = record.indexOf("=");
    if (equals < 1) return null;
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  return judgeRecords(records);
}

function judgeRecords(records: ReadonlyMap<string, string>): PaxRecords | null {
  // An empty value takes a record of a global header back, and those are not used.
  const path = records.get("path") || undefined;
  const link = records.get("linkpath") || undefined;
  const size = records.get("size") || undefined;
  if (size !== undefined && !/^\d{1,15}$/.test(size)) return null;
  return {
    sparse: [...records.keys()].some((key) => key.startsWith("GNU.sparse.")),
    ...(path === undefined ? {} : { path }),
    ...(link === undefined ? {} : { link }),
    ...(size === undefined ? {} : { size: Number(size) }),
  };
}
