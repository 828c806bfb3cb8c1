/** One image from its source to its target: blobs, then manifests, children first, and the tag last. */
import pLimit from "p-limit";
import { RegctlError } from "../errors.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import { isForeignLayer } from "../registry/media-types.ts";
import type { Platform } from "../registry/platform.ts";
import type { BlobMover } from "./blob-mover.ts";
import { choosePlatform } from "./choose-platform.ts";
import { type Companion, readCompanions } from "./companions.ts";
import { type CopyPair, type End, isSamePlace, type Landing, planLanding } from "./ends.ts";
import type { ImageSource } from "./image-source.ts";
import type { ImageTarget, TreeManifest } from "./image-target.ts";
import type { CopyItem } from "./outcome.ts";
import { type Referrer, readReferrers } from "./referrers.ts";
import { type ImageTree, judgeManifest, type Readable, readTree } from "./tree.ts";

export interface ImageCopy {
  readonly source: ImageSource;
  readonly target: ImageTarget;
  readonly from: End;
  readonly to: End;
  readonly mover: BlobMover;
  /** Manifests that this run has put already. */
  readonly put: Map<Digest, Promise<{ readonly subject: Digest | null }>>;
  readonly platform: Platform | null;
  readonly referrers: boolean;
  readonly dryRun: boolean;
  /** Milliseconds. */
  readonly now: () => number;
}

/** `named`: one of all that the source holds. */
export async function copyImage(pair: CopyPair, named: string | null, copy: ImageCopy): Promise<CopyItem> {
  const begin = copy.now();
  const { source, target, referrers: wanted, now } = copy;
  const { root, landing } = await findImage(pair, named, copy);
  const { digest } = root.descriptor;
  const replaced = landing.name === null ? null : await target.manifestAt(landing.name);
  const base = { ...labelsOf(pair, landing, digest, copy), replaced };
  const same = replaced === digest || (landing.name === null && (await target.manifestAt(digest)) === digest);
  const tree = await readTree(root, source);
  const about = wanted ? await readAbout(tree, copy) : nothing;
  const beside = [...about.referrers, ...about.companions];
  const trees = [tree, ...beside.map((each) => each.tree)];
  const whole = same && beside.length === 0;
  const moved = await moveBlobs(blobsOf(trees), whole, copy);
  const changed = !(whole && moved.blobs.moved === 0);
  if (changed && !copy.dryRun) await putAll(tree, about, landing, copy);
  const manifests = trees.reduce((sum, each) => sum + each.manifests.length, 0);
  const seconds = Math.round(now() - begin) / 1000;
  return { ...base, ...moved, manifests, referrers: beside.length, changed, seconds };
}

/** What speaks about an image. */
interface About {
  readonly referrers: readonly Referrer[];
  readonly companions: readonly Companion[];
}

const nothing: About = { referrers: [], companions: [] };

async function readAbout(tree: ImageTree, { source, to }: ImageCopy): Promise<About> {
  // An archive that docker loads has no place for it.
  if (to.kind === "docker-archive") return nothing;
  const referrers = await readReferrers(tree, source);
  const all = [tree, ...referrers.map((each) => each.tree)].flatMap((each) => each.manifests);
  const digests = all.map(({ descriptor }) => descriptor.digest);
  return { referrers, companions: await readCompanions(digests, source) };
}

async function findImage(
  pair: CopyPair,
  named: string | null,
  { source, platform, from, to }: ImageCopy,
): Promise<{ readonly root: Readable; readonly landing: Landing }> {
  const found = await source.readRoot(pair.key);
  const whole = judgeManifest(found, pair.source);
  const root = platform === null ? whole : await choosePlatform(whole, platform, source);
  if (to.kind === "docker-archive" && root.manifest.kind === "index") throw refuseIndex(pair.source, root);
  const { digest } = root.descriptor;
  return { root, landing: planLanding({ from, to, named, foundName: found.name ?? null, digest }) };
}

function refuseIndex(source: string, { manifest }: Readable): RegctlError {
  const count = manifest.kind === "index" ? manifest.manifests.length : 1;
  return new RegctlError("USAGE", {
    problem: `a docker-archive holds images for one platform each, and ${source} is an index of ${count}`,
    type: "--platform linux/amd64",
  });
}

function labelsOf(pair: CopyPair, { destination }: Landing, digest: Digest, { target }: ImageCopy) {
  const { place } = target;
  const pull = place === null ? null : `${place.registry}/${place.repository}@${digest}`;
  return { source: pair.source, destination, digest, pull };
}

function blobsOf(trees: readonly ImageTree[]): readonly Descriptor[] {
  const all = trees.flatMap(({ blobs }) => blobs);
  return [...new Map(all.map((blob) => [blob.digest, blob])).values()];
}

type Moved = Pick<CopyItem, "bytesMoved" | "bytesReused" | "blobs" | "leftOut">;

/** `there`: the target has the image, and a registry takes no manifest whose blobs are missing. */
async function moveBlobs(blobs: readonly Descriptor[], there: boolean, copy: ImageCopy): Promise<Moved> {
  const { source, target, mover, dryRun } = copy;
  if (there || isSamePlace(source.place, target.place)) {
    const bytesReused = blobs.reduce((sum, { size }) => sum + size, 0);
    return { bytesMoved: 0, bytesReused, blobs: { moved: 0, reused: blobs.length, mounted: 0 }, leftOut: [] };
  }
  const absent = await findAbsent(blobs, source);
  const wanted = blobs.filter(({ digest }) => !absent.has(digest));
  const results = await mover.move(wanted, dryRun);
  const count = (how: string) => results.filter((result) => result.how === how).length;
  const bytesOf = (pick: (how: string) => boolean) =>
    results.reduce((sum, { how, size }) => sum + (pick(how) ? size : 0), 0);
  return {
    bytesMoved: results.reduce((sum, { bytes }) => sum + bytes, 0),
    bytesReused: bytesOf((how) => how !== "moved"),
    blobs: { moved: count("moved"), reused: count("there"), mounted: count("mounted") },
    leftOut: [...absent],
  };
}

/** Registries need not hold foreign layers: who runs the image fetches them from where it says. */
async function findAbsent(blobs: readonly Descriptor[], source: ImageSource): Promise<ReadonlySet<Digest>> {
  const foreign = blobs.filter(({ mediaType }) => isForeignLayer(mediaType));
  const sizes = await Promise.all(foreign.map(({ digest }) => source.blobSize(digest)));
  return new Set(foreign.filter((_, index) => sizes[index] === null).map(({ digest }) => digest));
}

const putsAtOnce = 4;

/** Whatever stops it, no tag leads to something that is not whole. */
async function putAll(
  tree: ImageTree,
  { referrers, companions }: About,
  { name }: Landing,
  copy: ImageCopy,
): Promise<void> {
  await putTree(tree.manifests.slice(0, -1), copy);
  const bySubject = new Map<Digest, Descriptor[]>();
  for (const { subject, tree: own, descriptor } of referrers) {
    await putTree(own.manifests.slice(0, -1), copy);
    const kept = await putOnce(own.root, copy);
    if (kept.subject === null) bySubject.set(subject, [...(bySubject.get(subject) ?? []), descriptor]);
  }
  for (const [subject, descriptors] of bySubject) await copy.target.addReferrers(subject, descriptors);
  for (const { tag, tree: own } of companions) {
    await putTree(own.manifests.slice(0, -1), copy);
    await copy.target.putTag(own.root, tag);
  }
  await copy.target.putTag(tree.root, name);
}

/** In their order as far as it matters: an index comes after everything before it. */
async function putTree(manifests: readonly TreeManifest[], copy: ImageCopy): Promise<void> {
  const limit = pLimit(putsAtOnce);
  let under: Promise<unknown>[] = [];
  for (const manifest of manifests) {
    if (manifest.mediaType.includes("index") || manifest.mediaType.includes("list")) {
      await Promise.all(under);
      under = [];
      await putOnce(manifest, copy);
    } else under.push(limit(() => putOnce(manifest, copy)));
  }
  await Promise.all(under);
}

function putOnce(
  manifest: TreeManifest,
  { put, target }: ImageCopy,
): Promise<{ readonly subject: Digest | null }> {
  const { digest } = manifest.descriptor;
  const known = put.get(digest);
  if (known !== undefined) return known;
  const putting = target.putManifest(manifest);
  put.set(digest, putting);
  return putting;
}
