/** What the serve commands share: their flags, and what the flags mean to the feature. */
import { boolean, option, string } from "@oclif/core/flags";
import type { StorageChoice } from "./server/running-servers.ts";
import type { ServeSettings, TlsChoice } from "./server/settings.ts";

const storage = string({
  helpValue: "DIR",
  summary: "The folder that keeps everything; below $XDG_DATA_HOME/regctl when left out.",
});

export const storageFlag = { storage };

/** Those that make a server what it is: the same for one in the foreground, in the background or of systemd. */
export const settingsFlags = {
  listen: string({
    default: "127.0.0.1:5000",
    helpValue: "HOST:PORT",
    summary: "The address to serve at; port 0 takes a free one.",
  }),
  storage,
  tls: option({
    options: ["self-signed"] as const,
    summary: "Serve HTTPS with a certificate of an own small authority.",
    exclusive: ["tls-cert", "tls-key"],
  })(),
  "tls-cert": string({
    helpValue: "FILE",
    summary: "Serve HTTPS with this certificate, those that signed it behind it (PEM).",
    dependsOn: ["tls-key"],
  }),
  "tls-key": string({ helpValue: "FILE", summary: "Its private key (PEM).", dependsOn: ["tls-cert"] }),
  htpasswd: string({
    helpValue: "FILE",
    summary: "Ask for a login; the users and their bcrypt hashes stand in this file (htpasswd -B).",
  }),
  anonymous: option({
    options: ["pull"] as const,
    summary: "Let everybody pull; a login is for pushing.",
    dependsOn: ["htpasswd"],
  })(),
  "read-only": boolean({ summary: "Take nothing in and delete nothing." }),
  "max-blob-size": string({ helpValue: "SIZE", summary: "Refuse larger layers, such as 20g." }),
  "behind-proxy": boolean({
    summary: "Believe X-Forwarded-Proto, -Host and -For: a proxy stands in front, and nobody gets past it.",
  }),
  metrics: boolean({ summary: "Answer /metrics with counters for Prometheus." }),
};

interface SettingsFlagValues {
  readonly listen: string;
  readonly storage?: string | undefined;
  readonly tls?: "self-signed" | undefined;
  readonly "tls-cert"?: string | undefined;
  readonly "tls-key"?: string | undefined;
  readonly htpasswd?: string | undefined;
  readonly anonymous?: "pull" | undefined;
  readonly "read-only"?: boolean;
  readonly "max-blob-size"?: string | undefined;
  readonly "behind-proxy"?: boolean;
  readonly metrics?: boolean;
}

interface Place {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** @throws RegctlError USAGE */
export async function readServeSettings(flags: SettingsFlagValues, place: Place): Promise<ServeSettings> {
  const { fromHere, parseListen, parseSize, storagePath } = await import("./server/settings.ts");
  const cwd = process.cwd();
  const maxBlobSize = flags["max-blob-size"];
  return {
    listen: parseListen(flags.listen),
    storage: storagePath(flags.storage, { ...place, cwd }),
    tls: tlsOf(flags, (path) => fromHere(path, cwd)),
    htpasswd: flags.htpasswd === undefined ? null : fromHere(flags.htpasswd, cwd),
    anonymous: flags.anonymous ?? "none",
    readOnly: flags["read-only"] === true,
    maxBlobBytes: maxBlobSize === undefined ? null : parseSize(maxBlobSize, "--max-blob-size"),
    behindProxy: flags["behind-proxy"] === true,
    metrics: flags.metrics === true,
  };
}

function tlsOf(flags: SettingsFlagValues, from: (path: string) => string): TlsChoice {
  const { tls, "tls-cert": certificate, "tls-key": key } = flags;
  if (tls !== undefined) return { kind: "self-signed" };
  if (certificate === undefined || key === undefined) return { kind: "none" };
  return { kind: "files", certificate: from(certificate), key: from(key) };
}

/** The folder that `--storage` means, or the usual one. */
export async function readStorageFlag(storage: string | undefined, place: Place): Promise<StorageChoice> {
  const { storagePath } = await import("./server/settings.ts");
  return { named: storage !== undefined, path: storagePath(storage, { ...place, cwd: process.cwd() }) };
}
