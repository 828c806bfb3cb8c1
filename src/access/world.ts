import type { MaySave } from "../config/may-save.ts";
import type { OpenHttp } from "../engine/carrier.ts";
import type { Clock, Emit, Environment, Files, Host, Prompt, Spawn } from "../ports.ts";
import type { OpenTransport } from "../registry/http/transport.ts";
import type { ControlSockets } from "../service/control.ts";

/** What talking to registries needs of the world; the composition root has it all. */
export interface AccessWorld {
  readonly environment: Environment;
  readonly home: string;
  readonly files: Files;
  readonly prompt: Prompt;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly userAgent: string;
  readonly random: () => number;
  readonly input: () => Promise<string>;
  maySave(): MaySave;
  http(): Promise<OpenHttp>;
  registryHttp(): Promise<OpenTransport>;
  spawn(): Promise<Spawn>;
  addressesOf(host: string): Promise<readonly string[]>;
  localHost(): Promise<Host>;
  /** By which tunnels that run are asked. */
  controlSockets(): Promise<ControlSockets>;
}
