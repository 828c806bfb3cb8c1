/** The only importer of node-ssh and of ssh2 beneath it, loaded when a connection is made. */
import type { NodeSSH } from "node-ssh";
import type {
  AnyAuthMethod,
  BaseAgent,
  Channel,
  Client,
  ClientChannel,
  ConnectConfig,
  ParsedKey,
  Prompt,
} from "ssh2";

export type { AnyAuthMethod, BaseAgent, Channel, Client, ClientChannel, ConnectConfig, NodeSSH, ParsedKey };
export type KeyboardPrompt = Prompt;
/** `false` ends the authentication; the published types leave it out. */
export type NextProof = (proof: AnyAuthMethod | false) => void;

export interface SshLibrary {
  readonly NodeSSH: typeof NodeSSH;
  readonly BaseAgent: typeof BaseAgent<ParsedKey>;
  readonly createAgent: (socketPath: string) => BaseAgent;
  readonly parseKey: (data: Buffer | string, passphrase?: string) => ParsedKey | Error;
}

export async function loadSshLibrary(): Promise<SshLibrary> {
  const [{ NodeSSH }, { default: ssh2 }] = await Promise.all([import("node-ssh"), import("ssh2")]);
  const { BaseAgent, createAgent, utils } = ssh2;
  const parseKey: SshLibrary["parseKey"] = (data, passphrase) => {
    // One file may hold several keys in the type, never in fact: OpenSSH's format stores one.
    const parsed: ParsedKey | Error | ParsedKey[] = utils.parseKey(data, passphrase);
    return Array.isArray(parsed) ? (parsed[0] ?? new Error("no key")) : parsed;
  };
  return { NodeSSH, BaseAgent: BaseAgent<ParsedKey>, createAgent, parseKey };
}
