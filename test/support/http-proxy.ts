/** An HTTP proxy: forwards plain requests, and tunnels by CONNECT. Tells what it was asked. */
import { once } from "node:events";
import { createServer, request as sendRequest } from "node:http";
import net, { type AddressInfo, type Socket } from "node:net";

export interface TestProxy extends AsyncDisposable {
  readonly url: string;
  /** "CONNECT 127.0.0.1:5000", "GET http://127.0.0.1:5000/v2/", in order. */
  readonly requests: readonly string[];
  /** The credentials that came with each. */
  readonly authorizations: readonly (string | undefined)[];
}

export interface ProxyOptions {
  /** In place of a tunnel. */
  readonly refuseWith?: number;
  /** Where everything leads, whatever it is called; default where the request says. */
  readonly leadTo?: { readonly host: string; readonly port: number };
}

export async function startProxy({ refuseWith, leadTo }: ProxyOptions = {}): Promise<TestProxy> {
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const placeOf = (target: string) => {
    const { hostname, port } = new URL(`tcp://${target}`);
    return leadTo ?? { host: hostname, port: Number(port) };
  };
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers["proxy-authorization"]);
    const url = new URL(request.url ?? "/");
    const { host, port } = placeOf(url.host);
    const { method, headers } = request;
    const onward = sendRequest({ host, port, path: url.pathname + url.search, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  server.on("connect", (request, socket: Socket) => {
    requests.push(`CONNECT ${request.url}`);
    authorizations.push(request.headers["proxy-authorization"]);
    if (refuseWith !== undefined) {
      socket.end(`HTTP/1.1 ${refuseWith} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const onward = net.connect(placeOf(request.url ?? ""), () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    sockets.add(onward);
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    authorizations,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
