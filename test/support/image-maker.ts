/**
 * Small real images as content in memory: config, layers that are tars of one file, manifests, indexes, attestations
 * and referrers. Equal options give equal bytes, so digests are the same from run to run.
 */
import { createCipheriv, createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { encodeTarHeader, tarEnd, tarPadding } from "../../src/layout/tar-format.ts";
import type { Descriptor } from "../../src/registry/descriptor.ts";
import { computeDigest, type Digest } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { parsePlatform } from "../../src/registry/platform.ts";

export type ImageFormat = "oci" | "docker";

export interface MadeContent {
  readonly bytes: Buffer;
  readonly digest: Digest;
  readonly mediaType: string;
  /** What points at it; without platform and annotations. */
  readonly descriptor: Descriptor;
}

/** What a registry or layout has to hold, so that the first manifest is whole. */
export interface MadeTree {
  readonly manifest: MadeContent;
  /** Every manifest of the tree by its digest, children before their parents. */
  readonly manifests: ReadonlyMap<Digest, MadeContent>;
  /** Configs and layers. */
  readonly blobs: ReadonlyMap<Digest, Buffer>;
}

export interface MadeImage extends MadeTree {
  /** `linux/amd64`. */
  readonly platform: string;
  readonly config: MadeContent;
  readonly layers: readonly MadeContent[];
}

export interface ImageOptions {
  readonly format?: ImageFormat;
  /** Default `linux/amd64`. */
  readonly platform?: string;
  /** Base first: a blob as it is (a tar, gzipped or not), or the size of the file in a layer that is made. */
  readonly layers?: readonly (Buffer | number)[];
  /** Default `gzip`; for layers that are made. */
  readonly compression?: "gzip" | "none";
  readonly labels?: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly created?: string;
  /** Another seed, other bytes. */
  readonly seed?: string;
}

export function makeContent(bytes: Buffer, mediaType: string): MadeContent {
  const digest = computeDigest(bytes);
  return { bytes, digest, mediaType, descriptor: { mediaType, digest, size: bytes.length } };
}

/** Bytes that do not compress, the same for the same seed. */
export function makeBytes(size: number, seed: string): Buffer {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** A tar of files, in their order. */
export function makeTar(files: Readonly<Record<string, Buffer>>): Buffer {
  const parts = Object.entries(files).flatMap(([path, content]) => [
    encodeTarHeader(path, content.length),
    content,
    Buffer.alloc(tarPadding(content.length)),
  ]);
  return Buffer.concat([...parts, tarEnd]);
}

const types = {
  oci: {
    manifest: mediaTypes.ociManifest,
    index: mediaTypes.ociIndex,
    config: mediaTypes.ociConfig,
    gzip: mediaTypes.ociLayerGzip,
    none: mediaTypes.ociLayer,
  },
  docker: {
    manifest: mediaTypes.dockerManifest,
    index: mediaTypes.dockerManifestList,
    config: mediaTypes.dockerConfig,
    gzip: mediaTypes.dockerLayer,
    none: "application/vnd.docker.image.rootfs.diff.tar",
  },
} as const satisfies Record<ImageFormat, Record<string, string>>;

export function makeImage(options: ImageOptions = {}): MadeImage {
  const { format = "oci", platform = "linux/amd64", seed = "image" } = options;
  const layers = (options.layers ?? [1000, 2000]).map((layer, index) => {
    const bytes = typeof layer === "number" ? makeLayer(layer, index, options) : layer;
    return makeContent(bytes, types[format][isGzip(bytes) ? "gzip" : "none"]);
  });
  const config = makeContent(json(makeConfig(options, platform, layers)), types[format].config);
  const manifest = makeContent(
    json({
      schemaVersion: 2,
      mediaType: types[format].manifest,
      config: config.descriptor,
      layers: layers.map(({ descriptor }) => descriptor),
      ...(format === "oci" ? { annotations: { "test.seed": seed } } : {}),
    }),
    types[format].manifest,
  );
  return {
    platform,
    config,
    layers,
    manifest,
    manifests: new Map([[manifest.digest, manifest]]),
    blobs: new Map([config, ...layers].map(({ digest, bytes }) => [digest, bytes])),
  };
}

function makeLayer(size: number, index: number, { compression = "gzip", seed = "image" }: ImageOptions) {
  const tar = makeTar({ [`layer-${index}`]: makeBytes(size, `${seed} layer ${index}`) });
  return compression === "gzip" ? gzipSync(tar, { level: 1 }) : tar;
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function makeConfig(
  { created = "2026-01-02T03:04:05Z", labels = {}, seed = "image" }: ImageOptions,
  platform: string,
  layers: readonly MadeContent[],
): object {
  return {
    ...platformFields(platform),
    created,
    config: { Cmd: ["/layer-0"], Env: ["PATH=/bin", `SEED=${seed}`], Labels: labels },
    history: layers.map((_, index) => ({ created, created_by: `COPY layer-${index} /` })),
    rootfs: {
      type: "layers",
      diff_ids: layers.map(({ bytes }) => computeDigest(isGzip(bytes) ? gunzipSync(bytes) : bytes)),
    },
  };
}

function platformFields(platform: string): object {
  const { os, architecture, variant, osVersion } = parsePlatform(platform);
  return {
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { "os.version": osVersion }),
  };
}

/** An index (`docker`: a manifest list) of images; attestations made of them go in with `attestations`. */
export function makeIndex(
  images: readonly MadeImage[],
  {
    format = "oci",
    attestations = [],
  }: { readonly format?: ImageFormat; readonly attestations?: readonly MadeAttestation[] } = {},
): MadeTree {
  const entries = [
    ...images.map(({ manifest, platform }) => ({
      ...manifest.descriptor,
      platform: platformFields(platform),
    })),
    ...attestations.map(({ manifest, of }) => ({
      ...manifest.descriptor,
      platform: { architecture: "unknown", os: "unknown" },
      annotations: {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": of,
      },
    })),
  ];
  const index = { schemaVersion: 2, mediaType: types[format].index, manifests: entries };
  return joinTrees(makeContent(json(index), types[format].index), [...images, ...attestations]);
}

/** A manifest that holds others, such as an index of indexes, with all that they hold. */
export function joinTrees(manifest: MadeContent, children: readonly MadeTree[]): MadeTree {
  return {
    manifest,
    manifests: new Map([
      ...children.flatMap(({ manifests }) => [...manifests]),
      [manifest.digest, manifest] as const,
    ]),
    blobs: new Map(children.flatMap(({ blobs }) => [...blobs])),
  };
}

export interface MadeAttestation extends MadeTree {
  /** The image that it speaks of. */
  readonly of: Digest;
}

/** As buildx puts it into an index: a manifest for `unknown/unknown` whose one layer is an in-toto statement. */
export function makeAttestation(image: MadeImage): MadeAttestation {
  const statement = makeContent(
    json({ _type: "https://in-toto.io/Statement/v0.1", subject: [{ digest: image.manifest.digest }] }),
    "application/vnd.in-toto+json",
  );
  const config = makeContent(
    json({
      architecture: "unknown",
      os: "unknown",
      rootfs: { type: "layers", diff_ids: [statement.digest] },
    }),
    mediaTypes.ociConfig,
  );
  return { ...makeArtifact(config, [statement], {}), of: image.manifest.digest };
}

/** A manifest with `subject`, as signatures and SBOMs are stored since OCI 1.1. */
export function makeReferrer(
  subject: MadeContent,
  { artifactType = "application/vnd.example.sbom", seed = "referrer" } = {},
): MadeTree {
  const empty = makeContent(Buffer.from("{}"), mediaTypes.ociEmpty);
  const content = makeContent(makeBytes(100, seed), artifactType);
  return makeArtifact(empty, [content], { artifactType, subject: subject.descriptor });
}

/** As cosign 2 makes it: an image whose layers are what was signed. Written by hand after its SIGNATURE_SPEC.md. */
export function makeCosignSignature(seed: string): MadeTree {
  const config = makeContent(
    json({ architecture: "", os: "", rootfs: { type: "layers" } }),
    mediaTypes.ociConfig,
  );
  const type = "application/vnd.dev.cosign.simplesigning.v1+json";
  return makeArtifact(config, [makeContent(json({ critical: { type: seed } }), type)], {});
}

function makeArtifact(config: MadeContent, layers: readonly MadeContent[], fields: object): MadeTree {
  const manifest = makeContent(
    json({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      ...fields,
      config: config.descriptor,
      layers: layers.map(({ descriptor }) => descriptor),
    }),
    mediaTypes.ociManifest,
  );
  return {
    manifest,
    manifests: new Map([[manifest.digest, manifest]]),
    blobs: new Map([config, ...layers].map(({ digest, bytes }) => [digest, bytes])),
  };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
