import tls from "node:tls";
import type { PeerAnswer, ReadPeer } from "../platform/trust/peer.ts";

const speaksNoTls =
  /wrong version number|packet length too long|record layer failure|http request|unknown protocol|bad record type/i;

export const readPeer: ReadPeer = (stream, { serverName, timeoutMs, client }) =>
  new Promise((resolve) => {
    const socket = tls.connect({
      socket: stream,
      ...(serverName === null ? {} : { servername: serverName }),
      ...(client === null ? {} : { cert: client.certificate, key: client.key }),
      // Only what the server sends is wanted, not what this machine would add to it.
      ca: [],
      rejectUnauthorized: false,
    });
    const end = (answer: PeerAnswer): void => {
      clearTimeout(timer);
      resolve(answer);
      socket.on("error", () => {});
      socket.destroy();
      stream.destroy();
    };
    const fail = (reason: string): void => {
      const certificates = shownBy(socket);
      if (certificates.length > 0) end({ kind: "certificates", certificates });
      else end({ kind: speaksNoTls.test(reason) ? "plain" : "failed", reason });
    };
    const timer = setTimeout(() => fail(`no TLS handshake within ${timeoutMs / 1000} s`), timeoutMs);
    socket.once("secureConnect", () => end({ kind: "certificates", certificates: shownBy(socket) }));
    socket.once("error", (error: Error) => fail(error.message));
    stream.once("error", (error: Error) => fail(error.message));
    socket.once("close", () => fail("the connection was closed during the TLS handshake"));
  });

/** A server that wants a certificate of ours ends a handshake in which it has shown its own. */
function shownBy(socket: tls.TLSSocket): readonly Buffer[] {
  const certificates: Buffer[] = [];
  let peer: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (peer?.raw && !certificates.some((known) => peer?.raw.equals(known))) {
    certificates.push(peer.raw);
    peer = peer.issuerCertificate;
  }
  return certificates;
}
