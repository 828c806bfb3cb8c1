/** What every handler of the registry is given. */
import type { ServerRequest, ServerResponse } from "./message.ts";
import type { Route } from "./route.ts";
import type { Storage } from "./storage.ts";

export interface RegistryLimits {
  /** Bytes. */
  readonly manifestBytes: number;
  readonly blobBytes: number;
  /** Nested objects and lists of a manifest. */
  readonly manifestDepth: number;
  /** Entries of its objects and lists together: a manifest of 10,000 references has some 60,000. */
  readonly manifestValues: number;
  /** Blobs and manifests that one manifest names. */
  readonly manifestReferences: number;
  /** Tags that one push may set. */
  readonly tagsPerPush: number;
  /** Parameters of a query. */
  readonly parameters: number;
  /** Entries of a list when the client names no number, and at most. */
  readonly page: number;
  readonly longestPage: number;
  /** Bytes of one page of referrers. */
  readonly referrersBytes: number;
}

export const usualRegistryLimits: RegistryLimits = {
  manifestBytes: 4 * 1024 * 1024,
  blobBytes: Number.MAX_SAFE_INTEGER,
  manifestDepth: 64,
  manifestValues: 150_000,
  manifestReferences: 10_000,
  tagsPerPush: 100,
  parameters: 128,
  page: 1000,
  longestPage: 10_000,
  referrersBytes: 4 * 1024 * 1024,
};

export interface Core {
  readonly storage: Storage;
  readonly limits: RegistryLimits;
  /** Takes manifests although not all that they name is there. */
  readonly sparse: boolean;
  /** Whether who asks may read this repository: decides on mounts from it; null asks for all of them. */
  readonly mayRead: (request: ServerRequest, repository: string | null) => boolean | Promise<boolean>;
}

export type Handler = (core: Core, request: ServerRequest, route: Route) => Promise<ServerResponse>;

/** One kind of thing: what may be done to it. */
export interface Methods {
  readonly GET?: Handler;
  readonly HEAD?: Handler;
  readonly POST?: Handler;
  readonly PUT?: Handler;
  readonly PATCH?: Handler;
  readonly DELETE?: Handler;
}
