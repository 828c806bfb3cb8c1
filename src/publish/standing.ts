/** What the registry has of an image already, asked for each part of it. */
import pLimit from "p-limit";
import { interruptible } from "../interruptible.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Digest } from "../registry/digest.ts";
import type { Algorithm } from "../transfer/compression/compression.ts";
import type { LayerCache } from "./layer-cache.ts";
import type { PackedLayer } from "./packed-layer.ts";
import { seedFromRepository } from "./seed.ts";

/** `there`: in the repository. `mount`: in another one of the registry, it seems. `send`: nobody knows of it. */
export type Standing =
  | { readonly how: "there"; readonly layer: PackedLayer }
  | { readonly how: "mount"; readonly layer: PackedLayer; readonly from: string }
  | { readonly how: "send" };

/** By the digest of the unpacked layer, and of the configuration. */
export type Standings = ReadonlyMap<Digest, Standing>;

export interface StandingInput {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly tags: readonly string[];
  readonly image: { readonly id: Digest; readonly diffIds: readonly Digest[] };
  readonly algorithm: Algorithm;
  readonly cache: LayerCache;
  readonly signal: AbortSignal;
}

const asksAtOnce = 12;

export async function readStandings(input: StandingInput): Promise<Standings> {
  const { image, cache, repository, client, signal, tags } = input;
  const parts = [...new Set([...image.diffIds, image.id])];
  const found = new Map<Digest, Standing>();
  const limit = pLimit(asksAtOnce);
  const ask = async (unknown: readonly Digest[]): Promise<void> => {
    await Promise.all(
      unknown.map((part) => limit(async () => void found.set(part, await standingOf(part, input)))),
    );
  };
  await ask(parts);
  const missing = parts.filter((part) => found.get(part)?.how !== "there");
  if (missing.length === 0) return found;
  const learnt = new Set<Digest>();
  await seedFromRepository({
    client,
    repository,
    tags,
    image,
    enough: () => missing.every((part) => learnt.has(part)),
    learn: (diffId, layer) => {
      if (isFit(diffId, layer, input)) learnt.add(diffId);
      cache.learn(diffId, layer, repository);
    },
    signal,
  });
  await ask(missing.filter((part) => learnt.has(part)));
  return found;
}

/** A configuration is what it is; a layer is wanted packed as this run packs. */
function isFit(part: Digest, layer: PackedLayer, { image, algorithm }: StandingInput): boolean {
  return part === image.id || layer.algorithm === algorithm;
}

async function standingOf(part: Digest, input: StandingInput): Promise<Standing> {
  const { client, repository, cache, signal, image } = input;
  const forms = cache.formsOf(part).filter((form) => isFit(part, form, input));
  for (const { repositories, ...layer } of forms) {
    if (await interruptible(client.headBlob(repository, layer.digest), signal))
      return { how: "there", layer };
  }
  if (forms.length === 0 && part === image.id) return await configStanding(input);
  for (const { repositories, ...layer } of forms) {
    const from = repositories.find((each) => each !== repository);
    if (from !== undefined) return { how: "mount", layer, from };
  }
  return { how: "send" };
}

/** Its digest is known without any cache. */
async function configStanding({ client, repository, image, signal }: StandingInput): Promise<Standing> {
  const head = await interruptible(client.headBlob(repository, image.id), signal);
  if (head === null || head.size === null) return { how: "send" };
  return { how: "there", layer: { digest: image.id, size: head.size, algorithm: "none", unpacked: null } };
}
