/**
 * Memory that connections read into, used again as soon as its last user gives it back. Buffers that are made anew for
 * every 64 KiB cost more time than the copying itself, and pile up until they are collected.
 */

export interface Slabs {
  /** Where the next bytes may be read to. */
  space(slab: Slab | null): { readonly slab: Slab; readonly target: Buffer };
  /** The bytes that were just read, as a chunk for whoever reads the body. */
  lend(slab: Slab, start: number, end: number): Buffer;
  /** A chunk that nobody will look at any more. One that never comes back is collected, with its slab. */
  giveBack(chunk: Uint8Array): void;
  /** A chunk has one user more, who gives it back as well. */
  keep(chunk: Uint8Array): void;
  /**
   * Whether memory is from now on such that threads see it, too. V8 does not count that: chunks that never come back
   * are collected late.
   */
  share(on: boolean): void;
}

export interface Slab {
  readonly buffer: Buffer;
  /** Bytes that were read into it. */
  filled: number;
  /** Bytes of chunks that are out. */
  lent: number;
  /** Nothing is read into it any more. */
  full: boolean;
}

/** From a server on the same machine so much comes at once. Twice as much saves little, and five layers hold it. */
const slabBytes = 512 * 1024;
/** With less room than this, a read would be too small to be worth a call. */
const leastRoom = 64 * 1024;
const mostFree = 32;

export function createSlabs(): Slabs {
  const free: Slab[] = [];
  let shared = false;
  const owners = new WeakMap<ArrayBufferLike, Slab>();
  const fits = ({ buffer }: Slab): boolean => buffer.buffer instanceof SharedArrayBuffer === shared;
  const make = (): Slab => {
    const buffer = shared ? Buffer.from(new SharedArrayBuffer(slabBytes)) : Buffer.allocUnsafeSlow(slabBytes);
    const slab = { buffer, filled: 0, lent: 0, full: false };
    owners.set(buffer.buffer, slab);
    return slab;
  };
  const reuse = (slab: Slab): void => {
    if (!slab.full || slab.lent > 0 || free.length >= mostFree || !fits(slab)) return;
    Object.assign(slab, { filled: 0, full: false });
    free.push(slab);
  };
  return {
    space: (current) => {
      let slab = current ?? free.pop() ?? make();
      // Nothing of it is out: it can be filled again from its beginning.
      if (slab.lent === 0) slab.filled = 0;
      if (slab.buffer.length - slab.filled < leastRoom || !fits(slab)) {
        slab.full = true;
        slab = free.pop() ?? make();
      }
      return { slab, target: slab.filled === 0 ? slab.buffer : slab.buffer.subarray(slab.filled) };
    },
    lend: (slab, start, end) => {
      slab.lent += end - start;
      return slab.buffer.subarray(start, end);
    },
    keep: (chunk) => {
      const slab = owners.get(chunk.buffer);
      if (slab !== undefined) slab.lent += chunk.byteLength;
    },
    share: (on) => {
      if (on !== shared) free.length = 0;
      shared = on;
    },
    giveBack: (chunk) => {
      const slab = owners.get(chunk.buffer);
      if (slab === undefined) return;
      slab.lent -= chunk.byteLength;
      reuse(slab);
    },
  };
}

/** For all: what the connection to one registry reads, that to another sends, and a thread hashes meanwhile. */
export const slabs = createSlabs();
