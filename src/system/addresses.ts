/** The system's resolver. */
import { lookup } from "node:dns/promises";

/** The addresses of a host name; none when it has none. */
export async function lookUpAddresses(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
