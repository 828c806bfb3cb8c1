/** What can be asked of an engine, for one registry. */
import type {
  InsecureRequest,
  MirrorRequest,
  TrustRequest,
  UndoRequest,
} from "../../src/platform/change-request.ts";
import { judgeMirror } from "../../src/platform/mirror-name.ts";
import { judgeRegistry } from "../../src/platform/registry-name.ts";
import type { CertificateFacts } from "../../src/platform/trust/certificate.ts";

/** A certificate that nobody parses. */
export function certificate(given: Partial<CertificateFacts> = {}): CertificateFacts {
  return {
    pem: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    subject: "CN=Authority",
    issuer: "CN=Authority",
    names: [],
    notBefore: 1_600_000_000,
    notAfter: 2_000_000_000,
    fingerprint: `sha256:${"ab".repeat(32)}`,
    isAuthority: true,
    selfSigned: true,
    ...given,
  };
}

export interface Requests {
  readonly insecure: InsecureRequest;
  readonly trust: TrustRequest;
  readonly mirror: MirrorRequest;
  readonly undo: UndoRequest;
}

export function requestsFor(name: string, authority = certificate()): Requests {
  const registry = judgeRegistry(name);
  const chosen = {
    certificates: [authority],
    from: "file",
    isLeaf: false,
    consent: null,
    notes: [],
  } as const;
  return {
    insecure: { kind: "insecure", registry },
    trust: { kind: "trust", registry, authority: chosen, client: null, system: false },
    mirror: { kind: "mirror", mirror: judgeMirror(`https://${name}`), upstream: "docker.io" },
    undo: { kind: "undo", registry: registry.registry, kinds: ["insecure"] },
  };
}
