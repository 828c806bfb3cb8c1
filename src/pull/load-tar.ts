/** The tar that an engine loads an image from, made while its parts arrive. */
import { Readable } from "node:stream";
import { blobPath } from "../layout/image-reader.ts";
import { addToIndex, emptyIndex } from "../layout/index-text.ts";
import { indexFile, layoutFile, layoutText } from "../layout/layout-reader.ts";
import { makeSavedEntry, renderSavedList } from "../layout/saved-entry.ts";
import { savedListFile } from "../layout/saved-images.ts";
import { encodeTarHeader, tarEnd, tarPadding } from "../layout/tar-format.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import { encodedOf } from "../registry/digest.ts";
import type { FoundImage } from "./find-image.ts";

export interface TarPart {
  readonly path: string;
  /** Bytes, known before they come: a header stands before its content. */
  readonly size: number;
  read(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export interface TarLayer extends Omit<TarPart, "path"> {
  readonly descriptor: Descriptor;
}

/**
 * As engines with a graph driver save images. Layers may be unpacked or not, and of those that are not among `layers`
 * only the names stand in the list.
 */
export function savedParts(
  { manifest, config }: FoundImage,
  names: readonly string[],
  layers: readonly TarLayer[],
): readonly TarPart[] {
  const pathOf = ({ digest }: Descriptor): string => `${encodedOf(digest)}/layer.tar`;
  const image = {
    config: `${encodedOf(manifest.manifest.config.digest)}.json`,
    layers: manifest.manifest.layers.map(pathOf),
  };
  const saved = (names.length === 0 ? [null] : names).map((name) => ({ ...image, name }));
  return [
    fixed(image.config, config),
    ...layers.map(({ descriptor, size, read }) => ({ path: pathOf(descriptor), size, read })),
    fixed(savedListFile, Buffer.from(renderSavedList(saved))),
  ];
}

/**
 * An OCI layout with `manifest.json` besides: containerd's store reads the index, and keeps the manifest, and with it
 * the digest, as it is; older readers take the list. Layers are all there, as the registry keeps them.
 */
export function layoutParts(
  { manifest, descriptor, config }: FoundImage,
  names: readonly string[],
  layers: readonly TarLayer[],
): readonly TarPart[] {
  const named = names.length === 0 ? [null] : names;
  const made = named.map((name) => makeSavedEntry(descriptor, manifest.manifest, name));
  const saved = made.map((each) => each.saved);
  const entries = made.map((each) => each.entry);
  return [
    fixed(layoutFile, Buffer.from(layoutText)),
    fixed(blobPath(manifest.manifest.config.digest), config),
    fixed(blobPath(descriptor.digest), manifest.bytes),
    ...layers.map(({ descriptor: { digest }, size, read }) => ({ path: blobPath(digest), size, read })),
    fixed(savedListFile, Buffer.from(renderSavedList(saved))),
    fixed(indexFile, Buffer.from(addToIndex(emptyIndex, entries, indexFile))),
  ];
}

function fixed(path: string, content: Uint8Array): TarPart {
  return { path, size: content.byteLength, read: () => [content] };
}

/** Fails as its parts do, before its end: an engine makes nothing of a tar that is cut off. */
export function streamTar(parts: readonly TarPart[], onEnd: () => void): Readable {
  return Readable.from(tarOf(parts, onEnd), { objectMode: false, highWaterMark: 2 * 1024 * 1024 });
}

async function* tarOf(parts: readonly TarPart[], onEnd: () => void): AsyncGenerator<Uint8Array> {
  for (const { path, size, read } of parts) {
    yield encodeTarHeader(path, size);
    yield* read();
    if (tarPadding(size) > 0) yield Buffer.alloc(tarPadding(size));
  }
  yield tarEnd;
  onEnd();
}
