import type { Emit, Environment, Files, Prompt, Spawn } from "../ports.ts";

/** What a connection needs from outside. */
export interface SshWorld {
  readonly spawn: Spawn;
  readonly files: Files;
  readonly prompt: Prompt;
  /** `REGCTL_SSH_PASSWORD`, `SSH_AUTH_SOCK` and whatever the configuration names. */
  readonly environment: Environment;
  readonly home: string;
  /** Login name of the person here: the remote user where nothing else says one. */
  readonly user: string;
  readonly emit: Emit;
  /** Passphrases given in this run, by key file, so that sixteen hosts ask once. Start with an empty map. */
  readonly passphrases: Map<string, Promise<string>>;
  /** Read instead of ~/.ssh/config and /etc/ssh/ssh_config, as `ssh -F`. */
  readonly configFile?: string;
}

export interface SshOptions {
  readonly ssh: "auto" | "openssh" | "node";
  /** Fingerprints that the user vouches for: `SHA256:…`. */
  readonly acceptHostKey: readonly string[];
  /** What `auto` tries first: node, unless this says `openssh` and there is one. */
  readonly prefer?: "openssh";
  /**
   * A silent server is asked after so many seconds without a word of it, and given up after `count` questions without
   * an answer: within `seconds` × (`count` + 1). Where the configuration finds it out sooner, that stays.
   */
  readonly alive?: { readonly seconds: number; readonly count: number };
  /** Gives up connecting, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Longest wait for the network until the connection is up; a person's answers do not count. */
  readonly connectTimeoutMs: number;
  /** Keys to try before those of the configuration, as `ssh -i`. Not for jump hosts. */
  readonly identityFiles?: readonly string[];
}
