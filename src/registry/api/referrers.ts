/** What says something about a manifest: signatures, bills of materials. */
import { isRegctlError } from "../../errors.ts";
import { referrersTagOf } from "../companion-tags.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import type { RegistryResponse } from "../http/send.ts";
import { parseLinks } from "../link-header.ts";
import { resolveLocation } from "../location.ts";
import { mostManifestBytes, parseManifest } from "../manifest.ts";
import { mediaTypeOf, mediaTypes } from "../media-types.ts";
import { repositoryScope } from "../scope.ts";
import { call, nameOf, type RegistryCall } from "./call.ts";
import { getManifest } from "./manifests.ts";

export interface Referrers {
  readonly descriptors: readonly Descriptor[];
  /** `tag`: kept by clients under a tag, since the registry has no list of its own. */
  readonly from: "registry" | "tag";
}

export async function listReferrers(
  registry: RegistryCall,
  repository: string,
  digest: Digest,
  artifactType?: string,
): Promise<Referrers> {
  const listed = await fromRegistry(registry, repository, digest, artifactType);
  const found = listed ?? (await fromTag(registry, repository, digest));
  const from = listed === null ? "tag" : "registry";
  const wanted = (descriptor: Descriptor) =>
    artifactType === undefined || descriptor.artifactType === artifactType;
  return { descriptors: found.filter(wanted), from };
}

/** Null when it has no such list: then it says 404, or something that is no index. */
async function fromRegistry(
  registry: RegistryCall,
  repository: string,
  digest: Digest,
  artifactType: string | undefined,
): Promise<readonly Descriptor[] | null> {
  const what = `${nameOf(registry, repository)}@${digest}`;
  const first = new URL(`/v2/${repository}/referrers/${digest}`, registry.base);
  if (artifactType !== undefined) first.searchParams.set("artifactType", artifactType);
  const found: Descriptor[] = [];
  const seen = new Set<string>();
  for (let url: URL | null = first; url !== null && !seen.has(url.href); ) {
    seen.add(url.href);
    const response: RegistryResponse = await call(registry, "GET", url, {
      scopes: [repositoryScope(repository, "pull")],
      what,
      headers: { accept: mediaTypes.ociIndex },
      answer: mostManifestBytes,
      expect: [200, 400, 404, 405, 406, 501],
    });
    if (response.status !== 200) return null;
    if (mediaTypeOf(response.headers["content-type"]) !== mediaTypes.ociIndex) return null;
    found.push(...entriesOf(response.bytes, response.headers["content-type"], what));
    const next = parseLinks(response.headers.link ?? "").find(({ relations }) => relations.includes("next"));
    url = next === undefined ? null : resolveLocation(next.target, response.url);
  }
  return found;
}

async function fromTag(
  registry: RegistryCall,
  repository: string,
  digest: Digest,
): Promise<readonly Descriptor[]> {
  const tag = referrersTagOf(digest);
  try {
    const { bytes, contentType } = await getManifest(registry, repository, tag);
    return entriesOf(bytes, contentType, `${nameOf(registry, repository)}:${tag}`);
  } catch (error) {
    if (isRegctlError(error, "NOT_FOUND")) return [];
    throw error;
  }
}

function entriesOf(bytes: Buffer, contentType: string | undefined, what: string): readonly Descriptor[] {
  const manifest = parseManifest(bytes, contentType, what);
  return manifest.kind === "index" ? manifest.manifests : [];
}
