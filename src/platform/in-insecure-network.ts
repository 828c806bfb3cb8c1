/** Names that an engine trusts without a certificate because of where they lead. */
import { networkContains, parseIp, parseNetwork } from "../ip-network.ts";
import type { Host } from "../ports.ts";

const lookUpTimeoutMs = 5_000;

/**
 * Whether a name, looked up where the engine is, leads into a network of its list (127.0.0.0/8 always is). Then its
 * trust shows nothing of a certificate, and not every part of an engine looks names up: it is told by name all the same.
 */
export async function leadsIntoInsecureNetwork(
  host: Host,
  registry: string,
  entries: readonly string[],
): Promise<boolean> {
  const name = registry.replace(/:\d+$/, "");
  const { stdout } = await host.run(["getent", "ahosts", name], { timeoutMs: lookUpTimeoutMs });
  const addresses = stdout
    .toString("utf8")
    .split("\n")
    .map((line) => parseIp(line.split(/\s/)[0] ?? ""))
    .filter((address) => address !== null);
  const networks = entries.map(parseNetwork).filter((network) => network !== null);
  return addresses.some((address) => networks.some((network) => networkContains(network, address)));
}
