/** A file as the place where images go. */
import { interruptible } from "../interruptible.ts";
import type { ImageWriter } from "../layout/image-files.ts";
import { type Descriptor, embeddedContent } from "../registry/descriptor.ts";
import type { BlobFeed } from "./feed.ts";
import type { ImageTarget, MovedBlob } from "./image-target.ts";

/** Closes the writer when it is closed. */
export function createFileTarget(writer: ImageWriter, signal: AbortSignal): ImageTarget {
  return {
    name: writer.name,
    place: null,
    manifestAt: async () => null,
    hasBlob: async ({ digest, size }) => (await writer.blobSize(digest)) === size,
    moveBlob: (blob, open) => writeBlob(writer, blob, open, signal),
    putManifest: async ({ descriptor, bytes }) => {
      await writer.putBytes(descriptor.digest, bytes);
      return { subject: null };
    },
    putTag: async ({ descriptor, bytes }, name) => {
      await writer.putBytes(descriptor.digest, bytes);
      await writer.addEntry(descriptor, name);
    },
    addReferrers: async (_subject, descriptors) => {
      // An archive that docker loads has no place for them.
      if (writer.kind === "docker-archive") return;
      for (const descriptor of descriptors) await writer.addEntry(descriptor, null);
    },
    commit: () => writer.commit(),
    close: () => writer.close(),
  };
}

async function writeBlob(
  writer: ImageWriter,
  blob: Descriptor,
  open: () => BlobFeed,
  signal: AbortSignal,
): Promise<MovedBlob> {
  const data = embeddedContent(blob);
  if (data !== null) {
    await writer.putBytes(blob.digest, Buffer.from(data));
    return { how: "moved", bytes: data.length };
  }
  // An archive takes one blob at a time: the source is opened when its turn has come.
  const sink = await writer.openBlob(blob.digest, blob.size);
  const feed = open();
  try {
    const stream = feed.open(sink.offset, blob.size);
    const stop = () => stream.destroy(signal.reason instanceof Error ? signal.reason : undefined);
    signal.addEventListener("abort", stop, { once: true });
    try {
      for await (const chunk of stream) await sink.write(chunk);
    } finally {
      signal.removeEventListener("abort", stop);
    }
    await interruptible(sink.finish(), signal);
    return { how: "moved", bytes: feed.passed };
  } catch (error) {
    await sink.abort();
    throw error;
  } finally {
    feed.close();
  }
}
