/** A storage that forgets all when the process ends: for tests and examples. */
import { randomUUID } from "node:crypto";
import type { Descriptor } from "../registry/descriptor.ts";
import { algorithmOf, computeDigest, type Digest, parseDigest } from "../registry/digest.ts";
import { defined } from "../registry/json.ts";
import {
  type BlobReader,
  type NewManifest,
  type PageRequest,
  type Storage,
  StorageFailure,
  type StoragePage,
  type UploadState,
} from "./storage.ts";

interface Upload {
  readonly chunks: Buffer[];
  size: number;
  writing: boolean;
}

interface Repository {
  readonly blobs: Set<Digest>;
  readonly uploads: Map<string, Upload>;
  readonly manifests: Map<Digest, NewManifest>;
  readonly tags: Map<string, Digest>;
}

export function createMemoryStorage(): Storage {
  const repositories = new Map<string, Repository>();
  const content = new Map<Digest, Buffer>();
  const at = (name: string): Repository => {
    const found = repositories.get(name) ?? newRepository();
    repositories.set(name, found);
    return found;
  };
  const held = () =>
    [...repositories].filter(([, { manifests }]) => manifests.size > 0).map(([name]) => name);

  return {
    repositories: async (page) => pageOf(held(), page),
    searchRepositories: async (term, limit) => {
      const names = held()
        .filter((name) => name.includes(term))
        .sort();
      return { names: names.slice(0, limit), total: names.length };
    },
    ...blobsOf(repositories, at, content),
    ...uploadsOf(repositories, at, content),
    ...manifestsOf(repositories, at),
    close: async () => {},
  };
}

type At = (name: string) => Repository;
type Repositories = ReadonlyMap<string, Repository>;

function newRepository(): Repository {
  return { blobs: new Set(), uploads: new Map(), manifests: new Map(), tags: new Map() };
}

function pageOf(names: readonly string[], { after, limit }: PageRequest): StoragePage {
  const sorted = [...names].sort();
  const from = after === undefined ? 0 : sorted.findIndex((name) => name > after);
  const rest = from < 0 ? [] : sorted.slice(from);
  return { entries: rest.slice(0, limit), more: rest.length > limit };
}

type Blobs = Pick<Storage, "blobSize" | "openBlob" | "linkBlob" | "unlinkBlob">;

function blobsOf(repositories: Repositories, at: At, content: ReadonlyMap<Digest, Buffer>): Blobs {
  const bytesOf = (repository: string, digest: Digest) =>
    repositories.get(repository)?.blobs.has(digest) ? content.get(digest) : undefined;
  return {
    blobSize: async (repository, digest) => bytesOf(repository, digest)?.length ?? null,
    openBlob: async (repository, digest) => {
      const bytes = bytesOf(repository, digest);
      return bytes === undefined ? null : readerOf(bytes);
    },
    linkBlob: async (repository, digest, from) => {
      const holders = from === null ? [...repositories.values()] : [repositories.get(from)];
      if (!holders.some((holder) => holder?.blobs.has(digest))) return false;
      at(repository).blobs.add(digest);
      return true;
    },
    unlinkBlob: async (repository, digest) => repositories.get(repository)?.blobs.delete(digest) ?? false,
  };
}

function readerOf(bytes: Buffer): BlobReader {
  return {
    size: bytes.length,
    read: async (target, position) => bytes.copy(target, 0, position),
    close: async () => {},
  };
}

type Uploads = Pick<Storage, "startUpload" | "findUpload" | "appendUpload" | "finishUpload" | "cancelUpload">;

function uploadsOf(repositories: Repositories, at: At, content: Map<Digest, Buffer>): Uploads {
  const find = (repository: string, id: string) => repositories.get(repository)?.uploads.get(id);
  return {
    startUpload: async (repository) => {
      const id = randomUUID();
      at(repository).uploads.set(id, { chunks: [], size: 0, writing: false });
      return { id, size: 0 };
    },
    findUpload: async (repository, id) => {
      const upload = find(repository, id);
      return upload === undefined ? null : { id, size: upload.size };
    },
    appendUpload: async (repository, id, offset, body, most) => {
      const upload = find(repository, id);
      if (upload === undefined) return "unknown";
      if (upload.writing) return "busy";
      return upload.size === offset ? append(id, upload, body, most) : "moved";
    },
    finishUpload: async (repository, id, digest) => {
      const upload = find(repository, id);
      if (upload === undefined) return "unknown";
      if (upload.writing) return "busy";
      const bytes = Buffer.concat(upload.chunks);
      if (computeDigest(bytes, algorithmOf(digest)) !== digest) return "mismatch";
      content.set(digest, bytes);
      at(repository).blobs.add(digest);
      at(repository).uploads.delete(id);
      return "stored";
    },
    cancelUpload: async (repository, id) => repositories.get(repository)?.uploads.delete(id) ?? false,
  };
}

async function append(
  id: string,
  upload: Upload,
  body: AsyncIterable<Buffer>,
  most: number,
): Promise<UploadState> {
  const before = { chunks: upload.chunks.length, size: upload.size };
  upload.writing = true;
  try {
    for await (const chunk of body) {
      if (upload.size + chunk.length > most) {
        upload.chunks.length = before.chunks;
        upload.size = before.size;
        throw new StorageFailure("too-large", `the upload is larger than ${most} bytes`);
      }
      // The buffer may be filled again by whoever sent it.
      upload.chunks.push(Buffer.from(chunk));
      upload.size += chunk.length;
    }
  } finally {
    upload.writing = false;
  }
  return { id, size: upload.size };
}

type Manifests = Pick<
  Storage,
  "getManifest" | "putManifest" | "deleteTag" | "deleteManifest" | "tags" | "referrers"
>;

function manifestsOf(repositories: Repositories, at: At): Manifests {
  return {
    getManifest: async (repository, key) => {
      const { tags, manifests } = repositories.get(repository) ?? newRepository();
      const digest = parseDigest(key) ?? tags.get(key);
      return digest === undefined ? null : (manifests.get(digest) ?? null);
    },
    putManifest: async (repository, manifest) => {
      const { manifests, tags } = at(repository);
      manifests.set(manifest.digest, manifest);
      for (const tag of manifest.tags) tags.set(tag, manifest.digest);
    },
    deleteTag: async (repository, tag) => repositories.get(repository)?.tags.delete(tag) ?? false,
    deleteManifest: async (repository, digest) => {
      const { manifests, tags } = repositories.get(repository) ?? newRepository();
      for (const [tag, target] of [...tags]) if (target === digest) tags.delete(tag);
      return manifests.delete(digest);
    },
    tags: async (repository, page) => {
      const { manifests, tags } = repositories.get(repository) ?? newRepository();
      return manifests.size === 0 ? null : pageOf([...tags.keys()], page);
    },
    referrers: async (repository, digest) =>
      [...(repositories.get(repository)?.manifests.values() ?? [])]
        .filter(({ subject }) => subject === digest)
        .map(descriptorOf)
        .sort((one, other) => (one.digest < other.digest ? -1 : 1)),
  };
}

function descriptorOf({ mediaType, digest, bytes, artifactType, annotations }: NewManifest): Descriptor {
  const optional = defined({
    artifactType: artifactType ?? undefined,
    annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
  });
  return { mediaType, digest, size: bytes.length, ...optional };
}
