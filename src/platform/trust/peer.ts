/** The door to a server's certificates, implemented by `src/system/tls-peer.ts`. */
import type { Duplex } from "node:stream";

export interface PeerQuestion {
  /** For SNI; null for an address. */
  readonly serverName: string | null;
  readonly timeoutMs: number;
  /** Shown when the server asks; PEM. */
  readonly client: { readonly certificate: string; readonly key: string } | null;
}

/** DER, the server's own first. `plain`: what answers does not speak TLS. */
export type PeerAnswer =
  | { readonly kind: "certificates"; readonly certificates: readonly Buffer[] }
  | { readonly kind: "plain"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

/** Shakes hands over a stream without believing anything, reads what is shown, and ends the stream. Never rejects. */
export type ReadPeer = (stream: Duplex, question: PeerQuestion) => Promise<PeerAnswer>;
