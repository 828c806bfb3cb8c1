/** Prefix codes of least redundancy, none longer than a limit, in the canonical form of RFC 1951, section 3.2.2. */
import { codesOfLength, nextCodes, sorted, weights } from "./layout";

function at(array: usize, index: u32): u32 {
  return load<u32>(array + ((<usize>index) << 2));
}

function put(array: usize, index: u32, value: u32): void {
  store<u32>(array + ((<usize>index) << 2), value);
}

/** Counts of so many symbols (each below 2^23) into codes as layout.ts has them; a symbol that does not occur gets 0. */
export function makeCodes(counts: usize, symbols: u32, limit: u32, codes: usize): void {
  memory.fill(codes, 0, (<usize>symbols) << 2);
  const used = sortByCount(counts, symbols);
  if (used === 0) return;
  if (used === 1) {
    // One bit, as the format asks for a distance that is alone.
    put(codes, at(sorted, 0) & 511, 1 << 16);
    return;
  }
  findDepths(used);
  limitDepths(used, limit);
  let place: u32 = 0;
  for (let length = limit; length > 0; length--) {
    for (let left = at(codesOfLength, length); left > 0; left--) {
      put(codes, at(sorted, place) & 511, length << 16);
      place++;
    }
  }
  numberCodes(symbols, limit, codes);
}

/** Those that occur, rarest first, as count << 9 | symbol: no two are equal, so the order is settled. */
function sortByCount(counts: usize, symbols: u32): u32 {
  let used: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = at(counts, symbol);
    if (count > 0) put(sorted, used++, (count << 9) | symbol);
  }
  for (let gap: u32 = 121; gap > 0; gap /= 3) {
    for (let index = gap; index < used; index++) {
      const key = at(sorted, index);
      let hole = index;
      while (hole >= gap && at(sorted, hole - gap) > key) {
        put(sorted, hole, at(sorted, hole - gap));
        hole -= gap;
      }
      put(sorted, hole, key);
    }
  }
  return used;
}

/**
 * The depth of each leaf of Huffman's tree, in the place of its weight: Moffat and Katajainen, "In-place calculation of
 * minimum-redundancy codes" (1995). At least two leaves.
 */
function findDepths(used: u32): void {
  for (let index: u32 = 0; index < used; index++) put(weights, index, at(sorted, index) >> 9);
  put(weights, 0, at(weights, 0) + at(weights, 1));
  let root: u32 = 0;
  let leaf: u32 = 2;
  for (let next: u32 = 1; next < used - 1; next++) {
    let sum: u32 = 0;
    for (let child = 0; child < 2; child++) {
      if (leaf >= used || (root < next && at(weights, root) < at(weights, leaf))) {
        sum += at(weights, root);
        put(weights, root++, next);
      } else sum += at(weights, leaf++);
    }
    put(weights, next, sum);
  }
  put(weights, used - 2, 0);
  for (let index = <i32>used - 3; index >= 0; index--)
    put(weights, index, at(weights, at(weights, index)) + 1);
  let free: i32 = 1;
  let inner: i32 = 0;
  let depth: u32 = 0;
  let parent = <i32>used - 2;
  let place = <i32>used - 1;
  while (free > 0) {
    while (parent >= 0 && at(weights, parent) === depth) {
      inner++;
      parent--;
    }
    while (free > inner) {
      put(weights, place--, depth);
      free--;
    }
    free = 2 * inner;
    depth++;
    inner = 0;
  }
}

/** How many codes of each length there are: those that are too deep come up, others go down for them. */
function limitDepths(used: u32, limit: u32): void {
  memory.fill(codesOfLength, 0, 16 << 2);
  for (let index: u32 = 0; index < used; index++) {
    const depth = min(at(weights, index), limit);
    put(codesOfLength, depth, at(codesOfLength, depth) + 1);
  }
  const whole: u32 = 1 << limit;
  let taken: u32 = 0;
  for (let length: u32 = 1; length <= limit; length++) taken += at(codesOfLength, length) << (limit - length);
  for (; taken > whole; taken--) {
    let length = limit - 1;
    while (at(codesOfLength, length) === 0) length--;
    put(codesOfLength, length, at(codesOfLength, length) - 1);
    put(codesOfLength, length + 1, at(codesOfLength, length + 1) + 2);
    put(codesOfLength, limit, at(codesOfLength, limit) - 1);
  }
}

function numberCodes(symbols: u32, limit: u32, codes: usize): void {
  put(codesOfLength, 0, 0);
  let code: u32 = 0;
  for (let length: u32 = 1; length <= limit; length++) {
    code = (code + at(codesOfLength, length - 1)) << 1;
    put(nextCodes, length, code);
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length = at(codes, symbol) >> 16;
    if (length === 0) continue;
    let bits = at(nextCodes, length);
    put(nextCodes, length, bits + 1);
    let turned: u32 = 0;
    for (let bit: u32 = 0; bit < length; bit++) {
      turned = (turned << 1) | (bits & 1);
      bits >>= 1;
    }
    put(codes, symbol, (length << 16) | turned);
  }
}
