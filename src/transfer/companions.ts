/** What cosign keeps under tags beside an image: it goes with the image under the same tags. */
import pLimit from "p-limit";
import { isRegctlError } from "../errors.ts";
import { companionTagsOf } from "../registry/companion-tags.ts";
import type { Digest } from "../registry/digest.ts";
import type { ImageSource } from "./image-source.ts";
import { type ImageTree, judgeManifest, readTree } from "./tree.ts";

export interface Companion {
  readonly tag: string;
  readonly tree: ImageTree;
}

const atOnce = 8;

/** Those of each manifest, and theirs in turn: a bill of materials may be signed as well. */
export async function readCompanions(
  manifests: readonly Digest[],
  source: ImageSource,
): Promise<readonly Companion[]> {
  const limit = pLimit(atOnce);
  const found = new Map<string, Companion>();
  for (let subjects = manifests; subjects.length > 0; ) {
    const tags = [...new Set(subjects)].flatMap(companionTagsOf).filter((tag) => !found.has(tag));
    const read = await Promise.all(tags.map((tag) => limit(() => readCompanion(tag, source))));
    const more = read.filter((companion) => companion !== null);
    for (const companion of more) found.set(companion.tag, companion);
    subjects = more.map(({ tree }) => tree.root.descriptor.digest);
  }
  return [...found.values()];
}

async function readCompanion(tag: string, source: ImageSource): Promise<Companion | null> {
  try {
    const root = judgeManifest(await source.readRoot(tag), `${source.name}:${tag}`);
    return { tag, tree: await readTree(root, source) };
  } catch (error) {
    if (isRegctlError(error, "NOT_FOUND") && error.facts.what.includes(tag)) return null;
    throw error;
  }
}
