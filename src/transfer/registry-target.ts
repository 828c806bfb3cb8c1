/** A repository of a registry as the place where images go. */
import { buffer } from "node:stream/consumers";
import { isRegctlError, type RegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import type { Upload } from "../registry/api/uploads.ts";
import type { RegistryClient } from "../registry/client.ts";
import { type Descriptor, embeddedContent } from "../registry/descriptor.ts";
import { verifyBytes } from "../registry/verify.ts";
import { type BodyLimit, smallerChunk } from "./chunk-size.ts";
import type { BlobFeed } from "./feed.ts";
import type { Place } from "./image-source.ts";
import type { ImageTarget, MovedBlob } from "./image-target.ts";
import { joinReferrers } from "./referrers-tag.ts";
import { emptyNote, type UploadNote, type UploadNotes } from "./resume-state.ts";
import { uploadBlob } from "./upload-blob.ts";

export interface RegistryTargetOptions {
  readonly client: RegistryClient;
  readonly repository: string;
  /** A repository of the same registry that holds the blobs: they are linked from there. */
  readonly mountFrom: Place | null;
  readonly limit: BodyLimit;
  readonly onLimit: (bytes: number) => void;
  readonly notes: UploadNotes;
  readonly sleep: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Up to here a blob is held in memory and sent in one request. */
const mostInMemory = 1024 * 1024;
/** From here on an interrupted upload is worth a note. */
const leastNoted = 8 * 1024 * 1024;

/** The client is closed by whoever opened it. */
export function createRegistryTarget(options: RegistryTargetOptions): ImageTarget {
  const { client, repository, signal } = options;
  const { registry } = client;
  const during = <T>(promise: Promise<T>): Promise<T> => interruptible(promise, signal);
  const put = ({ bytes, mediaType }: { bytes: Buffer; mediaType: string }, key: string) =>
    during(client.putManifest(repository, key, { bytes, mediaType }));
  return {
    name: `${registry}/${repository}`,
    place: { registry, repository },
    manifestAt: async (key) => (await during(client.headManifest(repository, key)))?.digest ?? null,
    hasBlob: async ({ digest }) => (await during(client.headBlob(repository, digest))) !== null,
    moveBlob: (blob, open) => moveBlob(blob, open, options),
    putManifest: async (manifest) => {
      const { subject } = await put(manifest, manifest.descriptor.digest);
      return { subject };
    },
    putTag: async (manifest, name) => {
      await put(manifest, name ?? manifest.descriptor.digest);
    },
    addReferrers: (subject, descriptors) => during(joinReferrers(client, repository, subject, descriptors)),
    commit: async () => {},
    close: async () => {},
  };
}

async function moveBlob(
  blob: Descriptor,
  open: () => BlobFeed,
  options: RegistryTargetOptions,
): Promise<MovedBlob> {
  const note = await claimNote(blob, options);
  let begun: Upload | "mounted" | null = null;
  try {
    begun = (await leftUpload(note, blob.size, options)) ?? (await tryMount(blob, options));
  } catch (error) {
    await note.release();
    throw error;
  }
  if (begun === "mounted") {
    await note.forget();
    return { how: "mounted", bytes: 0 };
  }
  const feed = open();
  try {
    const data = blob.size <= mostInMemory ? embeddedContent(blob) : null;
    if (data !== null) await sendWhole(Buffer.from(data), begun, feed, options);
    else if (blob.size <= mostInMemory) await sendSmall(begun, feed, blob, options);
    else await uploadBlob(feed, begun, { ...options, note });
    return { how: "moved", bytes: data === null ? feed.passed : data.length };
  } finally {
    feed.close();
  }
}

function claimNote({ digest, size }: Descriptor, options: RegistryTargetOptions): Promise<UploadNote> {
  const { client, repository, notes } = options;
  if (size < leastNoted) return Promise.resolve(emptyNote);
  return notes.claim({ registry: client.registry, repository, digest, size });
}

/** What an earlier run began, if the registry still has it and some of its bytes. */
export async function leftUpload(
  { left }: Pick<UploadNote, "left">,
  size: number,
  {
    client,
    signal,
  }: Pick<RegistryTargetOptions, "signal"> & {
    readonly client: Pick<RegistryClient, "uploadStatus">;
  },
): Promise<Upload | null> {
  if (left === null) return null;
  try {
    const status = await interruptible(client.uploadStatus(left), signal);
    return status !== null && status.offset > 0 && status.offset <= size ? status : null;
  } catch (error) {
    signal.throwIfAborted();
    if (isRegctlError(error, "REGISTRY_ERROR") || isRegctlError(error, "NOT_FOUND")) return null;
    throw error;
  }
}

async function tryMount(
  { digest }: Descriptor,
  { client, repository, mountFrom, signal }: RegistryTargetOptions,
): Promise<Upload | "mounted" | null> {
  if (mountFrom === null) return null;
  try {
    return await interruptible(client.mountBlob(repository, digest, mountFrom.repository), signal);
  } catch (error) {
    signal.throwIfAborted();
    // Some registries refuse it outright; whether it may be pushed at all shows when it is.
    if (isRegctlError(error) && error.code !== "REGISTRY_UNREACHABLE") return null;
    throw error;
  }
}

async function sendSmall(
  begun: Upload | null,
  feed: BlobFeed,
  { digest, size }: Descriptor,
  options: RegistryTargetOptions,
): Promise<void> {
  const bytes = await interruptible(buffer(feed.open(0, size)), options.signal);
  verifyBytes(bytes, { digest, size, what: `a blob for ${options.client.registry}/${options.repository}` });
  await sendWhole(bytes, begun, feed, options);
}

/** A body that is too large, or a request that breaks, goes the long way. */
async function sendWhole(
  bytes: Buffer,
  begun: Upload | null,
  feed: BlobFeed,
  options: RegistryTargetOptions,
): Promise<void> {
  const { client, repository, signal, limit, onLimit } = options;
  const most = limit.most();
  let upload = begun;
  try {
    if (most === null || bytes.length <= most) {
      upload ??= await interruptible(client.startUpload(repository), signal);
      await interruptible(client.putUpload(upload, feed.digest, bytes), signal);
      return;
    }
  } catch (error) {
    if (signal.aborted || !isPassing(error)) {
      if (upload !== null) await client.cancelUpload(upload).catch(() => {});
      throw error;
    }
    const next = isTooLarge(error) ? smallerChunk(bytes.length, upload?.leastChunk ?? null) : null;
    if (next !== null && limit.lower(next)) onLimit(next);
    if (upload !== null) await client.cancelUpload(upload).catch(() => {});
    upload = null;
  }
  await uploadBlob(feed, upload, { ...options, note: emptyNote });
}

function isTooLarge(error: unknown): boolean {
  return isRegctlError(error, "REGISTRY_ERROR") && error.facts.status === 413;
}

function isPassing(error: unknown): error is RegctlError {
  return (
    isTooLarge(error) ||
    isRegctlError(error, "REGISTRY_UNREACHABLE") ||
    isRegctlError(error, "NOT_FOUND") ||
    (isRegctlError(error, "REGISTRY_ERROR") && error.facts.status >= 500)
  );
}
