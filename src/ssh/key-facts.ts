import type { KeyFacts } from "./carrier.ts";
import { keyTypeOf } from "./known-hosts.ts";
import { readClearPublicKey } from "./private-key.ts";
import type { SshTarget } from "./target.ts";
import type { SshWorld } from "./world.ts";

/** Looks for keys that only OpenSSH can use: security keys and certificates. */
export async function readKeyFacts(target: SshTarget, world: SshWorld): Promise<KeyFacts> {
  if (!target.methods.publickey) return { securityKeys: [], certificates: [] };
  const read = (path: string): Promise<Buffer | null> => world.files.read(path).catch(() => null);
  const existing = async (paths: readonly string[]): Promise<string[]> => {
    const contents = await Promise.all(paths.map(read));
    return paths.filter((_path, index) => contents[index] !== null);
  };
  const keys = await Promise.all(
    target.identityFiles.map(async (path) => ({ path, text: (await read(path))?.toString() })),
  );
  const isSecurityKey = (text: string | undefined): boolean => {
    const key = text === undefined ? null : readClearPublicKey(text);
    return key !== null && keyTypeOf(key).startsWith("sk-");
  };
  return {
    securityKeys: keys.filter(({ text }) => isSecurityKey(text)).map(({ path }) => path),
    certificates: await existing([
      ...target.certificateFiles,
      ...keys.filter(({ text }) => text !== undefined).map(({ path }) => `${path}-cert.pub`),
    ]),
  };
}
