/** HTTP/1.1 to registries over streams that somebody else opens, such as those from another host. One for a request. */
import { X509Certificate } from "node:crypto";
import http, { type IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import type {
  OpenTransport,
  Transport,
  TransportOptions,
  TransportRequest,
  TransportResponse,
} from "../registry/http/transport.ts";
import { shakeHands, within } from "./handshake.ts";

type Dial = (host: string, port: number) => Promise<Duplex>;

/** Takes no proxies: `dial` is the way. */
export function transportOver(dial: Dial): OpenTransport {
  return (options) => createTransport(dial, options);
}

function createTransport(dial: Dial, options: TransportOptions): Transport {
  const open = new Set<Duplex>();
  return {
    request: async (request) => {
      request.signal.throwIfAborted();
      const stream = await connect(request.url, dial, options);
      open.add(stream);
      stream.once("close", () => open.delete(stream));
      return await within(stream, request.headersTimeoutMs, () => send(stream, request));
    },
    close: async () => {
      for (const stream of open) stream.destroy();
    },
  };
}

async function connect(url: URL, dial: Dial, options: TransportOptions): Promise<Duplex> {
  const secure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const stream = await dial(host, Number(url.port || (secure ? 443 : 80)));
  if (!secure) return stream;
  const trust = await options.trust(new URL(url.origin));
  const {
    stream: secured,
    chain,
    problem,
  } = await within(stream, options.connectTimeoutMs, () => shakeHands(stream, host, trust));
  const refused = trust.verify ? (problem ?? wrongName(chain, host)) : null;
  if (refused === null) return secured;
  secured.destroy();
  throw Object.assign(new Error(`its certificate is not accepted: ${refused}`), { code: refused });
}

/** Node's word for a certificate that is for somebody else; null for one that fits. */
function wrongName([leaf]: readonly string[], host: string): string | null {
  const certificate = leaf === undefined ? null : new X509Certificate(leaf);
  const fits =
    isIP(host) === 0 ? certificate?.checkHost(host, { subject: "never" }) : certificate?.checkIP(host);
  return fits === undefined ? "ERR_TLS_CERT_ALTNAME_INVALID" : null;
}

async function send(stream: Duplex, request: TransportRequest): Promise<TransportResponse> {
  const { method, url, body, signal } = request;
  const headers = { host: url.host, connection: "close", ...request.headers };
  const path = `${url.pathname}${url.search}`;
  const outgoing = http.request({ createConnection: () => stream, method, path, headers, signal });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on("error", reject);
    outgoing.on("response", resolve);
    if (body === null || Buffer.isBuffer(body)) outgoing.end(body ?? undefined);
    else {
      body.on("error", (error) => outgoing.destroy(error));
      body.pipe(outgoing);
    }
  });
  response.on("error", () => {});
  return { status: response.statusCode ?? 0, headers: headersOf(response), body: response };
}

/** A repeated header is joined. */
export function headersOf({ headersDistinct }: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headersDistinct).map(([name, values]) => [name, (values ?? []).join(", ")]),
  );
}
