/** RFC 1951, section 3.2.5: what the symbols of lengths and distances begin with, and how many bits follow them. */
import { symbolOfDistance, symbolOfLength } from "./layout";

const lengthBases = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
]);
const lengthBits = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const distanceBases = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12289, 16385, 24577,
]);
/** The order in which the lengths of the codes for code lengths are given (section 3.2.7). */
const lengthOrder = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

export const longestMatch: u32 = 258;
export const endOfBlock: u32 = 256;
export const literalSymbols: u32 = 286;
export const distanceSymbols: u32 = 30;
export const lengthCodeSymbols: u32 = 19;

export function lengthBase(symbol: u32): u32 {
  return load<u16>(lengthBases + (symbol << 1));
}

export function lengthExtra(symbol: u32): u32 {
  return load<u8>(lengthBits + symbol);
}

export function distanceBase(symbol: u32): u32 {
  return load<u16>(distanceBases + (symbol << 1));
}

export function distanceExtra(symbol: u32): u32 {
  return symbol < 2 ? 0 : (symbol >> 1) - 1;
}

export function inLengthOrder(place: u32): u32 {
  return load<u8>(lengthOrder + place);
}

/** Counted from 0: 257 is added where literals and lengths share an alphabet. */
export function lengthSymbol(length: u32): u32 {
  return load<u8>(symbolOfLength + length);
}

export function distanceSymbol(distance: u32): u32 {
  return load<u8>(placeOf(distance - 1));
}

function placeOf(less: usize): usize {
  return symbolOfDistance + (less < 256 ? less : 256 + (less >> 7));
}

export function fillTables(): void {
  for (let symbol: u32 = 0; symbol < 28; symbol++) {
    const end = lengthBase(symbol) + (1 << lengthExtra(symbol));
    for (let length = lengthBase(symbol); length < end; length++) store<u8>(symbolOfLength + length, symbol);
  }
  // The longest match has a symbol of its own.
  store<u8>(symbolOfLength + longestMatch, 28);
  for (let symbol: u32 = 0; symbol < distanceSymbols; symbol++) {
    const end = distanceBase(symbol) - 1 + (1 << distanceExtra(symbol));
    for (let less = distanceBase(symbol) - 1; less < end; less++) {
      store<u8>(placeOf(less), symbol);
    }
  }
}
