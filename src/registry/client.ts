/** One registry, spoken to: every operation of its API over connections that are kept. */
import { RegctlError } from "../errors.ts";
import type { Clock, Emit, Environment } from "../ports.ts";
import {
  type BlobHead,
  type BlobRange,
  deleteBlob,
  type FetchedBlob,
  getBlob,
  headBlob,
} from "./api/blobs.ts";
import type { RegistryCall } from "./api/call.ts";
import { catalogPages, type Page, type PageOptions, tagPages } from "./api/lists.ts";
import {
  type DeleteResult,
  deleteManifest,
  type FetchedManifest,
  getManifest,
  headManifest,
  type ManifestHead,
  type PushedManifest,
  putManifest,
} from "./api/manifests.ts";
import { type PingAnswer, ping } from "./api/ping.ts";
import { readBlob } from "./api/read-blob.ts";
import { listReferrers, type Referrers } from "./api/referrers.ts";
import { searchLegacy } from "./api/search.ts";
import {
  type Body,
  cancelUpload,
  mountBlob,
  patchUpload,
  putUpload,
  startUpload,
  type Upload,
  uploadStatus,
} from "./api/uploads.ts";
import { type Approach, askVersion, planApproaches, tryApproaches } from "./approach.ts";
import { authenticationsOf } from "./challenge.ts";
import type { FoundCredential } from "./credentials.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { assembleOnce, assembleSend } from "./http/assemble.ts";
import type { AuthKind } from "./http/authorize.ts";
import { proxyFor } from "./http/proxy.ts";
import type { Send } from "./http/send.ts";
import type { OpenTransport, ServerTrust, Transport } from "./http/transport.ts";
import { isLoopbackHost } from "./loopback.ts";

export interface RegistryClient {
  /** HOST[:PORT] as references name it; `docker.io` for Docker Hub. */
  readonly registry: string;
  /** Where its API answers. */
  readonly base: URL;
  /** Its certificate is verified. */
  readonly verified: boolean;
  /** What it has asked to be shown so far. */
  auth(): AuthKind;
  /** Where the login that it is shown comes from: a file or a helper; null for none. */
  loginFrom(): string | null;
  /** What its token server gave in place of the password, when `offline` was set. */
  identityToken(): string | null;
  ping(): Promise<PingAnswer>;
  catalogPages(options?: PageOptions): AsyncGenerator<Page>;
  tagPages(repository: string, options?: PageOptions): AsyncGenerator<Page>;
  getManifest(repository: string, key: string): Promise<FetchedManifest>;
  headManifest(repository: string, key: string): Promise<ManifestHead | null>;
  putManifest(
    repository: string,
    key: string,
    manifest: { readonly bytes: Buffer; readonly mediaType: string },
  ): Promise<PushedManifest>;
  deleteManifest(repository: string, key: string): Promise<DeleteResult>;
  headBlob(repository: string, digest: Digest): Promise<BlobHead | null>;
  getBlob(repository: string, digest: Digest, range?: BlobRange): Promise<FetchedBlob>;
  /** A document that is read whole, verified: a configuration. */
  readBlob(repository: string, descriptor: Descriptor): Promise<Uint8Array>;
  deleteBlob(repository: string, digest: Digest): Promise<Exclude<DeleteResult, "not-by-tag">>;
  mountBlob(repository: string, digest: Digest, from: string | null): Promise<"mounted" | Upload>;
  startUpload(repository: string): Promise<Upload>;
  patchUpload(upload: Upload, body: Body, chunk: boolean): Promise<Upload>;
  putUpload(upload: Upload, digest: Digest, body?: Body): Promise<Digest>;
  uploadStatus(upload: Upload): Promise<Upload | null>;
  cancelUpload(upload: Upload): Promise<void>;
  listReferrers(repository: string, digest: Digest, artifactType?: string): Promise<Referrers>;
  /** By the protocol of `docker search`; null when it is not offered. */
  searchLegacy(term: string): Promise<readonly string[] | null>;
  close(): Promise<void>;
}

export interface ClientOptions {
  /** HOST[:PORT], or `docker.io`. */
  readonly registry: string;
  /** Certificates need not be verified, and plain HTTP will do: on loopback, or because the user said so. */
  readonly insecure: boolean;
  /** Asked when a verified connection fails: whether somebody else (the engine) lists it as insecure. */
  readonly isInsecureElsewhere?: () => Promise<boolean>;
  /** For each host that is spoken to on behalf of the registry, by HOST[:PORT]. */
  readonly trust: (host: string, verify: boolean) => Promise<ServerTrust>;
  readonly login: () => Promise<FoundCredential | null>;
  readonly openTransport: OpenTransport;
  readonly environment: Environment;
  readonly userAgent: string;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** For a connection, and for the first answer over it. */
  readonly connectTimeoutMs?: number;
  /** Connections to one host at most. */
  readonly connections?: number;
  /** Wants an identity token, to store it. */
  readonly offline?: boolean;
}

const usualConnectTimeoutMs = 10_000;
const firstAnswerTimeoutMs = 20_000;
const usualConnections = 16;

/** Throws REGISTRY_UNREACHABLE, REGISTRY_PROTOCOL, REGISTRY_CERTIFICATE, and USAGE for a `--ca` that is none. */
export async function openRegistry(options: ClientOptions): Promise<RegistryClient> {
  const opened = await openInSomeWay(options);
  const { approach, transport, once, answer } = opened;
  const [asked] = answer.status === 401 ? authenticationsOf(answer.headers["www-authenticate"]) : [];
  const { base } = approach;
  const mayUsePlainHttp = spreads(approach);
  const sending = assembleSend({ ...options, once, base, mayUsePlainHttp, asked });
  const { registry, signal, emit } = options;
  const { send, loginFrom } = sending;
  const call: RegistryCall = { registry, base, send, signal, loginFrom, emit };
  return {
    registry,
    base,
    verified: approach.verify,
    auth: sending.kind,
    loginFrom: sending.loginFrom,
    identityToken: sending.identityToken,
    ...operationsOf(call),
    close: () => transport.close(),
  };
}

interface Opened {
  readonly approach: Approach;
  readonly transport: Transport;
  readonly once: Send;
  readonly answer: Awaited<ReturnType<typeof askVersion>>;
}

async function openInSomeWay(options: ClientOptions): Promise<Opened> {
  const { registry, insecure } = options;
  const open = (approach: Approach) => openBy(approach, options);
  try {
    return await tryApproaches(planApproaches(registry, insecure), open);
  } catch (error) {
    const untrusted =
      error instanceof RegctlError &&
      (error.code === "REGISTRY_PROTOCOL" || error.code === "REGISTRY_CERTIFICATE");
    if (insecure || !untrusted || !(await options.isInsecureElsewhere?.())) throw error;
    return await tryApproaches(planApproaches(registry, true), open);
  }
}

async function openBy(approach: Approach, options: ClientOptions): Promise<Opened> {
  const { environment, connectTimeoutMs = usualConnectTimeoutMs, connections = usualConnections } = options;
  const transport = options.openTransport({
    trust: (origin) => trustOf(origin, approach, options),
    proxy: (origin) => proxyFor(origin, environment),
    guessesTls: ({ host, hostname }) =>
      !approach.verify && host === approach.base.host && isLoopbackHost(hostname),
    connectTimeoutMs,
    connections,
  });
  try {
    const once = assembleOnce({ ...options, transport });
    const timeoutMs = options.connectTimeoutMs ?? firstAnswerTimeoutMs;
    const answer = await askVersion(once, approach, { signal: options.signal, timeoutMs });
    return { approach, transport, once, answer };
  } catch (error) {
    await transport.close();
    throw error;
  }
}

/**
 * Whether the hosts that a registry leads to (its storage, its token server) need no more trust than it does: who can
 * pose as a registry out there can lead anywhere. One on loopback nobody can pose as.
 */
function spreads({ base, verify }: Approach): boolean {
  return !verify && !isLoopbackHost(base.hostname);
}

/** Other hosts may have its authorities, but learn nothing of us. */
async function trustOf(origin: URL, approach: Approach, options: ClientOptions): Promise<ServerTrust> {
  const own = await options.trust(options.registry, approach.verify);
  if (origin.host === approach.base.host) return own;
  const verify = !spreads(approach) && !isLoopbackHost(origin.hostname);
  const other = await options.trust(origin.host, verify);
  return { ...other, authorities: [...own.authorities, ...other.authorities] };
}

type Operations = Omit<
  RegistryClient,
  "registry" | "base" | "verified" | "auth" | "loginFrom" | "identityToken" | "close"
>;

function operationsOf(call: RegistryCall): Operations {
  return {
    ping: () => ping(call),
    catalogPages: (options) => catalogPages(call, options),
    tagPages: (repository, options) => tagPages(call, repository, options),
    getManifest: (repository, key) => getManifest(call, repository, key),
    headManifest: (repository, key) => headManifest(call, repository, key),
    putManifest: (repository, key, manifest) => putManifest(call, repository, key, manifest),
    deleteManifest: (repository, key) => deleteManifest(call, repository, key),
    headBlob: (repository, digest) => headBlob(call, repository, digest),
    getBlob: (repository, digest, range) => getBlob(call, repository, digest, range),
    readBlob: (repository, descriptor) => readBlob(call, repository, descriptor),
    deleteBlob: (repository, digest) => deleteBlob(call, repository, digest),
    mountBlob: (repository, digest, from) => mountBlob(call, repository, digest, from),
    startUpload: (repository) => startUpload(call, repository),
    patchUpload: (upload, body, chunk) => patchUpload(call, upload, body, chunk),
    putUpload: (upload, digest, body) => putUpload(call, upload, digest, body),
    uploadStatus: (upload) => uploadStatus(call, upload),
    cancelUpload: (upload) => cancelUpload(call, upload),
    listReferrers: (repository, digest, type) => listReferrers(call, repository, digest, type),
    searchLegacy: (term) => searchLegacy(call, term),
  };
}
