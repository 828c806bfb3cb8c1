/** Registries of this machine that a lab host reaches at its gateway, each with its own way of being difficult. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server } from "node:net";
import { must } from "./conduct.ts";
import type { LabHost } from "./lab.ts";

export interface DifficultRegistry {
  /** `host:port` */
  readonly address: string;
  close(): void;
}

async function listen(server: Server & { closeAllConnections?(): void }, host: string) {
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections?.();
  };
  return { address: `${host}:${port}`, close };
}

/** Speaks HTTP, knows nothing, and takes its time: a run that asks it is sure to be in the middle for a while. */
export function listenSlowly(host: string): Promise<DifficultRegistry> {
  const server = createHttpServer((_request, response) => {
    setTimeout(() => response.writeHead(404).end(), 2_000);
  });
  return listen(server, host);
}

/** Says something that is neither TLS nor HTTP, and hangs up. */
export function listenBabbling(host: string): Promise<DifficultRegistry> {
  return listen(
    createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end("220 this is no registry\r\n");
    }),
    host,
  );
}

const certificateScript = `cd "$(mktemp -d)" && {
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=lab-authority -keyout ca.key -out ca.crt
openssl req -newkey rsa:2048 -nodes -subj /CN=registry -keyout key -out csr
echo "subjectAltName=IP:$1" >ext
openssl x509 -req -in csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out crt
} >/dev/null 2>&1 && cat key crt && echo === && cat ca.crt; rm -rf "$PWD"`;

export interface TlsRegistry extends DifficultRegistry {
  /** Of the authority that signed its certificate, as PEM. */
  readonly authority: string;
}

/** Speaks TLS with a certificate for its address, from an authority that nobody knows yet. */
export async function listenWithTls(host: LabHost): Promise<TlsRegistry> {
  const made = await must(host, "sh", "-c", certificateScript, "lab-certificate", host.gateway);
  const [own = "", authority = ""] = made.split("===\n");
  const server = createHttpsServer({ key: own, cert: own }, ({ url }, response) => {
    const headers = {
      "content-type": "application/json",
      "docker-distribution-api-version": "registry/2.0",
    };
    if (url === "/v2/") response.writeHead(200, headers).end("{}");
    else response.writeHead(404, headers).end('{"errors":[{"code":"NAME_UNKNOWN","message":"unknown"}]}');
  });
  return { ...(await listen(server, host.gateway)), authority };
}

/** A registry that has nothing, over TLS: each connection takes the next certificate, and the last one is kept. */
export async function listenWithChangingTls(
  host: string,
  shown: readonly { readonly cert: string; readonly key: string }[],
  /** Who signs the certificates that it wants to be shown; PEM. */
  clients?: string,
): Promise<DifficultRegistry> {
  const [first, ...others] = shown;
  const asks = clients === undefined ? {} : { ca: clients, requestCert: true, rejectUnauthorized: true };
  const server = createHttpsServer({ ...first, ...asks }, (_request, response) => {
    response.writeHead(404, { "content-type": "application/json" });
    response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
  });
  server.on("secureConnection", () => {
    const next = others.shift();
    if (next) server.setSecureContext(next);
  });
  return listen(server, host);
}
