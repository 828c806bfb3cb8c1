/**
 * Copies an image into a file as a process of its own: `KIND PATH NAME SEED SLOW`. SLOW (milliseconds) is waited for
 * after each chunk, so that there is time to kill it; a line on stdout tells each step.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ImageFileKind } from "../../src/layout/image-files.ts";
import { openImageWriter } from "../../src/layout/open.ts";
import { makeImage } from "../support/image-maker.ts";

const [kind, path = "", name = "", seed = "", slow = "0"] = process.argv.slice(2);
const kinds: readonly ImageFileKind[] = ["oci", "oci-archive", "docker-archive"];
const image = makeImage({ seed, layers: [300_000, 1000] });
const writer = await openImageWriter(kinds.find((each) => each === kind) ?? "oci", path, { overwrite: true });
for (const [digest, bytes] of image.blobs) {
  const blob = await writer.openBlob(digest, bytes.length);
  process.stdout.write(`open ${blob.offset}\n`);
  for (let at = blob.offset; at < bytes.length; at += 30_000) {
    await blob.write(bytes.subarray(at, at + 30_000));
    process.stdout.write(`wrote ${at}\n`);
    if (slow !== "0") await sleep(Number(slow));
  }
  await blob.finish();
  process.stdout.write("finished\n");
}
await writer.putBytes(image.manifest.digest, image.manifest.bytes);
process.stdout.write("put\n");
await writer.addEntry(image.manifest.descriptor, name);
await writer.commit();
await writer.close();
process.stdout.write("committed\n");
