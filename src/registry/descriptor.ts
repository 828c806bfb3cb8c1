/** What points at content: its type, digest and size, and for entries of an index the platform. Pure. */
import { algorithmOf, computeDigest, type Digest, parseDigest, problemOfDigest } from "./digest.ts";
import { countOf, defined, objectOf, textOf, textRecordOf, textsOf } from "./json.ts";
import { type Platform, platformOf } from "./platform.ts";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly platform?: Platform;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Where else the content is, for layers that registries need not hold. */
  readonly urls?: readonly string[];
  /** The content itself in Base64, unverified: see `embeddedContent`. */
  readonly data?: string;
}

/** The descriptor, or what is wrong with it in words. A missing media type is empty: old indexes leave it out. */
export function readDescriptor(value: unknown): Descriptor | string {
  const object = objectOf(value);
  if (object === undefined) return "is no descriptor";
  const digest = parseDigest(object.digest);
  if (digest === null) {
    return typeof object.digest === "string"
      ? `has a bad digest: ${problemOfDigest(object.digest)}`
      : "has no digest";
  }
  const size = countOf(object.size);
  if (size === undefined) return "has no size in bytes";
  const urls = textsOf(object.urls);
  return {
    mediaType: textOf(object.mediaType) ?? "",
    digest,
    size,
    ...defined({
      platform: platformOf(objectOf(object.platform)) ?? undefined,
      artifactType: textOf(object.artifactType),
      annotations: textRecordOf(object.annotations),
      urls: urls.length === 0 ? undefined : urls,
      data: textOf(object.data),
    }),
  };
}

/** The content that stands in the descriptor itself, or null when there is none or it is not what the digest says. */
export function embeddedContent({ data, digest, size }: Descriptor): Uint8Array | null {
  if (data === undefined || data.length > Math.ceil(size / 3) * 4) return null;
  const content = Buffer.from(data, "base64");
  return content.length === size && computeDigest(content, algorithmOf(digest)) === digest ? content : null;
}
