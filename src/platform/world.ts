import type { Duplex } from "node:stream";
import type { MaySave } from "../config/may-save.ts";
import type { OpenHttp } from "../engine/carrier.ts";
import type { Clock, Emit, Environment, Files, Host, Prompt } from "../ports.ts";
import type { SshConnection } from "../ssh/connection.ts";
import type { HostSpec } from "../ssh/host-spec.ts";
import type { ReadPeer } from "./trust/peer.ts";

/** What telling a host needs of the world; the composition root has it all. */
export interface SetupWorld {
  readonly environment: Environment;
  readonly home: string;
  /** `user@machine` of whoever runs regctl, for the journal of the host. */
  readonly whoami: string;
  readonly files: Files;
  readonly prompt: Prompt;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Whether settings may be written: not by root below the home of somebody else. */
  maySave(): MaySave;
  http(): Promise<OpenHttp>;
  localHost(): Promise<Host>;
  /** A connection from this machine. */
  dialTcp(address: { readonly host: string; readonly port: number }): Promise<Duplex>;
  /** Loads the TLS library. */
  readPeer(): Promise<ReadPeer>;
  connect(spec: HostSpec, identityFiles?: readonly string[]): Promise<SshConnection>;
}
