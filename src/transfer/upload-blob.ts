/**
 * One blob into a registry: streamed, in chunks where bodies are limited, gone on with from where the registry says
 * that it is when something broke.
 *
 * A blob that is known goes with one PUT, which spares the registry to open and close it once more (a seventh of the time
 * with CNCF Distribution); what is left of one that broke, and one that is made on the way, go by PATCH.
 *
 * What keeps wrong bytes out: everything that passes for the first time in this run is hashed here, and compared
 * before the last bytes are handed on. Bytes that this run did not see from the beginning (another run's part
 * of an upload, what is read a second time behind a place to which the registry fell back) are covered by the
 * registry: it takes an upload only under the digest that is named at its end, and keeps nothing otherwise.
 */
import { RegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import type { Upload } from "../registry/api/uploads.ts";
import type { RegistryClient } from "../registry/client.ts";
import { compareDigests, type Digest } from "../registry/digest.ts";
import { type BodyLimit, smallerChunk } from "./chunk-size.ts";
import type { UploadNote } from "./resume-state.ts";
import { SourcePassed } from "./stream-feed.ts";
import { createPatience, judgeUploadFailure, type Patience } from "./upload-failure.ts";
import type { UploadFeed } from "./upload-feed.ts";

export interface UploadOptions {
  readonly client: Pick<
    RegistryClient,
    "registry" | "startUpload" | "patchUpload" | "putUpload" | "uploadStatus" | "cancelUpload" | "headBlob"
  >;
  readonly repository: string;
  readonly limit: BodyLimit;
  /** Told once, when a smaller limit was learnt. */
  readonly onLimit: (bytes: number) => void;
  readonly note: UploadNote;
  readonly sleep: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

interface Course extends UploadOptions {
  readonly feed: UploadFeed;
  readonly patience: Patience;
  upload: Upload;
  /** Of this upload alone: set when connections break at once, as they do where a too large body is cut off. */
  ownLimit: number | null;
}

/** `begun`: an upload to go on with. Throws DIGEST_MISMATCH, and what keeps the registry from taking it. */
export async function uploadBlob(
  feed: UploadFeed,
  begun: Upload | null,
  options: UploadOptions,
): Promise<void> {
  const upload =
    begun ?? (await interruptible(options.client.startUpload(options.repository), options.signal));
  const course: Course = { ...options, feed, patience: createPatience(), upload, ownLimit: null };
  try {
    await carryOn(course);
    await course.note.forget();
  } catch (error) {
    feed.close();
    await leave(course, error);
    throw error;
  }
}

async function carryOn(course: Course): Promise<void> {
  for (let failure: unknown = null; ; ) {
    try {
      if (failure !== null && (await mend(course, failure)) === "there") return;
      if (await sendWhole(course)) return;
      await sendRest(course);
      course.feed.verify();
      await finish(course);
      return;
    } catch (error) {
      course.signal.throwIfAborted();
      // The feed has had its own patience: the target has nothing to do with it.
      const broken = course.feed.failure();
      if (broken instanceof SourcePassed) throw new SourcePassed(broken.message, { cause: failure });
      if (broken !== null) throw broken;
      const remedy = judgeUploadFailure(error);
      if (remedy === "stop" || !course.patience.again(remedy, course.upload.offset)) throw error;
      failure = error;
    }
  }
}

/** False when it cannot go in one body. */
async function sendWhole(course: Course): Promise<boolean> {
  const { client, feed, upload, signal, note } = course;
  const { digest, size } = feed;
  if (digest === null || size === null || upload.offset > 0 || mostAtOnce(course) < size) return false;
  note.save(upload);
  const { open, spends, length } = await feed.part(0, size);
  // One that was made on the way is kept in its last part alone.
  if (length !== size) return false;
  const body = { open, length, again: true, spends };
  judgeDigest(
    await interruptible(client.putUpload(upload, digest, body), signal),
    digest,
    size,
    client.registry,
  );
  return true;
}

async function sendRest(course: Course): Promise<void> {
  const { client, feed, limit, signal, note } = course;
  note.save(course.upload);
  while (course.upload.offset !== feed.size) {
    const { upload } = course;
    const most = mostAtOnce(course);
    const { length, open, spends } = await feed.part(upload.offset, Number.isFinite(most) ? most : null);
    if (length === 0) break;
    const body = { open, length, again: true, spends };
    // A whole blob in one body is what every registry knows; a part of one says its place, where it is checked.
    const part = upload.offset > 0 || (length !== null && length !== feed.size);
    const answer = await interruptible(client.patchUpload(upload, body, part), signal);
    const end = length === null ? sizeOf(feed) : upload.offset + length;
    course.upload = { ...answer, offset: judgeOffset(answer.offset, upload, end, client.registry) };
    // That a smaller body went through where larger ones broke is worth knowing to the others.
    if (course.ownLimit !== null && limit.lower(course.ownLimit)) course.onLimit(course.ownLimit);
    if (course.upload.offset !== feed.size) note.save(course.upload);
  }
}

/** Bytes of one body. */
function mostAtOnce({ limit, ownLimit }: Course): number {
  return Math.min(limit.most() ?? Number.POSITIVE_INFINITY, ownLimit ?? Number.POSITIVE_INFINITY);
}

/** Of what has passed as a whole. */
function sizeOf({ size }: UploadFeed): number {
  if (size === null) throw new Error("a stream that has ended has a size");
  return size;
}

/** What a registry holds after it took bytes up to `end`: some say nothing, or 0, and mean all. */
function judgeOffset(told: number, before: Upload, end: number, registry: string): number {
  if (told === 0 || told === before.offset) return end;
  if (told > before.offset && told <= end) return told;
  const message = `it took bytes ${before.offset} to ${end} and says that it has ${told}`;
  throw new RegctlError("REGISTRY_ERROR", { registry, request: "PATCH of an upload", status: 416, message });
}

async function finish({ client, feed, upload, signal }: Course): Promise<void> {
  const { digest } = feed;
  if (digest === null) throw new Error("a blob that has passed has a digest");
  const size = sizeOf(feed);
  judgeDigest(await interruptible(client.putUpload(upload, digest), signal), digest, size, client.registry);
}

function judgeDigest(told: Digest, digest: Digest, size: number, what: string): void {
  if (compareDigests(told, digest) !== "different") return;
  throw new RegctlError("DIGEST_MISMATCH", { what, digest, size, actual: told, bytes: size });
}

/** Makes the course ready for another try. `there`: the registry has the blob, only its answer was lost. */
async function mend(course: Course, failure: unknown): Promise<"there" | "go on"> {
  const { client, feed, patience, sleep, signal, repository } = course;
  const remedy = judgeUploadFailure(failure);
  await sleep(patience.waitMs());
  if (remedy === "shrink") learnLimit(course, failure);
  else if (patience.fruitless() >= shrinkAfter) shrinkOwn(course);
  const anew = remedy === "restart" || patience.fruitless() >= restartAfter;
  const status = anew ? null : await askStatus(course);
  if (status !== null && status.offset <= (feed.size ?? Number.POSITIVE_INFINITY)) {
    course.upload = status;
    return "go on";
  }
  const { digest } = feed;
  if (digest !== null && (await interruptible(client.headBlob(repository, digest), signal))) return "there";
  course.upload = await interruptible(client.startUpload(repository), signal);
  return "go on";
}

/** Tries in a row that brought nothing: then a smaller body is tried, and in the end a new upload. */
const shrinkAfter = 2;
const restartAfter = 4;

function learnLimit(course: Course, failure: unknown): void {
  const { limit, upload, onLimit } = course;
  const sent = Math.min(leftOf(course), limit.most() ?? Number.POSITIVE_INFINITY);
  const next = smallerChunk(sent, upload.leastChunk);
  if (next === null) throw failure;
  if (limit.lower(next)) onLimit(next);
}

function leftOf({ feed, upload }: Course): number {
  return (feed.size ?? Number.POSITIVE_INFINITY) - upload.offset;
}

/** A server that cuts off what is too long for it may be gone before its 413 is read. */
function shrinkOwn(course: Course): void {
  const sent = Math.min(leftOf(course), course.ownLimit ?? Number.POSITIVE_INFINITY);
  course.ownLimit = smallerChunk(sent, course.upload.leastChunk) ?? course.ownLimit;
}

/** Null when the registry has lost it, or will not tell. */
async function askStatus({ client, upload, signal }: Course): Promise<Upload | null> {
  try {
    return await interruptible(client.uploadStatus(upload), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (judgeUploadFailure(error) === "restart") return null;
    throw error;
  }
}

/** What another run could go on with is left to it; everything else is taken away. */
async function leave(course: Course, error: unknown): Promise<void> {
  const { client, feed, note, signal, upload } = course;
  const sourceBroke = feed.kept && feed.failure() !== null && !(error instanceof SourcePassed);
  if (note.kept && (signal.aborted || sourceBroke || judgeUploadFailure(error) === "ask")) {
    note.save(upload);
    await note.release();
    return;
  }
  await client.cancelUpload(upload).catch(() => {});
  await note.forget();
}
