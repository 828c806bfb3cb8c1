/** What is wrong before a registry has said a word. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type ExamineOptions, findClosedPort } from "../support/doctor-world.ts";
import { startProxy } from "../support/http-proxy.ts";
import { startTinyRegistry } from "../support/tiny-registry.ts";
import { answering, type Fault, type Planted } from "./fault.ts";

export const networkFaults: readonly Fault[] = [
  {
    name: "plain HTTP where HTTPS is wanted",
    check: "protocol",
    code: "REGISTRY_PROTOCOL",
    plant: answering(() => false, { options: { insecure: false } }),
  },
  {
    name: "nothing listens there",
    check: "tcp",
    code: "REGISTRY_UNREACHABLE",
    plant: async () => ({ given: `127.0.0.1:${await findClosedPort()}` }),
  },
  {
    name: "tunnel that is down",
    check: "tcp",
    code: "NOT_RUNNING",
    plant: async () => {
      const port = await findClosedPort();
      const tunnels = { "ann@server:22": { server: "ann@server:22", to: "localhost:5000", port } };
      return {
        given: `127.0.0.1:${port}`,
        prepare: (world) => world.write(".local/state/regctl/tunnels.json", JSON.stringify({ tunnels })),
      };
    },
  },
  {
    name: "something that speaks neither HTTP nor TLS",
    check: "protocol",
    code: "NOT_HTTP",
    plant: async ({ use }) => ({
      given: use(await startSpeaker((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"))).host,
    }),
  },
  {
    name: "something that is silent",
    check: "protocol",
    code: "NOT_HTTP",
    plant: async ({ use }) => ({
      given: use(await startSpeaker(() => {})).host,
      options: { timeoutSeconds: 1 },
    }),
  },
  {
    name: "name that nobody has",
    check: "name",
    code: "NAME_UNKNOWN",
    plant: async () => ({ given: "registry.test:5000", world: { names: { "registry.test": "unknown" } } }),
  },
  {
    name: "resolver that fails",
    check: "name",
    code: "NAME_UNANSWERED",
    plant: async () => ({ given: "registry.test:5000", world: { names: { "registry.test": "unanswered" } } }),
  },
  {
    name: "proxy that refuses, and is not needed",
    check: "proxy",
    code: "PROXY_IN_THE_WAY",
    plant: async ({ authority, use }) => {
      const tls = await authority.issue({ names: ["DNS:registry.test"] });
      const { port } = use(await startTinyRegistry({ tls }));
      const proxy = use(await startProxy({ refuseWith: 403 }));
      return behind(proxy.url, port, { ca: authority.caPath });
    },
  },
  {
    name: "proxy for HTTPS alone that is not there",
    check: "proxy",
    code: "PROXY_IN_THE_WAY",
    plant: async ({ authority, use }) => {
      // What Go's servers say to plain HTTP at a port with TLS: that is no registry without TLS.
      const { port } = use(
        await startTinyRegistry({
          answer: (_, response) => {
            response.writeHead(400).end("Client sent an HTTP request to an HTTPS server.\n");
            return true;
          },
        }),
      );
      const proxy = `http://127.0.0.1:${await findClosedPort()}`;
      const planted = behind(proxy, port, { ca: authority.caPath });
      return { ...planted, world: { info: { HttpsProxy: proxy } } };
    },
  },
  {
    name: "server with whom no TLS can be agreed on",
    check: "protocol",
    code: "TLS_REFUSED",
    plant: async ({ authority, use }) => {
      const issued = await authority.issue({ names: ["DNS:registry.test"] });
      const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
      const { port } = use(await startTinyRegistry({ tls: { ...issued, ...old } }));
      return { given: `registry.test:${port}`, options: { ca: authority.caPath } };
    },
  },
  {
    name: "proxy that refuses, and is the only way",
    check: "proxy",
    code: "PROXY_REFUSES",
    plant: async ({ use }) => {
      const proxy = use(await startProxy({ refuseWith: 403 }));
      return behind(proxy.url, await findClosedPort(), { insecure: false });
    },
  },
  {
    name: "proxy that is not there",
    check: "proxy",
    code: "PROXY_UNREACHABLE",
    plant: async () =>
      behind(`http://127.0.0.1:${await findClosedPort()}`, await findClosedPort(), { insecure: false }),
  },
  {
    name: "proxy that swallows everything",
    check: "proxy",
    code: "PROXY_UNREACHABLE",
    plant: async ({ use }) => {
      const { host } = use(await startSpeaker(() => {}));
      return behind(`http://${host}`, await findClosedPort(), { insecure: false, timeoutSeconds: 1 });
    },
  },
];

function behind(proxy: string, port: number, options: ExamineOptions): Planted {
  return {
    given: `registry.test:${port}`,
    world: { info: { HttpProxy: proxy, HttpsProxy: proxy } },
    options,
  };
}

/** Anything that takes connections. */
async function startSpeaker(speak: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    speak(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
