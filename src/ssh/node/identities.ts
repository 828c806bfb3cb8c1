/** Keys to offer: from the agent and from files, in OpenSSH's order, unlocked only when the server wants them. */

import { askPassphrase, triesOfAPerson } from "../passphrases.ts";
import { isPrivateKey, readClearPublicKey } from "../private-key.ts";
import type { SshTarget } from "../target.ts";
import type { SshWorld } from "../world.ts";
import type { BaseAgent, ParsedKey, SshLibrary } from "./library.ts";

type Sign = (data: Buffer, hash: string | undefined) => Promise<Buffer>;

export interface Identity {
  /** For people: `agent (comment)` or the path of a file. */
  readonly label: string;
  readonly publicKey: ParsedKey;
  readonly sign: Sign;
}

export interface Identities {
  readonly offered: readonly Identity[];
  /** Encrypted files that do not show their public key: only a passphrase makes them useful. */
  readonly locked: readonly { readonly label: string; unlock(): Promise<Identity | null> }[];
}

export async function readIdentities(
  target: SshTarget,
  world: SshWorld,
  library: SshLibrary,
): Promise<Identities> {
  if (!target.methods.publickey) return { offered: [], locked: [] };
  const [held, files] = await Promise.all([
    target.identityAgent === null ? [] : readAgent(target.identityAgent, library),
    Promise.all(target.identityFiles.map((path) => readKeyFile(path, target, world, library))),
  ]);
  const found = files.filter((file) => file !== null);
  const named = found.flatMap(({ publicKey }) =>
    held.filter((key) => publicKey && isSame(key.publicKey, publicKey)),
  );
  const others = target.identitiesOnly ? [] : held.filter((key) => !named.includes(key));
  const own = found.flatMap(({ label, publicKey, sign }) =>
    publicKey && sign && !named.some((key) => isSame(key.publicKey, publicKey))
      ? [{ label, publicKey, sign }]
      : [],
  );
  const locked = found.flatMap(({ label, unlock }) => (unlock ? [{ label, unlock }] : []));
  return { offered: [...named, ...others, ...own], locked };
}

/** A dead agent, or one that speaks nonsense, is no agent. */
async function readAgent(socketPath: string, library: SshLibrary): Promise<Identity[]> {
  const agent = library.createAgent(socketPath);
  const keys = await new Promise<readonly unknown[]>((resolve) => {
    agent.getIdentities((error, found) => resolve(error || !found ? [] : found));
  });
  return keys.filter(isParsedKey).map((publicKey) => ({
    label: `agent (${publicKey.comment || publicKey.type})`,
    publicKey,
    sign: (data, hash) => signByAgent(agent, publicKey, data, hash),
  }));
}

function signByAgent(
  agent: BaseAgent,
  key: ParsedKey,
  data: Buffer,
  hash: string | undefined,
): Promise<Buffer> {
  const options = hash === "sha256" || hash === "sha512" ? ({ hash } as const) : {};
  return new Promise((resolve, reject) => {
    agent.sign(key, data, options, (error, signature) => {
      if (signature) resolve(signature);
      else reject(error ?? new Error("the agent did not sign"));
    });
  });
}

interface KeyFile {
  readonly label: string;
  readonly publicKey: ParsedKey | null;
  readonly sign?: Sign;
  unlock?(): Promise<Identity | null>;
}

async function readKeyFile(
  path: string,
  target: SshTarget,
  world: SshWorld,
  library: SshLibrary,
): Promise<KeyFile | null> {
  const text = (await readQuietly(path, world))?.toString();
  const beside = text === undefined || isPrivateKey(text) ? await readQuietly(`${path}.pub`, world) : text;
  const shown = beside === null ? null : parsed(library.parseKey(beside));
  if (text === undefined || !isPrivateKey(text)) return shown && { label: path, publicKey: shown };
  const open = library.parseKey(text);
  if (!(open instanceof Error)) return { label: path, publicKey: open, sign: signBy(open) };
  if (!/encrypted/i.test(open.message)) return null;
  const clear = readClearPublicKey(text);
  const publicKey = clear ? parsed(library.parseKey(clear)) : shown;
  const unlock = (): Promise<ParsedKey> => unlockKey(path, text, target, world, library);
  if (publicKey)
    return { label: path, publicKey, sign: async (data, hash) => signBy(await unlock())(data, hash) };
  return {
    label: path,
    publicKey: null,
    unlock: async () => {
      const key = await unlock();
      return { label: path, publicKey: key, sign: signBy(key) };
    },
  };
}

async function unlockKey(
  path: string,
  text: string,
  target: SshTarget,
  world: SshWorld,
  library: SshLibrary,
): Promise<ParsedKey> {
  for (let tries = 0; ; tries++) {
    const key = library.parseKey(text, await askPassphrase(path, tries > 0, target.name, world));
    if (!(key instanceof Error)) return key;
    if (tries >= triesOfAPerson) throw key;
  }
}

function signBy(key: ParsedKey): Sign {
  return async (data, hash) => {
    const signature = key.sign(data, hash);
    if (Buffer.isBuffer(signature)) return signature;
    throw new Error("the key cannot sign", { cause: signature });
  };
}

async function readQuietly(path: string, world: SshWorld): Promise<Buffer | null> {
  // An unreadable key is one key less, as for ssh.
  return await world.files.read(path).catch(() => null);
}

function parsed(key: ParsedKey | Error): ParsedKey | null {
  return key instanceof Error ? null : key;
}

function isSame(one: ParsedKey, other: ParsedKey): boolean {
  return one.getPublicSSH().equals(other.getPublicSSH());
}

function isParsedKey(key: unknown): key is ParsedKey {
  return typeof key === "object" && key !== null && "getPublicSSH" in key;
}
