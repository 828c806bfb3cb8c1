import type { AccessWorld } from "../access/world.ts";
import type { EngineWorld } from "../engine/reach-engine.ts";
import type { Environment, Prompt } from "../ports.ts";
import type { LogFile } from "../service/log.ts";
import type { SshConnection } from "../ssh/connection.ts";
import type { HostSpec } from "../ssh/host-spec.ts";
import type { SshTarget } from "../ssh/target.ts";
import type { ListenLocally } from "./listener.ts";
import type { NotesWorld } from "./session-notes.ts";

/** How one connection differs from those that other commands make. */
export interface ConnectAs {
  readonly prompt: Prompt;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** In place of what `--ssh` says. */
  readonly ssh?: "node";
  /** As `ssh -i` and `ssh -F`. */
  readonly identityFiles?: readonly string[];
  readonly configFile?: string;
}

/** What starting and finding tunnels needs of the world; the composition root has it all. */
export interface TunnelWorld
  extends AccessWorld,
    Pick<EngineWorld, "dialTcp" | "connectTo">,
    Pick<NotesWorld, "holdFolder"> {
  readonly pid: number;
  /** Of `--timeout`. */
  readonly connectTimeoutMs: number;
  /** Where the SSH configuration leads. */
  sshTarget(spec: HostSpec): Promise<SshTarget>;
  /** A connection that lasts: by OpenSSH where it is installed, a silent server found soon. */
  connectAs(spec: HostSpec, how: ConnectAs): Promise<SshConnection>;
  readonly listenLocally: ListenLocally;
  openLogFile(path: string, mostBytes: number): Promise<LogFile>;
  /** Whether it could be listened at. True for an address that this machine does not have. */
  isPortFree(port: number, host: string): Promise<boolean>;
  portHolder(port: number): Promise<string | null>;
}
