/** One block of RFC 1951 out of the matches that were found: dynamic codes, or stored where those would not shrink it. */
import { makeCodes } from "./huffman";
import {
  codeLengthRuns,
  codeLengths,
  distanceCodes,
  distanceCounts,
  lengthCodeCodes,
  lengthCodeCounts,
  literalCodes,
  literalCounts,
  matches,
  wholeLengths,
} from "./layout";
import {
  distanceBase,
  distanceExtra,
  distanceSymbol,
  distanceSymbols,
  endOfBlock,
  inLengthOrder,
  lengthBase,
  lengthCodeSymbols,
  lengthExtra,
  lengthSymbol,
  literalSymbols,
  longestMatch,
} from "./tables";

/** Where the next byte goes, and the bits that do not fill one yet. */
let place: usize = 0;
let bits: u64 = 0;
let bitCount: u32 = 0;

function at(array: usize, index: u32): u32 {
  return load<u32>(array + ((<usize>index) << 2));
}

/** Up to 32 bits. */
function putBits(value: u32, count: u32): void {
  bits |= (<u64>value) << bitCount;
  bitCount += count;
  store<u64>(place, bits);
  place += bitCount >> 3;
  bits >>= bitCount & 56;
  bitCount &= 7;
}

function alignToByte(): void {
  if (bitCount > 0) place++;
  bits = 0;
  bitCount = 0;
}

export function beginOutput(output: usize): void {
  place = output;
  bits = 0;
  bitCount = 0;
}

/** An empty stored block, so that what follows begins with a byte of its own. Gives where the output ends. */
export function endOutput(): usize {
  putBits(0, 3);
  alignToByte();
  store<u32>(place, 0xffff0000);
  place += 4;
  return place;
}

/** Input from `from` to `to` with so many matches; the counts are those of their symbols. */
export function writeBlock(from: usize, to: usize, matchCount: u32): void {
  makeCodes(literalCounts, literalSymbols, 15, literalCodes);
  makeCodes(distanceCounts, distanceSymbols, 15, distanceCodes);
  const literals = lastUsed(literalCodes, literalSymbols, 257);
  const distances = lastUsed(distanceCodes, distanceSymbols, 1);
  const runs = writeRuns(literals, distances);
  makeCodes(lengthCodeCounts, lengthCodeSymbols, 7, lengthCodeCodes);
  let lengths = lengthCodeSymbols;
  while (lengths > 4 && at(lengthCodeCodes, inLengthOrder(lengths - 1)) === 0) lengths--;

  const length = <u32>(to - from);
  if (dynamicBits(lengths) > (length + 5) << 3) {
    writeStored(from, length);
    return;
  }
  putBits(0b100, 3);
  putBits(literals - 257, 5);
  putBits(distances - 1, 5);
  putBits(lengths - 4, 4);
  for (let index: u32 = 0; index < lengths; index++)
    putBits(at(lengthCodeCodes, inLengthOrder(index)) >> 16, 3);
  for (let index: u32 = 0; index < runs; index++) {
    const run: u32 = load<u16>(codeLengthRuns + (index << 1));
    const code = at(lengthCodeCodes, run & 255);
    putBits(code & 0xffff, code >> 16);
    putBits(run >> 8, runExtra(run & 255));
  }
  joinLengths();
  writeSymbols(from, to, matchCount);
}

function lastUsed(codes: usize, symbols: u32, least: u32): u32 {
  let count = symbols;
  while (count > least && at(codes, count - 1) === 0) count--;
  return count;
}

/** Section 3.2.7: 16 repeats the last length, 17 and 18 are runs of zeros. */
function runExtra(symbol: u32): u32 {
  return symbol < 16 ? 0 : symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
}

function writeRuns(literals: u32, distances: u32): u32 {
  const total = literals + distances;
  for (let index: u32 = 0; index < literals; index++)
    store<u8>(codeLengths + index, at(literalCodes, index) >> 16);
  for (let index: u32 = 0; index < distances; index++) {
    store<u8>(codeLengths + literals + index, at(distanceCodes, index) >> 16);
  }
  memory.fill(lengthCodeCounts, 0, lengthCodeSymbols << 2);
  let runs: u32 = 0;
  let index: u32 = 0;
  while (index < total) {
    const length: u32 = load<u8>(codeLengths + index);
    let left: u32 = 1;
    while (index + left < total && load<u8>(codeLengths + index + left) === length) left++;
    index += left;
    if (length > 0) {
      runs = writeRun(runs, length, 0);
      left--;
    }
    while (left >= 3) {
      const symbol: u32 = length > 0 ? 16 : left >= 11 ? 18 : 17;
      const least: u32 = symbol === 18 ? 11 : 3;
      const most: u32 = symbol === 18 ? 138 : symbol === 17 ? 10 : 6;
      const count = min(left, most);
      runs = writeRun(runs, symbol, count - least);
      left -= count;
    }
    for (; left > 0; left--) runs = writeRun(runs, length, 0);
  }
  return runs;
}

function writeRun(runs: u32, symbol: u32, extra: u32): u32 {
  store<u16>(codeLengthRuns + (runs << 1), symbol | (extra << 8));
  const count = lengthCodeCounts + (symbol << 2);
  store<u32>(count, load<u32>(count) + 1);
  return runs + 1;
}

function dynamicBits(lengths: u32): u32 {
  let sum: u32 = 3 + 14 + lengths * 3;
  for (let symbol: u32 = 0; symbol < lengthCodeSymbols; symbol++) {
    sum += at(lengthCodeCounts, symbol) * ((at(lengthCodeCodes, symbol) >> 16) + runExtra(symbol));
  }
  for (let symbol: u32 = 0; symbol < literalSymbols; symbol++) {
    const extra = symbol > endOfBlock ? lengthExtra(symbol - 257) : 0;
    sum += at(literalCounts, symbol) * ((at(literalCodes, symbol) >> 16) + extra);
  }
  for (let symbol: u32 = 0; symbol < distanceSymbols; symbol++) {
    sum += at(distanceCounts, symbol) * ((at(distanceCodes, symbol) >> 16) + distanceExtra(symbol));
  }
  return sum;
}

function writeStored(from: usize, length: u32): void {
  putBits(0, 3);
  alignToByte();
  store<u16>(place, length);
  store<u16>(place, ~length, 2);
  memory.copy(place + 4, from, length);
  place += 4 + length;
}

function joinLengths(): void {
  for (let length: u32 = 3; length <= longestMatch; length++) {
    const symbol = lengthSymbol(length);
    const code = at(literalCodes, 257 + symbol);
    const count = code >> 16;
    const joined = (code & 0xffff) | ((length - lengthBase(symbol)) << count);
    store<u32>(wholeLengths + (length << 2), joined | ((count + lengthExtra(symbol)) << 24));
  }
}

/** At most seven bits wait when a turn begins: three literals of 15 fit on top, and so does a match of 48. */
function writeSymbols(from: usize, to: usize, matchCount: u32): void {
  let out = place;
  let held = bits;
  let count = <u64>bitCount;
  let next = from;
  let match = matches;
  for (let index: u32 = 0; ; index++) {
    const end = index < matchCount ? next + load<u32>(match) : to;
    while (next + 3 <= end) {
      const first = at(literalCodes, load<u8>(next));
      const second = at(literalCodes, load<u8>(next, 1));
      const third = at(literalCodes, load<u8>(next, 2));
      held |= (<u64>(first & 0xffff)) << count;
      count += first >> 16;
      held |= (<u64>(second & 0xffff)) << count;
      count += second >> 16;
      held |= (<u64>(third & 0xffff)) << count;
      count += third >> 16;
      store<u64>(out, held);
      out += <usize>(count >> 3);
      held >>= count & 56;
      count &= 7;
      next += 3;
    }
    for (; next < end; next++) {
      const code = at(literalCodes, load<u8>(next));
      held |= (<u64>(code & 0xffff)) << count;
      count += code >> 16;
    }
    store<u64>(out, held);
    out += <usize>(count >> 3);
    held >>= count & 56;
    count &= 7;
    if (index === matchCount) break;
    const lengthAndDistance = load<u32>(match, 4);
    match += 8;
    const length = lengthAndDistance & 511;
    const distance = lengthAndDistance >> 9;
    const whole = at(wholeLengths, length);
    held |= (<u64>(whole & 0xffffff)) << count;
    count += whole >> 24;
    const symbol = distanceSymbol(distance);
    const code = at(distanceCodes, symbol);
    held |= (<u64>(code & 0xffff)) << count;
    count += code >> 16;
    held |= (<u64>(distance - distanceBase(symbol))) << count;
    count += distanceExtra(symbol);
    store<u64>(out, held);
    out += <usize>(count >> 3);
    held >>= count & 56;
    count &= 7;
    next += length;
  }
  place = out;
  bits = held;
  bitCount = <u32>count;
  const end = at(literalCodes, endOfBlock);
  putBits(end & 0xffff, end >> 16);
}
