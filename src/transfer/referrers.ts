/** What speaks about an image: signatures and bills of materials of each of its manifests, and of those in turn. */
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import type { ImageSource } from "./image-source.ts";
import { type ImageTree, judgeManifest, type Readable, readTree } from "./tree.ts";

export interface Referrer {
  readonly subject: Digest;
  readonly tree: ImageTree;
  /** As lists of referrers show it. */
  readonly descriptor: Descriptor;
}

const mostReferrers = 10_000;

/** Each once, those of the image before those of its referrers. */
export async function readReferrers(tree: ImageTree, source: ImageSource): Promise<readonly Referrer[]> {
  const found: Referrer[] = [];
  const seen = new Set<Digest>(tree.manifests.map(({ descriptor }) => descriptor.digest));
  const subjects = [...seen];
  for (let subject = subjects.shift(); subject !== undefined; subject = subjects.shift()) {
    for (const descriptor of await source.referrers(subject)) {
      if (seen.has(descriptor.digest) || found.length >= mostReferrers) continue;
      seen.add(descriptor.digest);
      const root = judgeManifest(
        await source.readManifest(descriptor),
        `${source.name}@${descriptor.digest}`,
      );
      found.push({ subject, tree: await readTree(root, source), descriptor: describe(root) });
      subjects.push(descriptor.digest);
    }
  }
  return found;
}

/** By the specification: the type is the manifest's own, or that of its config. */
function describe({ descriptor, manifest }: Readable): Descriptor {
  const { annotations } = manifest;
  const artifactType =
    manifest.artifactType ?? (manifest.kind === "image" ? manifest.config.mediaType : undefined);
  return {
    mediaType: descriptor.mediaType,
    digest: descriptor.digest,
    size: descriptor.size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
