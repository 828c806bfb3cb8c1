/** One layer, packed while it is read and sent while it is packed. */

import { RegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import { computeDigest, type Digest, openHash } from "../registry/digest.ts";
import {
  type Compression,
  compress,
  compressionId,
  type Packers,
} from "../transfer/compression/compression.ts";
import { leftUpload } from "../transfer/registry-target.ts";
import { emptyNote, type UploadNote, type UploadNotes } from "../transfer/resume-state.ts";
import { createStreamFeed } from "../transfer/stream-feed.ts";
import { type UploadOptions, uploadBlob } from "../transfer/upload-blob.ts";
import type { Estimate } from "./estimate.ts";
import type { PackedLayer } from "./packed-layer.ts";
import type { SavedLayer } from "./saved-image.ts";

export interface LayerSending {
  readonly upload: Omit<UploadOptions, "note">;
  readonly notes: UploadNotes;
  readonly compression: Compression;
  readonly packers: Packers;
  /** Of the libraries that pack, so that what an older one packed is not gone on with. */
  readonly versions: { readonly zlib?: string; readonly zstd?: string };
  readonly estimate: Estimate;
  /** Told of bytes that travel. */
  readonly onBytes: (count: number) => void;
  /** For errors. */
  readonly what: string;
}

export interface SentLayer {
  readonly diffId: Digest;
  readonly layer: PackedLayer;
  /** That travelled in this run. */
  readonly bytes: number;
}

/** What is kept to be sent again after a break. */
const window = 8 * 1024 * 1024;
/** From here on an interrupted upload is worth a note: bytes, unpacked. */
const leastNoted = 8 * 1024 * 1024;

/** `onRead`: called once no more of the layer is read. Throws SourcePassed when it has to be read from its beginning. */
export async function sendLayer(
  saved: SavedLayer,
  onRead: () => void,
  sending: LayerSending,
): Promise<SentLayer> {
  const { upload, estimate } = sending;
  const note = await claimNote(saved, sending);
  const raw = createRawHash(saved, sending, onRead);
  const feed = createStreamFeed({
    source: pack(raw, sending),
    window,
    wanted: null,
    onBytes: sending.onBytes,
  });
  try {
    const begun = note.left === null ? null : await leftUpload(note, Number.POSITIVE_INFINITY, upload);
    if (begun !== null) estimate.spared(begun.offset);
    await uploadBlob(feed, begun, { ...upload, note });
    const { digest, size } = feed;
    const { diffId, bytes: unpacked } = raw.result();
    if (digest === null || size === null) throw new Error("a layer that was sent has a digest");
    const { algorithm } = sending.compression;
    return { diffId, layer: { digest, size, algorithm, unpacked }, bytes: feed.passed };
  } finally {
    feed.close();
    onRead();
  }
}

/** Two runs that pack alike make the same bytes of a layer: what one has sent, the other goes on with. */
async function claimNote({ diffId, size }: SavedLayer, sending: LayerSending): Promise<UploadNote> {
  const { notes, upload, compression, versions } = sending;
  if (diffId === null || size < leastNoted) return emptyNote;
  const id = compressionId(compression, versions);
  const digest = computeDigest(`${diffId}\n${id}`);
  const { client, repository, signal } = upload;
  const key = { registry: client.registry, repository, digest, size };
  return await interruptible(notes.claim(key), signal);
}

interface RawLayer {
  readonly content: AsyncIterable<Buffer>;
  result(): { readonly diffId: Digest; readonly bytes: number };
}

function createRawHash(
  { content, size, diffId }: SavedLayer,
  sending: LayerSending,
  onRead: () => void,
): RawLayer {
  const hash = openHash("sha256");
  let bytes = 0;
  let actual: Digest | null = null;
  const read = async function* (): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of content) {
      hash.update(chunk);
      bytes += chunk.length;
      sending.estimate.read(chunk.length);
      yield chunk;
    }
    actual = `sha256:${hash.digest("hex")}`;
    onRead();
    if (bytes !== size || (diffId !== null && actual !== diffId)) {
      throw new RegctlError("DIGEST_MISMATCH", {
        what: `a layer of ${sending.what}`,
        digest: diffId ?? actual,
        size,
        actual,
        bytes,
      });
    }
  };
  return {
    content: { [Symbol.asyncIterator]: read },
    result: () => {
      if (actual === null) throw new Error("the layer was not read to its end");
      return { diffId: actual, bytes };
    },
  };
}

async function* pack(
  { content }: RawLayer,
  sending: LayerSending,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { compression, packers, estimate } = sending;
  for await (const chunk of compress(content, compression, packers)) {
    estimate.packed(chunk.byteLength);
    yield chunk;
  }
}
