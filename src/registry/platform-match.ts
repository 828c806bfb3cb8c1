/** Which entry of an index fits a platform, by the order of preference that containerd has. Pure. */
import type { Descriptor } from "./descriptor.ts";
import { isUnknownPlatform, normalisePlatform, type Platform } from "./platform.ts";

export interface PlatformMatch {
  readonly entry: Descriptor;
  /** `compatible` runs there but was built for a lesser processor: arm/v6 where arm/v7 was asked for. */
  readonly fit: "exact" | "compatible";
}

/** Entries that are images: build attestations, which stand in indexes as `unknown/unknown`, left out. */
export function imageEntries(entries: readonly Descriptor[]): readonly Descriptor[] {
  return entries.filter(
    ({ platform, annotations }) =>
      !(platform !== undefined && isUnknownPlatform(platform)) &&
      annotations?.["vnd.docker.reference.type"] !== "attestation-manifest",
  );
}

/** The best entry, the first among equals; null when none fits. Entries without a platform fit nothing. */
export function matchPlatform(entries: readonly Descriptor[], wanted: Platform): PlatformMatch | null {
  const images = imageEntries(entries);
  for (const [rank, candidate] of preferences(normalisePlatform(wanted)).entries()) {
    const entry = images.find(({ platform }) => platform !== undefined && fits(platform, candidate));
    if (entry !== undefined) return { entry, fit: rank === 0 ? "exact" : "compatible" };
  }
  return null;
}

function fits(offered: Platform, wanted: Platform): boolean {
  return (
    offered.os === wanted.os &&
    offered.architecture === wanted.architecture &&
    offered.variant === wanted.variant &&
    (wanted.os !== "windows" || sameBuild(offered.osVersion, wanted.osVersion))
  );
}

/** Windows images run on their own build; the revision after it does not matter, nor does a version nobody told. */
function sameBuild(offered: string | undefined, wanted: string | undefined): boolean {
  const build = (version: string) => version.split(".").slice(0, 3).join(".");
  return offered === undefined || wanted === undefined || build(offered) === build(wanted);
}

/** The platform itself, then what its processors run as well, the nearest first. */
function preferences(wanted: Platform): readonly Platform[] {
  const { architecture, variant = "" } = wanted;
  const lesser = Object.hasOwn(lesserOf, architecture) ? lesserOf[architecture]?.(variant) : undefined;
  const others = (lesser ?? []).map(([architecture, variant]) => {
    const { variant: _own, ...rest } = wanted;
    return normalisePlatform({ ...rest, architecture, ...(variant === "" ? {} : { variant }) });
  });
  return [wanted, ...others];
}

type Processor = readonly [architecture: string, variant: string];

const lesserOf: Readonly<Record<string, (variant: string) => readonly Processor[]>> = {
  amd64: (variant) => [...below("amd64", numberOf(variant) ?? 1, 1), ["386", ""]],
  arm: (variant) => below("arm", numberOf(variant) ?? 0, 5),
  arm64: lesserThanArm64,
};

function numberOf(variant: string): number | undefined {
  return /^v\d{1,2}$/.test(variant) ? Number(variant.slice(1)) : undefined;
}

function below(architecture: string, version: number, least: number): readonly Processor[] {
  const count = Math.max(0, version - least);
  return Array.from({ length: count }, (_, index) => [architecture, `v${version - 1 - index}`]);
}

/**
 * v9.x goes down to v9 and then to v8.(x+5), from which it diverged; v8.x goes down to v8; and then all of 32 bits.
 */
function lesserThanArm64(variant: string): readonly Processor[] {
  const [known, major, minor = "0"] = /^v([89])(?:\.(\d))?$/.exec(variant === "" ? "v8" : variant) ?? [];
  if (known === undefined) return [];
  const down = (version: string, highest: number): Processor[] =>
    Array.from({ length: highest + 1 }, (_, index) => {
      const lower = highest - index;
      return ["arm64", lower === 0 ? `v${version}` : `v${version}.${lower}`];
    });
  const own = Number(minor) - 1;
  const arm64 = major === "9" ? [...down("9", own), ...down("8", own + 6)] : down("8", own);
  return [...arm64, ["arm", "v8"], ...below("arm", 8, 5)];
}
