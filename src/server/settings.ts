/** How a registry is to be served: what the flags of `regctl serve` say, as data. Pure. */
import { posix } from "node:path";
import { userPaths } from "../config/paths.ts";
import { RegctlError } from "../errors.ts";
import type { Environment } from "../ports.ts";
import { isLoopbackHost } from "../registry/loopback.ts";
import type { ListenAddress } from "./listener.ts";

export type TlsChoice =
  | { readonly kind: "none" }
  | { readonly kind: "self-signed" }
  /** Files of PEM. */
  | { readonly kind: "files"; readonly certificate: string; readonly key: string };

export interface ServeSettings {
  readonly listen: ListenAddress;
  /** An absolute path. */
  readonly storage: string;
  readonly tls: TlsChoice;
  /** The path of the file. */
  readonly htpasswd: string | null;
  readonly anonymous: "none" | "pull";
  readonly readOnly: boolean;
  /** Bytes. */
  readonly maxBlobBytes: number | null;
  readonly behindProxy: boolean;
  readonly metrics: boolean;
}

const usualListen = "127.0.0.1:5000";

/** `HOST:PORT`, `:PORT` for every address, `[::1]:5000`; a host alone takes port 5000, a port alone is one of this machine alone. */
export function parseListen(text: string): ListenAddress {
  // A number alone is a port in everybody's mind, and an address of the internet to the system.
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return { host: "127.0.0.1", port: Number(text) };
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits ?? 5000);
  if (
    host === undefined ||
    port > 65_535 ||
    !/^[\w.:-]*$/.test(host) ||
    (host === "" && digits === undefined)
  ) {
    const shown = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "?").slice(0, 100);
    throw new RegctlError("USAGE", {
      problem: `"${shown}" is no HOST:PORT`,
      type: `--listen ${usualListen}`,
    });
  }
  return { host: host === "" ? "0.0.0.0" : host, port };
}

/** `512k`, `20m`, `3g`, in powers of 1024; or bytes. */
export function parseSize(text: string, flag: string): number {
  const [, digits, unit = ""] = /^(\d{1,9})([kmgt]?)$/i.exec(text) ?? [];
  const bytes = Number(digits) * 1024 ** ["", "k", "m", "g", "t"].indexOf(unit.toLowerCase());
  if (digits !== undefined && bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "?").slice(0, 100);
  throw new RegctlError("USAGE", {
    problem: `"${shown}" is no size: one is written 512k, 20m or 3g`,
    type: `${flag} 20g`,
  });
}

interface Place {
  readonly environment: Environment;
  readonly home: string;
  /** Where the user stands. */
  readonly cwd: string;
}

/** Where everything is kept when nobody says otherwise, or what was named. */
export function storagePath(named: string | undefined, { environment, home, cwd }: Place): string {
  if (named === undefined) return posix.join(userPaths(environment, home).data, "registry");
  return fromHere(named, cwd);
}

/** Absolute: the server may run elsewhere. */
export function fromHere(path: string, cwd: string): string {
  return posix.resolve(cwd, path);
}

/**
 * Asked by this machine alone, and by who forwards a port of theirs to it. With TLS no other name has a certificate,
 * and a proxy in front has names that are not known here.
 */
export function isForThisMachine({ listen, tls, behindProxy }: ServeSettings): boolean {
  return isLoopbackHost(listen.host) && tls.kind === "none" && !behindProxy;
}

/** What a person must know before others can reach it. Empty: nobody can, or nothing can go wrong. */
export interface Exposure {
  readonly dangers: readonly string[];
  /** Must be agreed to, and not only told. */
  readonly needsConsent: boolean;
}

export function judgeExposure({ listen, tls, htpasswd, readOnly }: ServeSettings): Exposure {
  if (isLoopbackHost(listen.host)) return { dangers: [], needsConsent: false };
  const open = htpasswd === null;
  const plain = tls.kind === "none";
  const dangers = [
    ...(open && !readOnly
      ? [
          "Whoever reaches this address can push, overwrite and delete images: --htpasswd FILE asks for a login",
        ]
      : []),
    ...(open && readOnly ? ["Whoever reaches this address can pull every image"] : []),
    ...(plain && !open
      ? ["Passwords cross the network readable for everybody on it: --tls self-signed hides them"]
      : []),
    ...(plain && open ? ["Images can be read and changed on their way: --tls self-signed prevents it"] : []),
  ];
  return { dangers, needsConsent: open };
}
