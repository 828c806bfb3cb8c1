/** Images and artifacts as clients push them: one row for each kind of data that the OCI's conformance suite tries. */
import { randomBytes } from "node:crypto";
import { computeDigest, type Digest, type DigestAlgorithm } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";

export interface Piece {
  readonly digest: Digest;
  readonly bytes: Buffer;
}

export interface Content {
  readonly name: string;
  /** To be pushed first. */
  readonly blobs: readonly Piece[];
  /** In the order of pushing: what is named before what names it. The last one gets the tag. */
  readonly manifests: readonly (Piece & { readonly mediaType: string })[];
  /** Named by `subject` of the last one. */
  readonly subject?: Digest;
  /** As the list of referrers shows the last one. */
  readonly artifactType?: string;
}

const emptyJson = Buffer.from("{}");

export function pieceOf(content: string | Buffer | object, algorithm: DigestAlgorithm = "sha256"): Piece {
  const bytes = Buffer.isBuffer(content)
    ? content
    : Buffer.from(typeof content === "string" ? content : JSON.stringify(content));
  return { bytes, digest: computeDigest(bytes, algorithm) };
}

export function describe({ digest, bytes }: Piece, mediaType: string, more: object = {}): object {
  return { mediaType, digest, size: bytes.length, ...more };
}

function layers(count: number, algorithm: DigestAlgorithm = "sha256"): readonly Piece[] {
  return Array.from({ length: count }, () => pieceOf(randomBytes(1500), algorithm));
}

interface ImageParts {
  readonly layers?: readonly Piece[];
  readonly algorithm?: DigestAlgorithm;
  readonly layerType?: string;
  readonly config?: Piece;
  readonly configType?: string;
  readonly mediaType?: string;
  /** Fields beside those that every image has. */
  readonly more?: object;
  readonly descriptorMore?: (piece: Piece) => object;
}

interface Image {
  readonly blobs: readonly Piece[];
  readonly manifest: Piece & { readonly mediaType: string };
}

/** An image whose layers are random, so that no two are the same. */
export function imageOf(parts: ImageParts = {}): Image {
  const { algorithm = "sha256", mediaType = mediaTypes.ociManifest, more = {} } = parts;
  const own = parts.layers ?? layers(2, algorithm);
  const config =
    parts.config ??
    pieceOf(
      {
        architecture: "amd64",
        os: "linux",
        author: randomBytes(9).toString("hex"),
        rootfs: { type: "layers", diff_ids: [] },
      },
      algorithm,
    );
  const extra = parts.descriptorMore ?? (() => ({}));
  const manifest = pieceOf(
    {
      schemaVersion: 2,
      mediaType,
      config: describe(config, parts.configType ?? mediaTypes.ociConfig, extra(config)),
      layers: own.map((layer) => describe(layer, parts.layerType ?? mediaTypes.ociLayerGzip, extra(layer))),
      ...more,
    },
    algorithm,
  );
  return { blobs: [config, ...own], manifest: { ...manifest, mediaType } };
}

function indexOf(images: readonly Image[], more: object = {}, mediaType: string = mediaTypes.ociIndex) {
  const manifests = images.map(({ manifest }) => describe(manifest, manifest.mediaType));
  return { ...pieceOf({ schemaVersion: 2, mediaType, manifests, ...more }), mediaType };
}

function single(name: string, image: Image, more: Partial<Content> = {}): Content {
  return { name, blobs: image.blobs, manifests: [image.manifest], ...more };
}

function indexed(name: string, images: readonly Image[], index: Content["manifests"][number]): Content {
  return {
    name,
    blobs: images.flatMap(({ blobs }) => blobs),
    manifests: [...images.map(({ manifest }) => manifest), index],
  };
}

function nested(): Content {
  const [one, two, three] = [imageOf(), imageOf(), imageOf()];
  const inner = indexOf([one, two]);
  const outer = indexOf([{ blobs: [], manifest: inner }, three]);
  const inside = indexed("nested index", [one, two], inner);
  return {
    name: inside.name,
    blobs: [...inside.blobs, ...three.blobs],
    manifests: [...inside.manifests, three.manifest, outer],
  };
}

function withSubject(): Content {
  const subject = imageOf();
  const annotations = { "org.example.made": "ü" };
  const pointer = describe(subject.manifest, subject.manifest.mediaType);
  const artifactType = "application/vnd.example.sbom";
  const artifact = imageOf({
    config: pieceOf(emptyJson),
    configType: mediaTypes.ociEmpty,
    more: { subject: pointer, artifactType, annotations },
  });
  return {
    name: "artifact with subject",
    blobs: [...subject.blobs, ...artifact.blobs],
    manifests: [subject.manifest, artifact.manifest],
    subject: subject.manifest.digest,
    artifactType,
  };
}

function indexWithSubject(): Content {
  const image = imageOf();
  const subject = describe(image.manifest, image.manifest.mediaType);
  const index = indexOf([image], { subject, artifactType: "application/vnd.example.list" });
  const more = { subject: image.manifest.digest, artifactType: "application/vnd.example.list" };
  return { ...indexed("index with subject", [image], index), ...more };
}

function missingSubject(): Content {
  const subject = pieceOf(randomBytes(20));
  const image = imageOf({ more: { subject: describe(subject, mediaTypes.ociManifest) } });
  // Without a type of its own it has that of its config.
  const more = { subject: subject.digest, artifactType: mediaTypes.ociConfig };
  return single("subject that is not there", image, more);
}

function dockerList(): Content {
  const docker = () =>
    imageOf({
      mediaType: mediaTypes.dockerManifest,
      configType: mediaTypes.dockerConfig,
      layerType: mediaTypes.dockerLayer,
    });
  const images = [docker(), docker()];
  return indexed("Docker manifest list", images, indexOf(images, {}, mediaTypes.dockerManifestList));
}

function customArtifact(): Content {
  const mediaType = "application/vnd.oci.artifact.manifest.v1+json";
  const blob = pieceOf(randomBytes(30));
  const manifest = { mediaType, artifactType: "text/x", blobs: [describe(blob, "text/plain")] };
  return {
    name: "manifest of a type of its own",
    blobs: [blob],
    manifests: [{ ...pieceOf(manifest), mediaType }],
  };
}

/** Made anew on each call. */
export function makeContents(): readonly Content[] {
  const nondistributable = `${mediaTypes.ociLayer.replace("layer.v1", "layer.nondistributable.v1")}+gzip`;
  const foreign = imageOf({ layerType: nondistributable });
  const padding = { annotations: { padding: "x".repeat(4 * 1024 * 1024 - 2000) } };
  const fields = { config: pieceOf({ x: "y" }), configType: mediaTypes.ociEmpty, layers: [] };
  return [
    single("image", imageOf()),
    single("image without compression", imageOf({ layerType: mediaTypes.ociLayer })),
    indexed("index", [], indexOf([])),
    (() => {
      const images = [imageOf(), imageOf()];
      return indexed("index of images", images, indexOf(images));
    })(),
    nested(),
    single("artifact", imageOf({ ...fields, layers: layers(1), more: { artifactType: "application/x" } })),
    single("artifact without layers", imageOf({ ...fields, more: { artifactType: "application/x" } })),
    withSubject(),
    indexWithSubject(),
    missingSubject(),
    single("image without layers", imageOf({ layers: [] })),
    single("image with an empty layer", imageOf({ layers: [pieceOf("")] })),
    { ...single("layers that are elsewhere", foreign), blobs: foreign.blobs.slice(0, 1) },
    single(
      "content in descriptors",
      imageOf({ descriptorMore: ({ bytes }) => ({ data: bytes.toString("base64") }) }),
    ),
    single(
      "fields that nobody knows",
      imageOf({ more: { "org.example": { a: [1, null] } }, descriptorMore: () => ({ x: 1 }) }),
    ),
    single("sha512", imageOf({ algorithm: "sha512" })),
    single("large manifest", imageOf({ more: padding })),
    dockerList(),
    customArtifact(),
  ];
}
