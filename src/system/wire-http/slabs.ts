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
  const owners = new WeakMap<ArrayBufferLike, Slab>();
  const make = (): Slab => {
    const buffer = Buffer.allocUnsafeSlow(slabBytes);
    const slab = { buffer, filled: 0, lent: 0, full: false };
    owners.set(buffer.buffer, slab);
    return slab;
  };
  const reuse = (slab: Slab): void => {
    if (!slab.full || slab.lent > 0 || free.length >= mostFree) return;
    Object.assign(slab, { filled: 0, full: false });
    free.push(slab);
  };
  return {
    space: (current) => {
      let slab = current ?? free.pop() ?? make();
      // Nothing of it is out: it can be filled again from its beginning.
      if (slab.lent === 0) slab.filled = 0;
      if (slab.buffer.length - slab.filled < leastRoom) {
        slab.full = true;
        slab = free.pop() ?? make();
      }
      return { slab, target: slab.filled === 0 ? slab.buffer : slab.buffer.subarray(slab.filled) };
    },
    lend: (slab, start, end) => {
      slab.lent += end - start;
      return slab.buffer.subarray(start, end);
    },
    giveBack: (chunk) => {
      const slab = owners.get(chunk.buffer);
      if (slab === undefined) return;
      slab.lent -= chunk.byteLength;
      reuse(slab);
    },
  };
}

/** For all: what the connection to one registry reads, that to another sends. */
export const slabs = createSlabs();
