/** The doors to the world, all together: what the composition root makes and features take parts of. */

import type { Duplex } from "node:stream";
import type { MaySave } from "./config/may-save.ts";
import type { Probes } from "./doctor/probes.ts";
import type { OpenHttp } from "./engine/carrier.ts";
import type { SshMode } from "./flags.ts";
import type { ReadPeer } from "./platform/trust/peer.ts";
import type {
  Choose,
  Clock,
  Emit,
  Environment,
  Files,
  Host,
  PresentedQuestion,
  Prompt,
  Question,
  Spawn,
} from "./ports.ts";
import type { OpenTransport } from "./registry/http/transport.ts";
import type { ComparePassword } from "./server/auth/passwords.ts";
import type { HoldFolder, StoreFiles } from "./server/disk/files.ts";
import type { StartRegistryServer } from "./server/listener.ts";
import type { MachineNames } from "./server/tls/names.ts";
import type { ControlSockets } from "./service/control.ts";
import type { StartInBackground } from "./service/detach.ts";
import type { LogFile } from "./service/log.ts";
import type { SshConnection } from "./ssh/connection.ts";
import type { HostSpec } from "./ssh/host-spec.ts";
import type { SshTarget } from "./ssh/target.ts";
import type { TcpAddress } from "./system/tcp.ts";
import type { CompressBlock } from "./transfer/compression/blocks.ts";
import type { RunInFront } from "./tunnel/hold-for-command.ts";
import type { ListenLocally } from "./tunnel/listener.ts";
import type { ConnectAs } from "./tunnel/world.ts";

export interface ContextOptions {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly environment: Environment;
  readonly flags: ConnectionFlags;
  readonly terminal: Terminal;
}

/** The flags that decide how hosts are reached. */
export interface ConnectionFlags {
  readonly ssh: SshMode;
  readonly "accept-host-key"?: readonly string[] | undefined;
  readonly timeout?: number | undefined;
}

export interface Terminal {
  readonly input: () => NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly present: (question: Question) => PresentedQuestion;
  readonly aside: <T>(ask: () => Promise<T>) => Promise<T>;
}

/** The world as features see it. */
export interface Context {
  readonly environment: Environment;
  readonly home: string;
  /** `user@machine`, told to hosts so that their journal says who came. */
  readonly whoami: string;
  readonly files: Files;
  readonly prompt: Prompt;
  readonly choose: Choose;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Whether settings may be written: not by root below the home of somebody else. */
  maySave(): MaySave;
  /** What registries are told about who asks. */
  readonly userAgent: string;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Standard input as text, up to its end. */
  readonly input: () => Promise<string>;
  /** Loads the HTTP library. */
  http(): Promise<OpenHttp>;
  /** The same, for registries. */
  registryHttp(): Promise<OpenTransport>;
  /** Loads the library that starts programs. */
  spawn(): Promise<Spawn>;
  /** The addresses of a host name; none when it has none. */
  addressesOf(host: string): Promise<readonly string[]>;
  localHost(): Promise<Host>;
  /** How this program is started again, its inspector closed: the first words of a command line. */
  readonly program: readonly string[];
  readonly pid: number;
  /** Processors that this process may use. */
  readonly cores: number;
  /** Of the libraries that Node packs with. */
  readonly libraries: { readonly zlib?: string; readonly zstd?: string };
  readonly isRoot: boolean;
  /** Serves a registry; from then on no signal opens Node's inspector. */
  registryServer(): Promise<StartRegistryServer>;
  /** What a registry's storage is made of. */
  storeFiles(): Promise<StoreFiles>;
  holdFolder(): Promise<HoldFolder>;
  /** Compares passwords in a thread of its own. */
  comparePassword(): Promise<ComparePassword>;
  /** On as many threads as there are processors, which end with this process. */
  deflate(): Promise<CompressBlock>;
  controlSockets(): Promise<ControlSockets>;
  startInBackground(): Promise<StartInBackground>;
  /** A log of at most this many bytes, and as many again of what came before. */
  openLogFile(path: string, mostBytes: number): Promise<LogFile>;
  machineNames(): Promise<MachineNames>;
  /** Whether there was a terminal that is no more. */
  terminalGone(): boolean;
  readonly hostName: string;
  /** As Node names them: `linux`, `x64`. */
  readonly platform: string;
  readonly processor: string;
  makeTemporaryFolder(): Promise<string>;
  removeFolder(path: string): Promise<void>;
  /** Starts a program that nobody waits for. */
  leaveBehind(argv: readonly string[]): Promise<void>;
  dialTcp(address: TcpAddress): Promise<Duplex>;
  /** Reads the certificates that a server shows. */
  readPeer(): Promise<ReadPeer>;
  /** Single steps of a connection, each by itself. */
  probes(): Promise<Probes>;
  /** As `connect`, from `[USER@]HOST[:PORT]`. */
  connectTo(spec: string): Promise<SshConnection>;
  /** Longest wait for the network when a host is connected to. */
  readonly connectTimeoutMs: number;
  /** Where the SSH configuration leads. */
  sshTarget(spec: HostSpec): Promise<SshTarget>;
  /** For tunnels: see `TunnelWorld`. */
  connectAs(spec: HostSpec, how: ConnectAs): Promise<SshConnection>;
  readonly listenLocally: ListenLocally;
  isPortFree(port: number, host: string): Promise<boolean>;
  portHolder(port: number): Promise<string | null>;
  /** A program at this process's own terminal and streams. */
  runInFront(): Promise<RunInFront>;
  /** A connection that the caller closes. Refused names and keys are RegctlErrors. */
  connect(spec: HostSpec, identityFiles?: readonly string[]): Promise<SshConnection>;
}
