/**
 * Deflate (RFC 1951) for speed: one look at the last place with the same four bytes, matches taken greedily, dynamic
 * codes for each part of 64 KiB. Compiled to WebAssembly by scripts/assembly.ts.
 */
import { beginOutput, endOutput, writeBlock } from "./block";
import {
  distanceCounts,
  hashBits,
  inputOf,
  literalCounts,
  matches,
  mostMatches,
  outputOf,
  positions,
  window,
} from "./layout";
import { distanceSymbol, endOfBlock, fillTables, lengthSymbol, longestMatch } from "./tables";

/** A stored block holds 65535 bytes at most, and the last match may reach over the end of its part. */
const partBytes: usize = 65535 - longestMatch;
/** Four bytes, and room for words of eight that are read at once. */
const leastLeft: usize = 8;

let ready = false;

export { inputOf, outputOf };

function positionOf(word: u32): usize {
  return positions + ((<usize>((word * 0x9e3779b1) >> (32 - hashBits))) << 2);
}

function count(counter: usize): void {
  store<u32>(counter, load<u32>(counter) + 1);
}

function countLiterals(from: usize, to: usize): void {
  for (let at = from; at < to; at++) count(literalCounts + ((<usize>load<u8>(at)) << 2));
}

/** How far the bytes at both places are the same, when the first four are; `most` from 4 on. */
function matchLength(here: usize, there: usize, most: u32): u32 {
  let length: u32 = 4;
  while (length + 8 <= most) {
    const difference = load<u64>(here + length) ^ load<u64>(there + length);
    if (difference !== 0) return length + <u32>(ctz(difference) >> 3);
    length += 8;
  }
  while (length < most && load<u8>(here + length) === load<u8>(there + length)) length++;
  return length;
}

/**
 * The input of a slot is `before` bytes that the reader has had already (32768 at most) and `length` bytes (1 MiB at
 * most) to be packed. Gives the bytes of the slot's output: whole blocks, none of them the last of a stream, up to the
 * end of a byte.
 */
export function deflate(slot: u32, before: u32, length: u32): u32 {
  if (!ready) fillTables();
  ready = true;
  beginOutput(outputOf(slot));
  const input = inputOf(slot);
  const start = input + before;
  const end = start + length;
  memory.fill(positions, 0, 4 << hashBits);
  for (let at = input; at + 4 <= start; at++) store<u32>(positionOf(load<u32>(at)), <u32>at);
  let at = start;
  while (at < end) at = packPart(at, end);
  return <u32>(endOutput() - outputOf(slot));
}

/** From `from` to where this part ends, which it gives. */
function packPart(from: usize, end: usize): usize {
  memory.fill(literalCounts, 0, (endOfBlock + 30) << 2);
  memory.fill(distanceCounts, 0, 30 << 2);
  const partEnd = min(end, from + partBytes);
  // No match begins where words would be read from behind the end.
  const lastStart = min(end - leastLeft, partEnd);
  let at = from;
  let literal = from;
  let match = matches;
  let matchCount: u32 = 0;
  while (at < lastStart && matchCount < mostMatches) {
    const word = load<u32>(at);
    const position = positionOf(word);
    const there: usize = load<u32>(position);
    store<u32>(position, <u32>at);
    const distance = <u32>(at - there);
    // What was never there has place 0, which is further away than any window.
    if (distance > window || load<u32>(there) !== word) {
      // Where nothing has matched for long, not every place is looked at.
      at += 1 + ((at - literal) >> 8);
      continue;
    }
    const length = matchLength(at, there, min(<u32>(end - at), longestMatch));
    store<u32>(match, <u32>(at - literal));
    store<u32>(match, length | (distance << 9), 4);
    match += 8;
    matchCount++;
    countLiterals(literal, at);
    count(literalCounts + ((257 + lengthSymbol(length)) << 2));
    count(distanceCounts + (distanceSymbol(distance) << 2));
    literal = at + length;
    const known = min(literal, end - leastLeft);
    for (at++; at < known; at++) store<u32>(positionOf(load<u32>(at)), <u32>at);
    at = literal;
  }
  const to = matchCount === mostMatches ? literal : max(literal, partEnd);
  countLiterals(literal, to);
  store<u32>(literalCounts + (endOfBlock << 2), 1);
  writeBlock(from, to, matchCount);
  return to;
}
