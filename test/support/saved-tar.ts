/**
 * Tars as engines save them, made of layers in memory.
 * SOURCE: the names in them after `docker save` of docker.io 28.5.2 with overlay2 and with containerd's store, of
 * Podman 4.3, and of docker.io 20.10.24 (whose own bytes are in test/fixtures/publish).
 */
import { computeDigest, type Digest } from "../../src/registry/digest.ts";
import { type MadeTree, makeBytes, makeTar } from "./image-maker.ts";

export interface UnpackedMade {
  /** The digest of the configuration. */
  readonly id: Digest;
  readonly config: Buffer;
  /** Tars, the base first. */
  readonly layers: readonly Buffer[];
  readonly diffIds: readonly Digest[];
}

/** `layers`: tars as they are, or the size of the file in one that is made; half of its bytes repeat. */
export function makeUnpacked(layers: readonly (Buffer | number)[], seed = "saved"): UnpackedMade {
  const tars = layers.map((layer, index) =>
    typeof layer === "number" ? makeTar({ [`file-${index}`]: makeHalf(layer, `${seed} ${index}`) }) : layer,
  );
  const diffIds = tars.map((tar) => computeDigest(tar));
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: { Cmd: ["/file-0"], Labels: { seed } },
      rootfs: { type: "layers", diff_ids: diffIds },
    }),
  );
  return { id: computeDigest(config), config, layers: tars, diffIds };
}

function makeHalf(size: number, seed: string): Buffer {
  const bytes = makeBytes(size, seed);
  for (let at = 0; at < size; at += 2048) bytes.fill("repeated", at, Math.min(size, at + 1024));
  return bytes;
}

export type SaveKind = "docker-28" | "podman" | "docker-20.10 with odd folders";

const hexOf = (digest: Digest): string => digest.slice("sha256:".length);

export function makeSavedTar(kind: SaveKind, made: UnpackedMade): Buffer {
  const { id, config, layers, diffIds } = made;
  const pathOf: Readonly<Record<SaveKind, (diffId: Digest) => string>> = {
    "docker-28": (diffId) => `blobs/sha256/${hexOf(diffId)}`,
    podman: (diffId) => `${hexOf(diffId)}.tar`,
    // The text beside it is no help: which layer it is shows when it has been read.
    "docker-20.10 with odd folders": (diffId) => `${hexOf(computeDigest(diffId))}/layer.tar`,
  };
  const configPath = kind === "docker-28" ? `blobs/sha256/${hexOf(id)}` : `${hexOf(id)}.json`;
  const files = new Map<string, Buffer>();
  for (const [index, diffId] of diffIds.entries()) {
    const path = pathOf[kind](diffId);
    if (path.endsWith("/layer.tar")) files.set(path.replace("layer.tar", "json"), Buffer.from('{"id":"x"}'));
    files.set(path, layers[index] ?? Buffer.alloc(0));
  }
  files.set(configPath, config);
  const list = [{ Config: configPath, RepoTags: null, Layers: diffIds.map(pathOf[kind]) }];
  files.set("manifest.json", Buffer.from(JSON.stringify(list)));
  return makeTar(Object.fromEntries(files));
}

/** As containerd's store has it: blobs by their digests, sorted, those of `without` left out. */
export function makeStoredTar(tree: MadeTree, without: readonly Digest[] = []): Buffer {
  const blobs = new Map<Digest, Buffer>([
    ...tree.blobs,
    ...[...tree.manifests].map(([digest, { bytes }]) => [digest, bytes] as const),
  ]);
  const sorted = [...blobs]
    .filter(([digest]) => !without.includes(digest))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const index = { schemaVersion: 2, manifests: [tree.manifest.descriptor] };
  return makeTar({
    ...Object.fromEntries(sorted.map(([digest, bytes]) => [`blobs/sha256/${hexOf(digest)}`, bytes])),
    "index.json": Buffer.from(JSON.stringify(index)),
    "oci-layout": Buffer.from('{"imageLayoutVersion":"1.0.0"}'),
  });
}
