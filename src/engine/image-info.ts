/** What an engine says of its images, from its JSON. Pure; field names by the Engine API of 1.18 to 1.51. */
import { type JsonObject, listOf, numberOf, objectOf, textOf, textsOf } from "./lenient-json.ts";

/** A line of the engine's list. */
export interface EngineImage {
  /** `sha256:…`: the digest of the config, or in containerd's store that of the manifest or index. */
  readonly id: string;
  /** REPOSITORY:TAG, without `<none>`. */
  readonly tags: readonly string[];
  /** REPOSITORY@DIGEST, known of images that were pulled or pushed. */
  readonly digests: readonly string[];
  /** Seconds since 1970. */
  readonly created: number;
  /** Bytes, unpacked. */
  readonly size: number;
}

export interface EngineImageDetails extends Omit<EngineImage, "created"> {
  /** RFC 3339; empty when the engine does not know. */
  readonly created: string;
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
  /** Digests of the unpacked layers, the base first. */
  readonly diffIds: readonly string[];
  /** The manifest or index, in containerd's store. */
  readonly descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number } | null;
}

export function parseImages(value: unknown): readonly EngineImage[] {
  return listOf(value).map((item) => {
    const image = objectOf(item);
    return { ...namesOf(image), created: numberOf(image.Created) };
  });
}

export function parseImageDetails(value: unknown): EngineImageDetails {
  const image = objectOf(value);
  const descriptor = objectOf(image.Descriptor);
  const digest = textOf(descriptor.digest);
  return {
    ...namesOf(image),
    // The zero time of Go stands for nobody knows.
    created: textOf(image.Created).startsWith("0001-") ? "" : textOf(image.Created),
    os: textOf(image.Os),
    architecture: textOf(image.Architecture),
    variant: textOf(image.Variant),
    diffIds: textsOf(objectOf(image.RootFS).Layers),
    descriptor:
      digest === ""
        ? null
        : { mediaType: textOf(descriptor.mediaType), digest, size: numberOf(descriptor.size) },
  };
}

export function parseStepSizes(value: unknown): readonly number[] {
  return listOf(value).map((step) => numberOf(objectOf(step).Size));
}

function namesOf(image: JsonObject): Pick<EngineImage, "id" | "tags" | "digests" | "size"> {
  const named = (names: readonly string[]) => names.filter((name) => !name.includes("<none>"));
  return {
    id: textOf(image.Id),
    tags: named(textsOf(image.RepoTags)),
    digests: named(textsOf(image.RepoDigests)),
    size: numberOf(image.Size),
  };
}

/** One line of what an engine tells while it pushes, pulls or loads. */
export interface EngineEvent {
  /** "Pushing", "Layer already exists", "Loaded image: …". */
  readonly status: string;
  /** A layer's short id, or a tag; empty when it is about the whole. */
  readonly id: string;
  /** Bytes; 0 where nothing is counted. */
  readonly current: number;
  readonly total: number;
  /** Why it failed; empty when it did not. */
  readonly error: string;
  /** What was pushed, at its end. */
  readonly pushed: { readonly tag: string; readonly digest: string; readonly size: number } | null;
}

export function parseEvent(value: unknown): EngineEvent {
  const event = objectOf(value);
  const progress = objectOf(event.progressDetail);
  const aux = objectOf(event.aux);
  const digest = textOf(aux.Digest);
  return {
    status: textOf(event.status) || textOf(event.stream).trim(),
    id: textOf(event.id),
    current: numberOf(progress.current),
    total: numberOf(progress.total),
    error: textOf(objectOf(event.errorDetail).message) || textOf(event.error),
    pushed: digest === "" ? null : { tag: textOf(aux.Tag), digest, size: numberOf(aux.Size) },
  };
}
