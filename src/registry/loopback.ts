/** Hosts that never leave this machine. Pure. */
import { networkContains, parseIp, parseNetwork } from "../ip-network.ts";

const networks = ["127.0.0.0/8", "::1/128"].map(parseNetwork).filter((network) => network !== null);

/** `host` without a port; IPv6 with or without brackets. A name is judged by what it is, not by where it leads. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  const address = parseIp(name);
  return address !== null && networks.some((network) => networkContains(network, address));
}
