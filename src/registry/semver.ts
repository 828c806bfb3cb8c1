/** Tags as versions, for sorting: semantic versioning's order, for tags that only resemble it too. Pure. */

interface Version {
  /** Digits without leading zeros: tags hold dates and hashes, which are longer than a number is exact. */
  readonly numbers: readonly string[];
  readonly prerelease: readonly string[];
}

/** `1`, `v1.25`, `1.25.3-rc.1`, `1.2.3.4`, `1.25-alpine_x+y`; null for what does not begin with a number. */
function parseVersion(tag: string): Version | null {
  const [, digits, rest = ""] = /^v?(\d+(?:\.\d+)*)(?:[-_+.](.+))?$/i.exec(tag) ?? [];
  if (digits === undefined) return null;
  const numbers = digits.split(".").map(withoutZeros);
  // What follows a plus (a tag has to write an underscore) builds the same version.
  const named = tag.charAt(tag.length - rest.length - 1) === "-" ? rest.split(/[+_]/, 1)[0] : "";
  const prerelease = named === undefined || named === "" ? [] : named.split(/[.-]/).map(withoutZeros);
  return { numbers, prerelease };
}

interface Tagged {
  readonly tag: string;
  readonly version: Version | null;
}

/** Ascending: what is no version first, by name; equal versions by name. One order for all distinct tags. */
export function sortTags(tags: readonly string[]): readonly string[] {
  // Each is parsed once rather than in every comparison: repositories have tens of thousands.
  const parsed = tags.map((tag): Tagged => ({ tag, version: parseVersion(tag) }));
  return parsed.sort(compareTagged).map(({ tag }) => tag);
}

/** As `sortTags` sorts; less than 0 when the first comes first. */
export function compareTags(one: string, other: string): number {
  return compareTagged(
    { tag: one, version: parseVersion(one) },
    { tag: other, version: parseVersion(other) },
  );
}

function compareTagged(one: Tagged, other: Tagged): number {
  if (one.version === null || other.version === null) {
    if (one.version === other.version) return compareTexts(one.tag, other.tag);
    return one.version === null ? -1 : 1;
  }
  return compareVersions(one.version, other.version) || compareTexts(one.tag, other.tag);
}

function compareVersions(one: Version, other: Version): number {
  const length = Math.max(one.numbers.length, other.numbers.length);
  for (let index = 0; index < length; index += 1) {
    const order = compareNumbers(one.numbers[index] ?? "0", other.numbers[index] ?? "0");
    if (order !== 0) return order;
  }
  return comparePrereleases(one.prerelease, other.prerelease);
}

/** A version is later than its own prereleases; of two prereleases the longer one, as far as they agree. */
function comparePrereleases(one: readonly string[], other: readonly string[]): number {
  if (one.length === 0 || other.length === 0) return Math.sign(other.length - one.length);
  for (const [index, part] of one.entries()) {
    const against = other[index];
    if (against === undefined) return 1;
    const order = compareIdentifiers(part, against);
    if (order !== 0) return order;
  }
  return Math.sign(one.length - other.length);
}

/** Numbers come before names. */
function compareIdentifiers(one: string, other: string): number {
  const numeric = [one, other].map((text) => /^\d+$/.test(text));
  if (numeric[0] && numeric[1]) return compareNumbers(one, other);
  return numeric[0] === numeric[1] ? compareTexts(one, other) : numeric[0] ? -1 : 1;
}

function compareNumbers(one: string, other: string): number {
  return one.length === other.length ? compareTexts(one, other) : Math.sign(one.length - other.length);
}

/** Of a number; names stay as they are. */
function withoutZeros(digits: string): string {
  return digits.replace(/^0+(?=\d+$)/, "");
}

/** By code units, like registries, and unlike `localeCompare` the same everywhere. */
function compareTexts(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
