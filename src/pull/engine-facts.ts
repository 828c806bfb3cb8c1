/** What pulling needs to know of an engine. */
import type { ImageEngine } from "../engine/client.ts";
import { isPodman, usesContainerdStore } from "../engine/engine-info.ts";
import { normalisePlatform, type Platform } from "../registry/platform.ts";

/**
 * `graph`: it unpacks layers itself and calls an image by its configuration. `store`: containerd keeps images as they
 * travel, and calls one by its manifest. `podman` unpacks as well, but wants its tars whole.
 */
export type StoreKind = "graph" | "store" | "podman";

export interface EngineFacts {
  /** e.g. "20.10.24+dfsg1". */
  readonly version: string;
  readonly store: StoreKind;
  /** Of what it runs. */
  readonly platform: Platform;
  readonly readsZstd: boolean;
}

export async function readEngineFacts(engine: ImageEngine): Promise<EngineFacts> {
  const [info, version] = await Promise.all([engine.info(), engine.version()]);
  const podman = isPodman(version);
  const store: StoreKind = podman ? "podman" : usesContainerdStore(info) ? "store" : "graph";
  return {
    version: info.serverVersion,
    store,
    platform: normalisePlatform({
      os: version.os || info.osType || "linux",
      architecture: version.architecture || "amd64",
    }),
    readsZstd: podman || readsZstd(info.serverVersion),
  };
}

/** Engines unpack zstd since 23.0; a version that is no number is one that somebody built lately. */
export function readsZstd(version: string): boolean {
  const major = /^v?(\d+)\./.exec(version)?.[1];
  return major === undefined || Number(major) >= 23;
}
