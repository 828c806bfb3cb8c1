/** Which registries an engine has certificates for, as its own folder shows them. */
import { isRegctlError } from "../errors.ts";
import { detectPlatform } from "./detect.ts";
import type { HostFacts, HostFile } from "./facts.ts";
import { readHostFiles } from "./look-at.ts";
import type { HostSession } from "./session.ts";
import { dayOf, parseCertificates } from "./trust/certificate.ts";

export interface TrustStatus {
  readonly registry: string;
  /** Files of authorities, with what stands in them; none for a file that the engine does not take. */
  readonly files: readonly {
    readonly path: string;
    readonly certificates: readonly {
      readonly subject: string;
      readonly fingerprint: string;
      /** RFC 3339, UTC. */
      readonly notAfter: string;
    }[];
  }[];
  /** The engine shows a certificate of its own to the registry. */
  readonly client: boolean;
}

/** Of Docker's engine there; undefined for the usual one. Pure. */
export function certsFolderOf(facts: HostFacts, named: string | undefined): string | undefined {
  try {
    return detectPlatform(facts, named).home?.certsFolder ?? undefined;
  } catch (error) {
    if (isRegctlError(error)) return undefined;
    throw error;
  }
}

/** A folder that cannot be read shows nothing. */
export async function certificatesOn(
  session: Pick<HostSession, "host" | "root">,
  wanted: string | null,
  certsFolder = "/etc/docker/certs.d",
): Promise<readonly TrustStatus[]> {
  try {
    const paths = wanted === null ? [`${certsFolder}//`] : [`${certsFolder}/${wanted}/`];
    return trustOf(Object.values(await readHostFiles(session.root ?? session.host, paths)));
  } catch (error) {
    if (isRegctlError(error, "HOST_COMMAND_FAILED")) return [];
    throw error;
  }
}

function trustOf(files: readonly HostFile[]): readonly TrustStatus[] {
  const byRegistry = Map.groupBy(files, ({ path }) => path.split("/").at(-2) ?? "");
  return [...byRegistry].map(([registry, each]) => ({
    registry,
    files: each
      .filter(({ path }) => path.endsWith(".crt"))
      .map(({ path, text }) => ({ path, certificates: certificatesIn(text) })),
    client: each.some(({ path }) => path.endsWith(".cert")),
  }));
}

/** Engines take PEM alone. */
function certificatesIn(text: string | null) {
  if (text?.includes("-----BEGIN ") !== true) return [];
  return parseCertificates(Buffer.from(text)).map(({ subject, fingerprint, notAfter }) => ({
    subject,
    fingerprint,
    notAfter: dayOf(notAfter),
  }));
}
