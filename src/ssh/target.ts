import type { HostSpec } from "./host-spec.ts";

export type HostKeyPolicy = "yes" | "ask" | "accept-new" | "no";

/** Where a connection goes and how, after the SSH configuration has been asked. Paths are absolute. */
export interface SshTarget {
  /** In messages and JSON: what the one who asked for the connection calls it. */
  readonly name: string;
  /** `user@host[:port]`, the host as it was typed: for whoever is asked for a password. */
  readonly login: string;
  /** The host as it was typed: what `ssh` is told, so that its `Host` blocks apply. */
  readonly alias: string;
  /** The name or address that is connected to. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly identityFiles: readonly string[];
  readonly certificateFiles: readonly string[];
  /** Socket of the agent, or null when there is none or it is switched off. */
  readonly identityAgent: string | null;
  readonly identitiesOnly: boolean;
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  readonly hostKeyAlias: string | null;
  readonly hostKeyPolicy: HostKeyPolicy;
  readonly hashKnownHosts: boolean;
  /** Hosts to go through, the nearest first. */
  readonly proxyJump: readonly HostSpec[];
  readonly proxyCommand: string | null;
  readonly proxyUseFdpass: boolean;
  readonly serverAliveSeconds: number;
  readonly serverAliveCountMax: number;
  readonly connectTimeoutSeconds: number | null;
  readonly gssapi: boolean;
  readonly pkcs11Provider: string | null;
  /** Methods that the configuration allows. */
  readonly methods: { readonly publickey: boolean; readonly password: boolean; readonly keyboard: boolean };
  readonly preferredAuthentications: readonly string[] | null;
  readonly family: 0 | 4 | 6;
}
