/** A repository of a registry as the place where images come from. */
import { isRegctlError, RegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { ImageSource } from "./image-source.ts";

type Client = Pick<
  RegistryClient,
  "registry" | "base" | "getManifest" | "headBlob" | "getBlob" | "listReferrers" | "tagPages"
>;

/** The client is closed by whoever opened it. */
export function createRegistrySource(client: Client, repository: string, signal: AbortSignal): ImageSource {
  const { registry } = client;
  const during = <T>(promise: Promise<T>): Promise<T> => interruptible(promise, signal);
  return {
    name: `${registry}/${repository}`,
    place: { registry, repository },
    ranges: true,
    readRoot: (key) => during(client.getManifest(repository, key ?? "latest")),
    readManifest: ({ digest }) => during(client.getManifest(repository, digest)),
    blobSize: async (digest) => (await during(client.headBlob(repository, digest)))?.size ?? null,
    openBlob: async (digest, start, end) => {
      const whole = start === 0 && end === undefined;
      const range = end === undefined ? { start } : { start, end: end - 1 };
      return await during(client.getBlob(repository, digest, whole ? undefined : range));
    },
    broken: (error) => toBroken(error, client),
    referrers: async (digest) => (await during(client.listReferrers(repository, digest))).descriptors,
    names: () => during(readTags(client, repository)),
    close: async () => {},
  };
}

async function readTags(client: Client, repository: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { entries } of client.tagPages(repository)) found.push(...entries);
  return [...new Set(found)];
}

function toBroken(error: unknown, { registry, base }: Client): RegctlError {
  if (isRegctlError(error)) return error;
  const why = error instanceof Error ? error.message : String(error);
  const reason = `it breaks off in the middle of a blob, again and again: ${why}`;
  return new RegctlError(
    "REGISTRY_UNREACHABLE",
    { registry, tried: [base.origin], reason },
    { cause: error },
  );
}
