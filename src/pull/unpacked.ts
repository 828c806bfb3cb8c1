/**
 * Layers unpacked on their way into an engine on this machine: that takes it less time than unpacking by itself, and
 * runs while layers are still fetched. A tar says the size of a file before it, so it has to be known beforehand: a
 * gzip member ends with it. Where it turns out to be wrong (several members, more than 4 GiB) the tar is cut off,
 * before the engine makes anything of it, and layers are sent as they are.
 */
import { pipeline, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createGunzip } from "node:zlib";
import type { RegistryClient } from "../registry/client.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import { layerCompressionOf } from "../registry/media-types.ts";

/** The size that a layer was said to have is not what it unpacks to, or it does not unpack at all. */
export class UnfitLayer extends Error {
  override readonly name = "UnfitLayer";
}

/** For less, one more request costs more than it brings. */
const leastSize = 4 * 1024 * 1024;
const trailer = 4;
/** Bytes that may be unpacked before the engine takes them: with fewer, each waits for the other on a busy machine. */
const ahead = 2 * 1024 * 1024;
// A stream like any other, though its types do not say so.
const unpacking = { chunkSize: 1024 * 1024, highWaterMark: ahead };

/** Bytes; null where it is not known, or cannot be right. Never rejects. */
export async function readUnpackedSize(
  { mediaType, digest, size }: Descriptor,
  client: Pick<RegistryClient, "getBlob">,
  repository: string,
): Promise<number | null> {
  if (size < leastSize || layerCompressionOf(mediaType) !== "gzip") return null;
  try {
    const start = size - trailer;
    const { stream, start: given } = await client.getBlob(repository, digest, { start, end: size - 1 });
    if (given !== start) {
      stream.destroy();
      return null;
    }
    const bytes = await buffer(stream);
    return bytes.length === trailer ? judgeUnpackedSize(bytes.readUInt32LE(0), size) : null;
  } catch {
    return null;
  }
}

/** Packing makes nothing much larger: a smaller number is that of a last member, or of what is left above 4 GiB. */
export function judgeUnpackedSize(told: number, packed: number): number | null {
  return told >= packed * 0.9 ? told : null;
}

/** Exactly `size` bytes. Throws UnfitLayer, and what `packed` fails with. */
export async function* unpack(packed: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  const source = Readable.from(packed, { objectMode: false, highWaterMark: ahead });
  const gunzip = createGunzip(unpacking);
  // Whoever reads hears of the error as well.
  pipeline(source, gunzip, () => {});
  let bytes = 0;
  try {
    for await (const chunk of gunzip) {
      bytes += chunk.length;
      if (bytes > size) break;
      yield chunk;
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && String(error.code).startsWith("Z_")) {
      throw new UnfitLayer("it does not unpack", { cause: error });
    }
    throw error;
  } finally {
    source.destroy();
  }
  if (bytes !== size) throw new UnfitLayer(`it unpacks to other than ${size} bytes`);
}
