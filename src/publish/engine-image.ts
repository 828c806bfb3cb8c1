/** An image of an engine as something that is read: through the tar that it saves. */
import type { ImageEngine } from "../engine/client.ts";
import type { EngineImageDetails } from "../engine/image-info.ts";
import { isRegctlError, RegctlError } from "../errors.ts";
import { type Digest, isDigest } from "../registry/digest.ts";
import { readSavedImage } from "./saved-image.ts";
import type { UnpackedImage } from "./send-image.ts";
import type { PublishWorld } from "./world.ts";

/** The engine unpacks its images, so that its id is the digest of a configuration. */
export function openEngineImage(
  engine: ImageEngine,
  { id, diffIds, size }: EngineImageDetails,
  world: PublishWorld,
  signal: AbortSignal,
): UnpackedImage {
  const what = `image ${id.replace(/^sha256:/, "").slice(0, 12)} of the engine on ${engine.host}`;
  const image = { id: digestOf(id, what), diffIds: diffIds.map((diffId) => digestOf(diffId, what)) };
  return {
    ...image,
    size,
    what,
    read: async (reading) => {
      await readTar(engine, id, world, signal, (tar) => readSavedImage({ ...reading, tar, what, image }));
    },
  };
}

/** Has the engine save an image, and gives its tar to `read`, which may stop early. Throws ENGINE_UNREACHABLE. */
export async function readTar<T>(
  engine: ImageEngine,
  name: string,
  { emit }: Pick<PublishWorld, "emit">,
  signal: AbortSignal,
  read: (tar: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  emit({ event: "step", host: engine.host, step: "the engine prepares the image on its own disk" });
  const stream = await engine.images.save([name], signal);
  try {
    return await read(chunksOf(stream, engine, signal));
  } finally {
    stream.on("error", () => {});
    stream.destroy();
  }
}

async function* chunksOf(
  stream: AsyncIterable<unknown>,
  engine: ImageEngine,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of stream) if (Buffer.isBuffer(chunk)) yield chunk;
  } catch (error) {
    signal.throwIfAborted();
    if (isRegctlError(error)) throw error;
    const reason = `it broke off in the middle of an image: ${error instanceof Error ? error.message : String(error)}`;
    const facts = { host: engine.host, tried: [engine.via], reason };
    throw new RegctlError("ENGINE_UNREACHABLE", facts, { cause: error });
  }
}

export function digestOf(text: string, what: string): Digest {
  if (isDigest(text)) return text;
  throw new RegctlError("CONTENT_BROKEN", {
    what,
    problem: `its engine calls a part of it "${text.slice(0, 80)}"`,
  });
}
