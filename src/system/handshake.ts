/** TLS over any stream, up to the end of the handshake: what the certificate is worth is for others to judge. */
import { once } from "node:events";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, getCACertificates, type TLSSocket, connect as tlsConnect } from "node:tls";
import type { Handshake } from "../doctor/probes.ts";
import type { ServerTrust } from "../registry/http/transport.ts";

/** An address sends no server name. Rejects with OpenSSL's error. */
export async function shakeHands(stream: Duplex, host: string, trust: ServerTrust): Promise<Handshake> {
  const name = host.replace(/^\[(.*)\]$/, "$1");
  const { system, authorities, identities } = trust;
  const ca = [...(system === null ? getCACertificates("bundled") : [system]), ...authorities];
  const cert = identities.map(({ certificate }) => certificate);
  const key = identities.map((identity) => identity.key);
  const secureContext = createSecureContext({
    ca,
    // As engines, which take a server's own certificate for its authority where it is put.
    allowPartialTrustChain: true,
    ...(cert.length === 0 ? {} : { cert, key }),
  });
  const socket = tlsConnect({
    socket: stream,
    secureContext,
    rejectUnauthorized: false,
    // Names are judged apart from the chain.
    checkServerIdentity: () => undefined,
    ALPNProtocols: ["http/1.1"],
    ...(isIP(name) === 0 ? { servername: name } : {}),
  });
  // The stream's own error would reach the handshake as one without a reason.
  stream.once("error", (error) => socket.destroy(error));
  // A broken stream may be told more than once.
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  // The type says Error, and it is OpenSSL's word.
  const problem: unknown = socket.authorizationError;
  return { stream: socket, chain: chainOf(socket), problem: problem ? String(problem) : null };
}

function chainOf(socket: TLSSocket): readonly string[] {
  const chain: string[] = [];
  let next = socket.getPeerX509Certificate();
  while (next !== undefined && !chain.includes(next.toString())) {
    chain.push(next.toString());
    next = next.issuerCertificate;
  }
  return chain;
}

/** A step that takes longer takes the stream with it, with undici's word for a server that is silent. */
export async function within<T>(stream: Duplex, ms: number, step: () => Promise<T>): Promise<T> {
  const silent = Object.assign(new Error("no answer within the time"), { code: "UND_ERR_HEADERS_TIMEOUT" });
  const timer = setTimeout(() => stream.destroy(silent), ms);
  try {
    return await step();
  } finally {
    clearTimeout(timer);
  }
}
