/**
 * Where things lie in the memory of one compressor. Tables first, then so many slots, each with its input (up to 32 KiB
 * of what came before, and a block of up to 1 MiB) and its output.
 */

/** The last position of each hash: 2^13 of them stay in the first cache of a processor. */
export const hashBits: u32 = 13;
export const positions: usize = 0x8000;

/** Of the part that is being packed: how often each symbol occurs (u32 each). */
export const literalCounts: usize = 0x1000;
export const distanceCounts: usize = 0x1500;
export const lengthCodeCounts: usize = 0x1600;

/** Its codes: bits of a code, last one first, in the low half, their number in the high half (u32 each). */
export const literalCodes: usize = 0x1800;
export const distanceCodes: usize = 0x1d00;
export const lengthCodeCodes: usize = 0x1e00;
/** A length from 3 to 258 with its extra bits: bits in the low 24, their number in the high 8 (u32 each). */
export const wholeLengths: usize = 0x2000;

/** The symbol of a length (u8 each), and of a distance less one: up to 255 by itself, above by its 128th (u8 each). */
export const symbolOfLength: usize = 0x2500;
export const symbolOfDistance: usize = 0x2700;

/** Where code lengths are thought out: symbols by weight, weights (u32 each), codes of each length (u32 each). */
export const sorted: usize = 0x3000;
export const weights: usize = 0x3500;
export const codesOfLength: usize = 0x3a00;
export const nextCodes: usize = 0x3b00;
/** What a dynamic block says of its codes: their lengths (u8 each), and the same with runs (u16 each). */
export const codeLengths: usize = 0x4000;
export const codeLengthRuns: usize = 0x4200;

/** Matches of the part: literals before it, then length and distance (two u32 each). */
export const matches: usize = 0x10000;
export const mostMatches: u32 = 8192;

export const window: u32 = 32768;
const blockBytes: usize = 1 << 20;
/** What does not shrink is stored, with five bytes for each part of 64 KiB; words are written ahead of their end. */
const outputBytes: usize = blockBytes + 0x8000;
const slotBytes: usize = <usize>window + blockBytes + outputBytes;
const slots: usize = 0x20000;

export function inputOf(slot: u32): usize {
  return slots + <usize>slot * slotBytes;
}

export function outputOf(slot: u32): usize {
  return inputOf(slot) + window + blockBytes;
}
