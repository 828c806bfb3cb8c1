/** What was looked at, before anything is judged: plain data. What could not be looked at is null. */

import type { RegctlError } from "../errors.ts";
import type { EngineProxies } from "./look/route.ts";
import type { ServerAnswer } from "./probes.ts";

/** The engine and the files of its host. */
export interface EngineLook {
  /** It is installed there, or named by the user; where it is not, nothing is said of it. */
  readonly expected: boolean;
  /** The address of an engine that cannot be looked at; null for none. */
  readonly elsewhere: string | null;
  /** There is a dockerd on that host, whether it runs or not. */
  readonly installed: boolean;
  /** What names it: `DOCKER_HOST`, `context colima`; null where it is the usual one. */
  readonly namedBy: string | null;
  /** Why it does not answer; null when it does. */
  readonly problem: string | null;
  readonly version: string | null;
  /** What keeps its configuration from being read or used. */
  readonly configuration: RegctlError | null;
  /** The file that lists its insecure registries. */
  readonly path: string | null;
  /** Insecure registries that stand in that file. */
  readonly configured: readonly string[];
  /** The same of the running engine; null when it does not answer. */
  readonly effective: readonly string[] | null;
  readonly mirrors: readonly string[];
  readonly proxies: EngineProxies | null;
  /** A key that engines take and do nothing with, and the file it stands in. */
  readonly idleKey: string | null;
  readonly disk: DiskLook | null;
  /** Milliseconds since 1970 by the clock of that host. */
  readonly now: number;
}

export interface DiskLook {
  readonly path: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** A name as the resolver of the engine's host answers. */
export type NameLook =
  | { readonly kind: "address"; readonly addresses: readonly string[] }
  | { readonly kind: "found"; readonly addresses: readonly string[] }
  | { readonly kind: "unknown"; readonly resolvers: readonly string[] }
  | { readonly kind: "unanswered"; readonly resolvers: readonly string[] };

/** Why there is no connection. `proxy`: it did not answer; `refused-by-proxy`: it did, and would not. */
export interface ConnectProblem {
  readonly kind: "refused" | "silent" | "unreachable" | "proxy" | "refused-by-proxy";
  readonly reason: string;
}

export type TlsLook =
  | {
      readonly kind: "tls";
      /** PEM, the server's own first. */
      readonly chain: readonly string[];
      /** OpenSSL's word for what is wrong with the chain, such as `CERT_HAS_EXPIRED`; null for nothing. */
      readonly problem: string | null;
    }
  | { readonly kind: "plaintext" | "client-certificate" }
  /** It speaks TLS and ended the handshake. */
  | { readonly kind: "alert"; readonly reason: string }
  | { readonly kind: "broken"; readonly reason: string };

export interface ServerLook {
  /** Redacted; null for a direct way. */
  readonly proxy: string | null;
  /** What names it. */
  readonly proxyFrom: "engine" | "environment" | null;
  readonly noProxy: string;
  readonly connect: ConnectProblem | null;
  /** With a proxy that failed: whether there is a direct way; null when it was not tried. */
  readonly directly: boolean | null;
  readonly tls: TlsLook | null;
  /** Whose answer to `GET /v2/` it is: that over TLS where it speaks TLS, else over plain HTTP; null for none. */
  readonly answer: ServerAnswer | null;
  readonly scheme: "https" | "http" | null;
  /** When it answered: milliseconds since 1970 by the clock of the engine's host. */
  readonly answeredAt: number;
}

/** Whether plain HTTP or an unverified certificate will do, and who says so. */
export interface InsecureLook {
  readonly allowed: boolean;
  /** `list`: the engine's, `settings`: ours, `flag`: this call, `loopback`: nobody needs to. */
  readonly by: "list" | "settings" | "flag" | "loopback" | null;
  /** The engine's list counts; where there is no engine, our settings do. */
  readonly engine: boolean;
}

/** The authorities that count. */
export interface AuthorityLook {
  /** That of `regctl serve` of this user on this machine; null for none. */
  readonly served: { readonly path: string; readonly subject: string } | null;
  /** Subjects of those that are there for this registry alone, as OpenSSL prints them. */
  readonly own: readonly string[];
  /** Files that cannot be used, as told. */
  readonly warnings: readonly string[];
}

export interface LoginLook {
  /** Where one for exactly this registry was found; null for none. */
  readonly from: string | null;
  /** Other spellings of this host that a login is stored for. */
  readonly elsewhere: readonly string[];
  /** A helper that failed: its program and why. */
  readonly helper: { readonly program: string; readonly reason: string } | null;
  /** A file of logins that is not valid. */
  readonly unreadable: string | null;
}

/** A question that the registry answered, or the error that came instead. */
export type Asked<T> = { readonly value: T } | { readonly error: RegctlError };

export interface RegistryLook {
  readonly auth: "none" | "basic" | "bearer";
  readonly loginFrom: string | null;
  readonly ping: Asked<"open" | "refused">;
  /** `there` is null where no image was named. */
  readonly pull: Asked<boolean | null> | null;
  readonly catalog: Asked<boolean | null> | null;
  readonly remove: Asked<boolean | null> | null;
  readonly upload: Asked<UploadLook> | null;
}

export interface UploadLook {
  /** Where the registry wants the rest of the upload to go. */
  readonly location: string;
  /** Bytes above which a body is refused: more than `takes`, at most `refuses`; null where none is. */
  readonly limit: { readonly takes: number; readonly refuses: number } | null;
  /** A tiny blob was taken. */
  readonly taken: boolean;
}

export interface BuilderLook {
  readonly name: string;
  readonly driver: string;
  /** The registries that its own configuration speaks of. */
  readonly configured: readonly string[];
}

/** What an engine said when it was made to ask the registry itself. */
export interface EngineSays {
  readonly verdict: "trusted" | "protocol" | "trust" | "unreachable" | "unsupported" | "unknown";
  readonly message: string;
}

/** A tunnel of ours on this machine. */
export interface TunnelLook {
  readonly name: string;
  readonly server: string;
  /** Where it leads, as it is typed behind `--to`. */
  readonly to: string;
  /** The registry's name through it: `localhost:5000`. */
  readonly local: string;
  /** Null for one that does not run now, and once did. */
  readonly state: string | null;
  readonly healthy: boolean;
}

/** Everything about one host and one registry. */
export interface Facts {
  /** Where it was looked from. */
  readonly host: string;
  /** Null when no registry is named anywhere. */
  readonly registry: Target | null;
  readonly engine: EngineLook;
  readonly name: NameLook | null;
  readonly insecure: InsecureLook;
  readonly server: ServerLook | null;
  readonly authorities: AuthorityLook | null;
  readonly login: LoginLook | null;
  readonly asked: RegistryLook | null;
  readonly engineSays: EngineSays | null;
  readonly builder: BuilderLook | null;
  readonly tunnels: readonly TunnelLook[];
  /** Addresses of registries that this machine serves. */
  readonly servers: readonly string[];
  /** A proxy of the engine whose login nobody is shown; null for none. */
  readonly hiddenProxy: string | null;
}

export interface Target {
  /** HOST[:PORT]. */
  readonly registry: string;
  readonly host: string;
  readonly port: number;
  /** The image that was named, in full; null for none. */
  readonly reference: string | null;
}
