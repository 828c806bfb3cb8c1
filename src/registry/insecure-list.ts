/** Whether an engine's list of insecure registries covers one: by name, or by a network that its address is in. Pure. */
import { networkContains, parseIp, parseNetwork } from "../ip-network.ts";

export interface InsecureQuestion {
  /** HOST[:PORT]. */
  readonly registry: string;
  /** The addresses of its host; the address itself where it is one. */
  readonly addresses: readonly string[];
  /** Entries as `/info` shows them: HOST[:PORT] and networks. */
  readonly entries: readonly string[];
}

export function isListed({ registry, addresses, entries }: InsecureQuestion): boolean {
  if (entries.includes(registry)) return true;
  const networks = entries.map(parseNetwork).filter((network) => network !== null);
  return addresses.some((text) => {
    const address = parseIp(text);
    return address !== null && networks.some((network) => networkContains(network, address));
  });
}

/** The host of HOST[:PORT], without brackets. */
export function hostOf(registry: string): string {
  return /^\[([^\]]*)\]/.exec(registry)?.[1] ?? registry.replace(/:\d+$/, "");
}
