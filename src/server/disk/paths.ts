/** Where everything lies in the folder of a storage; docs/storage.md shows it. Pure but for the names of temporary files. */
import { randomUUID } from "node:crypto";
import { algorithmOf, type Digest, encodedOf, parseDigest } from "../../registry/digest.ts";

export interface StorePaths {
  readonly root: string;
  readonly format: string;
  readonly blobs: string;
  readonly repositories: string;
  readonly uploads: string;
  readonly damaged: string;
  readonly temporary: string;
  blobFolder(algorithm: string): string;
  blob(digest: Digest): string;
  repository(name: string): string;
  index(name: string): string;
  layout(name: string): string;
  repositoryBlobs(name: string): string;
  repositoryBlobFolder(name: string, algorithm: string): string;
  repositoryBlob(name: string, digest: Digest): string;
  uploadFolder(name: string): string;
  upload(name: string, id: string): string;
  damageMark(digest: Digest): string;
  /** A name that nobody else has. */
  temporaryFile(): string;
}

/** A name holds no plus sign, so the folder says which name it is; both have at most 255 bytes. */
const folderOf = (repository: string): string => repository.replaceAll("/", "+");
export const repositoryOf = (folder: string): string => folder.replaceAll("+", "/");

export function digestOfMark(file: string): Digest | null {
  return parseDigest(file.replace("-", ":").replace(/\.json$/, ""));
}

export function storePaths(root: string): StorePaths {
  const repository = (name: string) => `${root}/repositories/${folderOf(name)}`;
  const fileOf = (digest: Digest) => `${algorithmOf(digest)}/${encodedOf(digest)}`;
  return {
    root,
    format: `${root}/regctl-registry.json`,
    blobs: `${root}/blobs`,
    repositories: `${root}/repositories`,
    uploads: `${root}/uploads`,
    damaged: `${root}/damaged`,
    temporary: `${root}/tmp`,
    blobFolder: (algorithm) => `${root}/blobs/${algorithm}`,
    blob: (digest) => `${root}/blobs/${fileOf(digest)}`,
    repository,
    index: (name) => `${repository(name)}/index.json`,
    layout: (name) => `${repository(name)}/oci-layout`,
    repositoryBlobs: (name) => `${repository(name)}/blobs`,
    repositoryBlobFolder: (name, algorithm) => `${repository(name)}/blobs/${algorithm}`,
    repositoryBlob: (name, digest) => `${repository(name)}/blobs/${fileOf(digest)}`,
    uploadFolder: (name) => `${root}/uploads/${folderOf(name)}`,
    upload: (name, id) => `${root}/uploads/${folderOf(name)}/${id}`,
    damageMark: (digest) => `${root}/damaged/${algorithmOf(digest)}-${encodedOf(digest)}.json`,
    temporaryFile: () => `${root}/tmp/${randomUUID()}`,
  };
}
