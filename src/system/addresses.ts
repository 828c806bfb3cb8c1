/** The system's resolver, and this machine's own names. */
import { lookup } from "node:dns/promises";
import { hostname, networkInterfaces } from "node:os";
import type { MachineNames } from "../server/tls/names.ts";

/** The addresses of a host name; none when it has none. */
export async function lookUpAddresses(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

export function readMachineNames(): MachineNames {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return { hostname: hostname(), addresses: interfaces.map(({ address }) => address) };
}
