/**
 * What an engine keeps as it travels (containerd's store), on its way into the first repository: large blobs go on
 * while the tar is read, small ones are held until it is known what they are.
 */
import { buffer } from "node:stream/consumers";
import { interruptible } from "../interruptible.ts";
import { readTarStream, type TarPart } from "../layout/tar-stream.ts";
import { computeDigest, type Digest, isDigest } from "../registry/digest.ts";
import type { Meter } from "../transfer/meter.ts";
import { leftUpload } from "../transfer/registry-target.ts";
import { emptyNote } from "../transfer/resume-state.ts";
import { createStreamFeed, SourcePassed } from "../transfer/stream-feed.ts";
import { uploadBlob } from "../transfer/upload-blob.ts";
import type { Destination } from "./destination.ts";
import { mountKnown } from "./known-blobs.ts";
import type { LayerCache } from "./layer-cache.ts";

export interface StoredBlobs {
  /** Small ones, manifests among them. */
  readonly held: Map<Digest, Buffer>;
  /** Large ones that the registry has by now, with the bytes that travelled for each. */
  readonly there: Map<Digest, { readonly size: number; readonly sent: number; readonly mounted: boolean }>;
}

export interface StoredReading extends StoredBlobs {
  readonly destination: Destination;
  /** What is in other repositories of the registry. */
  readonly cache: LayerCache;
  readonly meter: Meter;
  /** For errors. */
  readonly what: string;
}

/** Bytes. */
const mostHeld = 1024 * 1024;
const mostHeldTogether = 48 * 1024 * 1024;
const window = 8 * 1024 * 1024;
const leastNoted = 8 * 1024 * 1024;

/** What broke where something has to be read once more, which the registry has lost; null when all is there. */
export async function readStoredBlobs(
  tar: AsyncIterable<Buffer>,
  reading: StoredReading,
): Promise<SourcePassed | null> {
  const { held, there, what } = reading;
  let passed: SourcePassed | null = null;
  for await (const part of readTarStream(tar, what)) {
    const digest = digestOfPart(part);
    if (digest === null || held.has(digest) || there.has(digest)) continue;
    const together = [...held.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    if (part.size <= mostHeld && together + part.size <= mostHeldTogether) {
      const bytes = await buffer(part.content);
      // What is not what its name says is nothing.
      if (computeDigest(bytes) === digest) held.set(digest, bytes);
    } else passed = (await passOn(digest, part, reading)) ?? passed;
  }
  return passed;
}

function digestOfPart({ type, path }: TarPart): Digest | null {
  const [, hex] = type === "0" ? (/^(?:\.\/)?blobs\/sha256\/([0-9a-f]{64})$/.exec(path) ?? []) : [];
  const digest = `sha256:${hex}`;
  return isDigest(digest) ? digest : null;
}

async function passOn(digest: Digest, part: TarPart, reading: StoredReading): Promise<SourcePassed | null> {
  const { destination, cache, meter, there, what } = reading;
  const { client, repository, signal, upload, notes } = destination;
  const { size } = part;
  if ((await interruptible(client.headBlob(repository, digest), signal)) !== null) {
    there.set(digest, { size, sent: 0, mounted: false });
    return null;
  }
  if (await mountKnown(digest, cache, destination)) {
    there.set(digest, { size, sent: 0, mounted: true });
    return null;
  }
  meter.expect(size);
  const key = { registry: client.registry, repository, digest, size };
  const note = size < leastNoted ? emptyNote : await notes.claim(key);
  const wanted = { digest, what: `a layer of ${what}` };
  const feed = createStreamFeed({ source: part.content, window, wanted, onBytes: meter.passed });
  try {
    const begun = note.left === null ? null : await leftUpload(note, size, upload);
    if (begun !== null) meter.expect(-begun.offset);
    await uploadBlob(feed, begun, { ...upload, note });
    there.set(digest, { size, sent: feed.passed, mounted: false });
    return null;
  } catch (error) {
    if (error instanceof SourcePassed) return error;
    throw error;
  } finally {
    feed.close();
  }
}
