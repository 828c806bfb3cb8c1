/** `--output`: an image into a file, which is a copy. */
import { openClient } from "../access/open.ts";
import type { AccessWorld } from "../access/world.ts";
import { manifestKindOf, mediaTypeOf } from "../registry/media-types.ts";
import { renderPlatform } from "../registry/platform.ts";
import { manifestKeyOf, renderReference } from "../registry/reference.ts";
import { copyImages } from "../transfer/copy.ts";
import { type FileEndpoint, renderFileEndpoint } from "../transfer/endpoint.ts";
import type { PullItem } from "./outcome.ts";
import type { MeantImage, PullInput } from "./pull-input.ts";

/** Throws as `copyImages`. */
export async function pullToFile(
  image: MeantImage,
  output: FileEndpoint,
  input: PullInput,
  world: AccessWorld,
): Promise<PullItem> {
  const source = renderReference(image.reference);
  const platform = await platformFor(image, output, input, world);
  const { insecure, ca, overwrite, timeoutSeconds } = input;
  const copied = await copyImages(
    {
      source,
      destination: renderFileEndpoint(output),
      trust: { insecure, ca },
      sourceTrust: {},
      platform,
      referrers: false,
      allTags: false,
      dryRun: false,
      overwrite,
      timeoutSeconds,
    },
    world,
  );
  const [item] = copied.document.items;
  if (item === undefined) throw new Error("one image was copied");
  const { digest, destination, bytesMoved, bytesReused, blobs, changed, seconds } = item;
  return {
    reference: source,
    digest,
    imageId: null,
    via: "file",
    why: null,
    platform: platform ?? null,
    names: [],
    output: destination,
    bytesReceived: bytesMoved,
    bytesReused,
    layers: { received: blobs.moved, reused: blobs.reused },
    changed,
    digestKnown: false,
    seconds,
  };
}

/** A docker-archive holds one platform: of an index, when nobody says which, that of this machine. */
async function platformFor(
  { reference, settings }: MeantImage,
  output: FileEndpoint,
  input: PullInput,
  world: AccessWorld,
): Promise<string | undefined> {
  if (input.platform !== undefined || output.kind !== "docker-archive") return input.platform;
  const { registry, repository } = reference;
  const client = await openClient({ ...input, registry, settings }, world);
  try {
    const head = await client.headManifest(repository, manifestKeyOf(reference));
    if (manifestKindOf(mediaTypeOf(head?.contentType)) !== "index") return undefined;
  } finally {
    await client.close();
  }
  const own = renderPlatform(input.machine);
  const note = `a docker-archive holds one platform: of ${renderReference(reference)} the one for ${own} (--platform chooses)`;
  world.emit({ event: "note", note });
  return own;
}
