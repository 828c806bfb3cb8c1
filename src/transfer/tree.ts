/** All that an image is made of, read from its source: manifests in the order in which they may be put, and blobs. */
import pLimit from "p-limit";
import { RegctlError } from "../errors.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import { type ImageIndex, type ImageManifest, type Manifest, parseManifest } from "../registry/manifest.ts";
import { manifestKindOf } from "../registry/media-types.ts";
import type { ImageSource, ReadManifest } from "./image-source.ts";
import type { TreeManifest } from "./image-target.ts";

export interface ImageTree {
  readonly root: TreeManifest;
  /** Children before their parents, the root last; each digest once. */
  readonly manifests: readonly TreeManifest[];
  /** Each digest once. */
  readonly blobs: readonly Descriptor[];
}

const mostDepth = 4;
const mostManifests = 10_000;
const atOnce = 8;

export type Readable = TreeManifest & { readonly manifest: ImageManifest | ImageIndex };

/** Throws CONTENT_BROKEN; what is of schema 1 is refused there. */
export function judgeManifest({ bytes, contentType, digest }: ReadManifest, what: string): Readable {
  const manifest = parseManifest(bytes, contentType, what);
  if (manifest.kind === "schema1") {
    const problem =
      "it is an image of schema 1, the format from before 2016, which registries no longer take: pull it with an old docker, and push it again";
    throw new RegctlError("CONTENT_BROKEN", { what, problem });
  }
  const { mediaType } = manifest;
  return { bytes, mediaType, manifest, descriptor: { mediaType, digest, size: bytes.length } };
}

/** Throws CONTENT_BROKEN for what is nested too deep or too large, and what the source throws. */
export async function readTree(
  root: Readable,
  source: Pick<ImageSource, "name" | "readManifest">,
): Promise<ImageTree> {
  const limit = pLimit(atOnce);
  const seen = new Map<Digest, Readable>([[root.descriptor.digest, root]]);
  let level: readonly Readable[] = [root];
  for (let depth = 1; level.length > 0; depth += 1) {
    const children = level.flatMap(({ manifest }) => childrenOf(manifest));
    const wanted = [...new Map(children.map((child) => [child.digest, child])).values()].filter(
      ({ digest }) => !seen.has(digest),
    );
    refuseEndless(depth, seen.size + wanted.length, wanted.length, source.name, root);
    const read = (descriptor: Descriptor) => limit(() => readChild(descriptor, source));
    level = await Promise.all(wanted.map(read));
    for (const child of level) seen.set(child.descriptor.digest, child);
  }
  return { root, manifests: childrenFirst(root, seen), blobs: blobsOf([...seen.values()]) };
}

async function readChild(
  descriptor: Descriptor,
  source: Pick<ImageSource, "name" | "readManifest">,
): Promise<Readable> {
  const read = await source.readManifest(descriptor);
  const child = judgeManifest(read, `${source.name}@${descriptor.digest}`);
  return { ...child, descriptor: { ...descriptor, mediaType: child.mediaType, size: child.bytes.length } };
}

function refuseEndless(depth: number, total: number, more: number, name: string, root: Readable): void {
  const problem =
    more > 0 && depth >= mostDepth
      ? `its indexes are nested more than ${mostDepth} deep`
      : total > mostManifests
        ? `it holds more than ${mostManifests} manifests`
        : null;
  if (problem !== null) {
    throw new RegctlError("CONTENT_BROKEN", { what: `${name}@${root.descriptor.digest}`, problem });
  }
}

/** Entries that are manifests: build caches put layers into an index too. A missing type is an old manifest's. */
function childrenOf(manifest: Manifest): readonly Descriptor[] {
  if (manifest.kind !== "index") return [];
  return manifest.manifests.filter(isManifest);
}

function isManifest({ mediaType }: Descriptor): boolean {
  return mediaType === "" || manifestKindOf(mediaType) !== null;
}

/** Every manifest by its digest is there once, so that no circle can be walked. */
function childrenFirst(root: Readable, found: ReadonlyMap<Digest, Readable>): readonly TreeManifest[] {
  const ordered = new Map<Digest, TreeManifest>();
  const visit = (node: Readable, trail: readonly Digest[]): void => {
    const { digest } = node.descriptor;
    if (ordered.has(digest) || trail.includes(digest)) return;
    for (const child of childrenOf(node.manifest)) {
      const known = found.get(child.digest);
      if (known !== undefined) visit(known, [...trail, digest]);
    }
    ordered.set(digest, node);
  };
  visit(root, []);
  return [...ordered.values()];
}

function blobsOf(manifests: readonly Readable[]): readonly Descriptor[] {
  const all = manifests.flatMap(({ manifest }) =>
    manifest.kind === "index"
      ? manifest.manifests.filter((entry) => !isManifest(entry))
      : [manifest.config, ...manifest.layers],
  );
  return [...new Map(all.map((blob) => [blob.digest, blob])).values()];
}
