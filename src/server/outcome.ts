/** The document of `serve` and `serve status`. */

export interface ServeOutcome {
  /** `http://127.0.0.1:5000`. */
  readonly url: string;
  /** The folder. */
  readonly storage: string;
  readonly pid: number;
  readonly repositories: number;
  readonly blobs: number;
  /** Of the blobs, each once. */
  readonly bytes: number;
  /** HOST:PORT, as image names begin with it; this machine's name when it listens everywhere. */
  readonly registry: string;
  /** The address and port listened at: `0.0.0.0:5000`. */
  readonly listen: string;
  readonly startedAt: string;
  readonly auth: "none" | "htpasswd";
  readonly anonymous: "none" | "pull" | "all";
  readonly readOnly: boolean;
  readonly tls: ServeTls | null;
  /** The file that the log goes to; null for standard error. */
  readonly log: string | null;
}

export interface ServeTls {
  /** Of the private authority that `--tls self-signed` made; null with `--tls-cert`. */
  readonly ca: string | null;
  /** SHA-256 of that authority's certificate. */
  readonly fingerprint: string | null;
  readonly expires: string;
}
