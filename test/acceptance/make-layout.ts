/** `node make-layout.ts DIR`: an OCI layout with `multi` (an index) and `single` (one image), for the scripts here. */
import { openImageWriter } from "../../src/layout/open.ts";
import { type MadeTree, makeImage, makeIndex } from "../support/image-maker.ts";

export async function makeLayout(path: string): Promise<void> {
  const amd64 = makeImage({ platform: "linux/amd64", layers: [300_000, 2_000] });
  const arm64 = makeImage({ platform: "linux/arm64", layers: [200_000, 2_000] });
  const single = makeImage({ platform: "linux/amd64", layers: [50_000] });
  const writer = await openImageWriter("oci", path, { overwrite: false });
  try {
    await put(makeIndex([amd64, arm64]), "multi");
    await put(single, "single");
    await writer.commit();
  } finally {
    await writer.close();
  }

  async function put(tree: MadeTree, name: string): Promise<void> {
    for (const [digest, bytes] of tree.blobs) await writer.putBytes(digest, bytes);
    for (const [digest, { bytes }] of tree.manifests) await writer.putBytes(digest, bytes);
    await writer.addEntry(tree.manifest.descriptor, name);
  }
}

const [, program, path] = process.argv;
if (import.meta.main && path !== undefined) await makeLayout(path);
else if (import.meta.main) throw new Error(`usage: node ${program} DIR`);
