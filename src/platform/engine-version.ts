/** Versions of the Docker Engine as `GET /version` and `GET /info` spell them. */

export interface EngineVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

const pattern = /^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,6}))?(?:[-+~.].*)?$/;

/**
 * `20.10.24+dfsg1`, `17.04.0-ce` and `1.12.6` give their numbers. Null for what is no release of the engine:
 * `swarm/1.2.5`, `dev`, and the `0.0.0-…` of a build from a working tree.
 */
export function parseEngineVersion(text: string): EngineVersion | null {
  const match = pattern.exec(text.trim());
  if (match === null) return null;
  const version = { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) };
  return version.major + version.minor + version.patch === 0 ? null : version;
}

/**
 * Whether an engine is of this release or newer. The jump from 1.13 to 17.03 needs no care: the numbers only
 * grow. An unknown version is not new enough for anything; a release candidate counts as its release.
 */
export function atLeast(version: EngineVersion | string | null | undefined, wanted: string): boolean {
  const have = typeof version === "string" ? parseEngineVersion(version) : (version ?? null);
  const want = parseEngineVersion(wanted);
  if (have === null || want === null) return false;
  if (have.major !== want.major) return have.major > want.major;
  if (have.minor !== want.minor) return have.minor > want.minor;
  return have.patch >= want.patch;
}
