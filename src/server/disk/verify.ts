/**
 * Reads everything that is stored and says what is damaged: first each blob of the store, then each repository. What is
 * found damaged is not served from then on; what was damaged and is whole again is served again.
 */
import { type Digest, parseDigest } from "../../registry/digest.ts";
import type { DiskStorage, StorageDamage, VerifyReport } from "./disk-storage.ts";
import type { DiskParts } from "./parts.ts";
import { repositoryOf } from "./paths.ts";
import { type Verification, verifyBlob } from "./verify-blob.ts";
import { verifyRepository } from "./verify-repository.ts";

/** Also for a storage that is open for reading only while a server has it: then the server is told nothing. */
export async function verifyStorage(
  storage: DiskStorage,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<VerifyReport> {
  const { parts, readOnly } = storage;
  const signals = signal === undefined ? [storage.signal] : [signal, storage.signal];
  const verification = { parts, readOnly, signal: AbortSignal.any(signals) };
  const broken = new Map<Digest, Broken>();
  let blobs = 0;
  for await (const digest of storedBlobs(parts)) {
    blobs += 1;
    const problem = await verifyBlob(verification, parts.paths.blob(digest), digest);
    if (problem !== null) broken.set(digest, { problem, repositories: [] });
  }
  const found = await verifyRepositories(verification, broken);
  const damaged = [...[...broken].map(([digest, told]) => ({ digest, ...told })), ...merge(found)];
  return { ok: damaged.length === 0, blobs, damaged };
}

/** What is wrong with a blob of the store, and who holds it. */
interface Broken {
  readonly problem: string;
  readonly repositories: string[];
}

async function verifyRepositories(
  verification: Verification,
  broken: ReadonlyMap<Digest, Broken>,
): Promise<readonly StorageDamage[]> {
  const { files, paths } = verification.parts;
  const found: StorageDamage[] = [];
  for (const folder of (await files.list(paths.repositories)).toSorted()) {
    const repository = repositoryOf(folder);
    for (const damage of await verifyRepository(verification, repository)) {
      if (damage.digest !== null && broken.has(damage.digest)) continue;
      found.push({ ...damage, repositories: [repository] });
    }
    for (const [digest, { repositories }] of broken) {
      if ((await files.stat(paths.repositoryBlob(repository, digest))) !== null)
        repositories.push(repository);
    }
  }
  return found;
}

async function* storedBlobs({ files, paths }: DiskParts): AsyncGenerator<Digest> {
  for (const algorithm of (await files.list(paths.blobs)).toSorted()) {
    for (const name of (await files.list(paths.blobFolder(algorithm))).toSorted()) {
      const digest = parseDigest(`${algorithm}:${name}`);
      if (digest !== null) yield digest;
    }
  }
}

/** The same problem of the same blob in many repositories is one. */
function merge(found: readonly StorageDamage[]): readonly StorageDamage[] {
  const merged = new Map<string, StorageDamage>();
  for (const one of found) {
    const key = `${one.digest ?? one.repositories[0]} ${one.problem}`;
    const others = merged.get(key)?.repositories ?? [];
    merged.set(key, { ...one, repositories: [...new Set([...others, ...one.repositories])] });
  }
  return [...merged.values()];
}
