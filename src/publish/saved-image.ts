/**
 * One image out of the tar that an engine saves, read once from its beginning to where everything wanted has come.
 * Every kind of engine that unpacks its images names the layers in another way:
 * Docker before 25 `FOLDER/layer.tar` (see old-layer-id.ts), since then `blobs/sha256/HEX`, Podman `HEX.tar`, where
 * HEX is the digest of the unpacked layer.
 */
import { buffer } from "node:stream/consumers";
import { RegctlError } from "../errors.ts";
import { readTarStream, type TarPart } from "../layout/tar-stream.ts";
import { type Digest, isDigest } from "../registry/digest.ts";
import { verifyBytes } from "../registry/verify.ts";
import { placeOfFolder } from "./old-layer-id.ts";

export interface SavedLayer {
  /** Null where its name does not tell: what it is shows when it has been read. */
  readonly diffId: Digest | null;
  /** Bytes. */
  readonly size: number;
  readonly content: AsyncIterable<Buffer>;
}

export interface SaveReading {
  readonly tar: AsyncIterable<Buffer>;
  /** For errors. */
  readonly what: string;
  readonly image: { readonly id: Digest; readonly diffIds: readonly Digest[] };
  wants(diffId: Digest): boolean;
  /** Resolves when no more of its content is read. */
  takeLayer(layer: SavedLayer): Promise<void>;
  takeConfig(bytes: Buffer): void;
  /** Nothing is wanted any more: the rest of the tar is left. */
  done(): boolean;
}

const mostConfigBytes = 8 * 1024 * 1024;

export async function readSavedImage(reading: SaveReading): Promise<void> {
  const { tar, what, image } = reading;
  /** By folder: the text that tells which layer lies there. */
  const places = new Map<string, Digest | null>();
  for await (const part of readTarStream(tar, what)) {
    if (part.type === "0") {
      const found = judgePart(part.path, image);
      if (found.kind === "config" && part.size <= mostConfigBytes) await readConfig(part, reading);
      if (found.kind === "place" && part.size <= mostConfigBytes) {
        const place = placeOfFolder(found.folder, await readWhole(part), image.diffIds);
        places.set(found.folder, place === null ? null : (image.diffIds[place] ?? null));
      }
      if (found.kind === "layer") await offer(part, found.diffId, reading);
      if (found.kind === "folder") await offer(part, places.get(found.folder) ?? null, reading);
    }
    if (reading.done()) return;
  }
}

type Judged =
  | { readonly kind: "config" | "other" }
  | { readonly kind: "layer"; readonly diffId: Digest }
  | { readonly kind: "place" | "folder"; readonly folder: string };

const oldFolder = /^([0-9a-f]{64})\/(json|layer\.tar)$/;
const named = /^(?:blobs\/sha256\/)?(?:sha256:)?([0-9a-f]{64})(\.json|\.tar)?$/;

function judgePart(given: string, { id, diffIds }: SaveReading["image"]): Judged {
  const path = given.replace(/^\.\//, "");
  const [, folder, file] = oldFolder.exec(path) ?? [];
  if (folder !== undefined) return { kind: file === "json" ? "place" : "folder", folder };
  const [, hex] = named.exec(path) ?? [];
  const digest = `sha256:${hex}`;
  if (!isDigest(digest)) return { kind: "other" };
  if (digest === id) return { kind: "config" };
  return diffIds.includes(digest) ? { kind: "layer", diffId: digest } : { kind: "other" };
}

async function offer(part: TarPart, diffId: Digest | null, reading: SaveReading): Promise<void> {
  if (diffId !== null && !reading.wants(diffId)) return;
  await reading.takeLayer({ diffId, size: part.size, content: part.content });
}

async function readConfig(part: TarPart, { image, what, takeConfig }: SaveReading): Promise<void> {
  const bytes = await readWhole(part);
  verifyBytes(bytes, { digest: image.id, size: part.size, what: `the configuration in ${what}` });
  takeConfig(bytes);
}

async function readWhole({ content }: TarPart): Promise<Buffer> {
  return await buffer(content);
}

/** A layer that the image has and the tar has not. */
export function missingLayer(what: string, diffId: Digest): RegctlError {
  return new RegctlError("CONTENT_BROKEN", { what, problem: `it does not hold the layer ${diffId}` });
}
