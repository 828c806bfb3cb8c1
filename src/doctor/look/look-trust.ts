/** The authorities that count for a registry, where it is looked from. */
import { X509Certificate } from "node:crypto";
import { posix } from "node:path";
import { userPaths } from "../../config/paths.ts";
import type { ServerTrust } from "../../registry/http/transport.ts";
import { readTrust } from "../../registry/trust.ts";
import type { AuthorityLook } from "../facts.ts";
import type { DoctorWorld } from "../world.ts";
import type { Vantage } from "./vantage.ts";

export interface TrustReader {
  readonly warnings: readonly string[];
  read(registry: string, verify: boolean): Promise<ServerTrust>;
}

/** `ca`: a file of this machine that is trusted for this registry besides. */
export function createTrustReader(
  vantage: Vantage,
  registry: string,
  ca: string | null,
  world: DoctorWorld,
): TrustReader {
  const warnings: string[] = [];
  const { files } = vantage.trust;
  const reading = {
    ...vantage.trust,
    // The one that is named is a file of this machine.
    files: { ...files, read: (path: string) => (path === ca ? world.files.read(path) : files.read(path)) },
    emit: (event: Parameters<DoctorWorld["emit"]>[0]) => {
      if (event.event === "warning") warnings.push(event.warning);
    },
  };
  const known = new Map<string, Promise<ServerTrust>>();
  return {
    warnings,
    read: (host, verify) => {
      const key = `${host} ${verify}`;
      const found =
        known.get(key) ?? readTrust({ registry: host, ca: host === registry ? ca : null, verify }, reading);
      known.set(key, found);
      return found;
    },
  };
}

/** Of the registry alone, not of the system. */
export function authoritiesOf(
  { authorities }: ServerTrust,
  warnings: readonly string[],
  served: AuthorityLook["served"],
): AuthorityLook {
  const pems = authorities.flatMap(
    (text) => text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [],
  );
  const own = pems.flatMap((pem) => {
    try {
      return [new X509Certificate(pem).subject];
    } catch {
      return [];
    }
  });
  return { own, served, warnings: [...new Set(warnings)] };
}

/** What `regctl serve --tls self-signed` signs with here. */
export async function readServed({
  environment,
  home,
  files,
}: DoctorWorld): Promise<AuthorityLook["served"]> {
  const path = posix.join(userPaths(environment, home).data, "tls", "ca.pem");
  try {
    const pem = await files.read(path);
    return pem === null ? null : { path, subject: new X509Certificate(pem).subject };
  } catch {
    return null;
  }
}
