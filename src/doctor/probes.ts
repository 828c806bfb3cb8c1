/** The doors to the network that doctor needs: single steps over a stream that is open, wherever it leads from. */
import type { Duplex } from "node:stream";
import type { Headers } from "../registry/http/send.ts";
import type { OpenTransport, ServerTrust } from "../registry/http/transport.ts";

export interface ServerAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Its beginning. */
  readonly body: string;
}

export interface Handshake {
  readonly stream: Duplex;
  /** PEM, the server's own certificate first. */
  readonly chain: readonly string[];
  /** OpenSSL's word for what is wrong with the chain, whatever its names; null for nothing. */
  readonly problem: string | null;
}

export interface Ask {
  readonly method: string;
  /** A path, or for a proxy a whole URL. */
  readonly target: string;
  /** HOST[:PORT]. */
  readonly host: string;
  readonly headers?: Headers;
  /** Announces a body of so many bytes, and sends none: status 100 says that the server would read it. */
  readonly announce?: number;
}

/** All of them reject with the system's error, or with a ConnectionFailure when the time is over. */
export interface Probes {
  /** To the end of the handshake, whatever the certificate says. An address sends no server name. */
  tls(stream: Duplex, host: string, trust: ServerTrust, timeoutMs: number): Promise<Handshake>;
  /** One request. The stream is of no use afterwards. */
  ask(stream: Duplex, ask: Ask, timeoutMs: number): Promise<ServerAnswer>;
  /** Asks a proxy for a tunnel; any status but 2xx comes without a stream. */
  tunnel(
    stream: Duplex,
    ask: { readonly to: string; readonly headers: Headers },
    timeoutMs: number,
  ): Promise<{ readonly status: number; readonly stream: Duplex | null }>;
  /** HTTP over connections that `dial` opens; nothing is kept. */
  transportOver(dial: (host: string, port: number) => Promise<Duplex>): OpenTransport;
  /** As the resolver of this machine answers. */
  lookUp(host: string): Promise<readonly string[] | "unknown" | "unanswered">;
}
