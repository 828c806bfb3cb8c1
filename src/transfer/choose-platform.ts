/** `--platform`: one image out of what may be an index. */

import { buffer } from "node:stream/consumers";
import { RegctlError } from "../errors.ts";
import { parseImageConfig } from "../registry/config.ts";
import { type Platform, renderPlatform } from "../registry/platform.ts";
import { imageEntries, matchPlatform } from "../registry/platform-match.ts";
import { verifyBytes } from "../registry/verify.ts";
import type { ImageSource } from "./image-source.ts";
import { judgeManifest, type Readable } from "./tree.ts";

/** The image for exactly that platform. Throws PLATFORM_MISSING. */
export async function choosePlatform(
  root: Readable,
  platform: Platform,
  source: ImageSource,
): Promise<Readable> {
  const { manifest } = root;
  const what = `${source.name}@${root.descriptor.digest}`;
  if (manifest.kind === "index") {
    const found = matchPlatform(manifest.manifests, platform);
    if (found?.fit === "exact") {
      return judgeManifest(await source.readManifest(found.entry), `${source.name}@${found.entry.digest}`);
    }
    const offered = imageEntries(manifest.manifests).flatMap((entry) => entry.platform ?? []);
    throw missing(what, platform, offered);
  }
  const offered = await platformOfImage(root, source, what);
  if (offered === null || renderPlatform(offered) !== renderPlatform(platform)) {
    throw missing(what, platform, offered === null ? [] : [offered]);
  }
  return root;
}

const mostConfigBytes = 8 * 1024 * 1024;

/** As the configuration says it; null for what is no image to run. */
async function platformOfImage(
  { manifest }: Readable,
  source: ImageSource,
  what: string,
): Promise<Platform | null> {
  if (manifest.kind !== "image" || manifest.config.size > mostConfigBytes) return null;
  const { digest, size } = manifest.config;
  const { stream } = await source.openBlob(digest, 0);
  const bytes = await buffer(stream);
  verifyBytes(bytes, { digest, size, what: `the configuration of ${what}` });
  return parseImageConfig(bytes, what).platform ?? null;
}

function missing(what: string, platform: Platform, offered: readonly Platform[]): RegctlError {
  const available = [...new Set(offered.map(renderPlatform))];
  return new RegctlError("PLATFORM_MISSING", { what, platform: renderPlatform(platform), available });
}
