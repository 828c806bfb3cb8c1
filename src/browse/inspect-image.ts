/** `inspect`: what stands behind one reference. */
import { openClient, type TrustFlags } from "../access/open.ts";
import { chooseImage } from "../access/which-image.ts";
import type { AccessWorld } from "../access/world.ts";
import type { FetchedManifest } from "../registry/api/manifests.ts";
import { type Manifest, parseManifest } from "../registry/manifest.ts";
import { type Platform, parsePlatform, renderPlatform } from "../registry/platform.ts";
import { imageEntries, matchPlatform } from "../registry/platform-match.ts";
import { manifestKeyOf, renderReference, withDefaultTag } from "../registry/reference.ts";
import type { InspectedPlatform, InspectOutcome } from "./inspect-outcome.ts";
import { chooseEntry, type Place, readPlatforms } from "./inspect-platforms.ts";
import { readReferrers } from "./inspect-referrers.ts";
import { exitCodeOfItems, type Listed } from "./item-error.ts";
import { artifactTypeOf } from "./manifest-facts.ts";

export interface InspectInput extends TrustFlags {
  readonly reference: string;
  readonly registry?: string | undefined;
  /** `os/arch[/variant]`. */
  readonly platform?: string | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly machine: Platform;
}

/** Throws NOT_FOUND, CONTENT_BROKEN, DIGEST_MISMATCH, PLATFORM_MISSING. */
export function inspect(input: InspectInput, world: AccessWorld): Promise<Listed<InspectOutcome>> {
  return withManifest(input, world, async (place, fetched, wanted) => {
    const manifest = parseManifest(fetched.bytes, fetched.contentType, place.what);
    const [platforms, referrers] = await Promise.all([
      readPlatforms(place, fetched.digest, manifest, wanted),
      readReferrers(place, fetched.digest),
    ]);
    const exitCode = exitCodeOfItems(platforms);
    const document = {
      reference: place.what,
      digest: fetched.digest,
      mediaType: manifest.mediaType,
      ...kindOf(manifest),
      platforms,
      shown: indexOfMachine(platforms, manifest, input.machine),
      referrers,
      ...(exitCode === 0 ? {} : { ok: false as const }),
    };
    return { document, exitCode };
  });
}

/** The bytes of a manifest as the registry keeps them, verified; with a platform those of that variant. */
export function inspectRaw(input: InspectInput, world: AccessWorld): Promise<Buffer> {
  return withManifest(input, world, async (place, fetched, wanted) => {
    if (wanted === null) return fetched.bytes;
    const manifest = parseManifest(fetched.bytes, fetched.contentType, place.what);
    if (manifest.kind !== "index") {
      await readPlatforms(place, fetched.digest, manifest, wanted);
      return fetched.bytes;
    }
    const { digest } = chooseEntry(place, manifest, wanted);
    return (await place.client.getManifest(place.repository, digest)).bytes;
  });
}

async function withManifest<Result>(
  input: InspectInput,
  world: AccessWorld,
  look: (place: Place, fetched: FetchedManifest, wanted: Platform | null) => Promise<Result>,
): Promise<Result> {
  const wanted = input.platform === undefined ? null : parsePlatform(input.platform);
  const chosen = await chooseImage(input.reference, input, world);
  const reference = withDefaultTag(chosen.reference);
  const { registry, repository } = reference;
  const client = await openClient({ ...input, registry, settings: chosen.settings }, world);
  try {
    const place = { client, repository, what: renderReference(reference) };
    return await look(place, await client.getManifest(repository, manifestKeyOf(reference)), wanted);
  } finally {
    await client.close();
  }
}

type KindFacts = Pick<InspectOutcome, "kind" | "artifactType" | "annotations" | "subject" | "attestations">;

function kindOf(manifest: Manifest): KindFacts {
  if (manifest.kind === "schema1") {
    return { kind: "schema1", artifactType: null, annotations: {}, subject: null, attestations: 0 };
  }
  const common = { annotations: manifest.annotations ?? {}, subject: manifest.subject?.digest ?? null };
  if (manifest.kind === "index") {
    const attestations = manifest.manifests.length - imageEntries(manifest.manifests).length;
    return { kind: "index", artifactType: manifest.artifactType ?? null, ...common, attestations };
  }
  const artifactType = artifactTypeOf(manifest);
  return { kind: artifactType === null ? "image" : "artifact", artifactType, ...common, attestations: 0 };
}

function indexOfMachine(
  platforms: readonly InspectedPlatform[],
  manifest: Manifest,
  machine: Platform,
): number {
  if (manifest.kind !== "index") return 0;
  const platform = matchPlatform(manifest.manifests, machine)?.entry.platform;
  const name = platform === undefined ? null : renderPlatform(platform);
  const sound = (each: InspectedPlatform): boolean => each.error === undefined;
  const own = platforms.findIndex((each) => each.platform === name && sound(each));
  return own >= 0 ? own : Math.max(0, platforms.findIndex(sound));
}
