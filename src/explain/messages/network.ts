/** The way to the registry: proxies, names, addresses, time. */
import { unknownRegistry } from "./place.ts";
import type { Meaning, MessageRow, Place } from "./row.ts";

const daemonProxy =
  "See the engine's proxy: docker info --format '{{.HTTPProxy}} {{.HTTPSProxy}} {{.NoProxy}}'";

const noProxy = ({ host }: Place): readonly string[] => [
  `For the engine, with ${host} in NO_PROXY of /etc/systemd/system/docker.service.d/http-proxy.conf: sudo systemctl daemon-reload && sudo systemctl restart docker`,
  `For a program of the shell: export NO_PROXY="$NO_PROXY,${host}"`,
];

/** Where the only address in the text is that of something in between. */
const unnamed = (at: Place, between: string): Place =>
  at.registry === between
    ? { ...at, registry: unknownRegistry, host: "HOST", named: "the registry", Named: "The registry" }
    : at;

/** Whoever asks its own machine. */
const localRefused = (registry: string): readonly Meaning[] => [
  {
    code: "REGISTRY_UNREACHABLE",
    message: `Nothing listens at ${registry} where the engine runs: the registry or the tunnel to it is not up.`,
    remedies: [`regctl doctor ${registry}`, "regctl serve --detach", "regctl tunnel USER@SERVER --detach"],
  },
  {
    code: "REGISTRY_UNREACHABLE",
    message:
      "The engine has a localhost of its own (Docker Desktop, a virtual machine, rootless): a tunnel or a registry of this shell is not there.",
    remedies: ["regctl tunnel USER@SERVER", "docker context ls"],
  },
];

export const networkRows: readonly MessageRow[] = [
  {
    id: "proxy-dead",
    says: "proxyconnect tcp: dial tcp 127.0.0.1:3128: connect: connection refused",
    match: /proxyconnect tcp: (?:dial tcp (?:lookup )?(?<proxy>[^\s]{1,260}?):? )?/,
    means: (found) => {
      const proxy = found.part("proxy", "its address is not in the text");
      const at = unnamed(found, proxy);
      return {
        code: "PROXY_UNREACHABLE",
        message: `The way to ${at.named} goes through a proxy, and that proxy does not answer (${proxy}).`,
        remedies: [...noProxy(at), daemonProxy, `regctl doctor ${at.registry}`],
      };
    },
  },
  {
    id: "proxy-login",
    says: "Proxy Authentication Required",
    match: /Proxy Authentication Required/,
    means: (at) => ({
      code: "PROXY_REFUSES",
      message: `The proxy on the way to ${at.named} wants a login of its own.`,
      remedies: [...noProxy(at), "Or give the proxy a login: HTTPS_PROXY=http://NAME:SECRET@PROXY:PORT"],
    }),
  },
  {
    id: "proxy-refused",
    says: 'Get "https://HOST:PORT/v2/": Forbidden',
    match:
      /(?:Get|Head|Post|Put) "?https?:\/\/[^\s"]{1,400}"?: (?<reason>Forbidden|Service Unavailable|Bad Gateway|Gateway Time-?out|Internal Server Error)\b/,
    means: (at) => ({
      code: "PROXY_REFUSES",
      message: `A proxy refused to pass the request on to ${at.named}: ${at.part("reason", "Forbidden")}.`,
      remedies: [...noProxy(at), daemonProxy],
    }),
  },
  {
    id: "token-server-unreachable",
    says: 'failed to fetch anonymous token: Get "https://auth.example/token": dial tcp …',
    match:
      /(?:(?:Head|Get|HEAD|GET) "https?:\/\/(?<registry>[^/\s"]{1,260})\/v2\/[^\s"]{0,400}": )?(?:failed to fetch (?:anonymous|oauth) token: )?(?:Get|Post) "?https?:\/\/(?<realm>[^/\s"]{1,260})\/[^\s"]{0,100}(?:token|auth)[^\s"]{0,500}"?: (?:dial|read|proxyconnect|net\/http|EOF|context)/,
    means: ({ registry, part }) => {
      const realm = part("realm", "the token server");
      return {
        code: "TOKEN_SERVER_UNREACHABLE",
        message: `The registry sends who logs in to ${realm}, and that cannot be reached from here.`,
        remedies: [
          `regctl doctor ${registry === realm ? unknownRegistry : registry}`,
          `Its address stands in the settings of the registry (realm), and must be reachable from every client`,
        ],
      };
    },
  },
  {
    id: "resolver-failed",
    says: "lookup HOST on 10.0.0.2:53: server misbehaving",
    match:
      /lookup (?<name>[^\s:]{1,253})(?: on \S{1,80})?: (?:server misbehaving|read udp \S{1,120}: (?:read: connection refused|i\/o timeout)|i\/o timeout|Temporary failure in name resolution|dial udp \S{1,120}: connect: \S{1,60})|EAI_AGAIN|Temporary failure in name resolution|Try again \(os error/,
    means: ({ host, part }) => {
      const name = part("name", host);
      return {
        code: "NAME_UNANSWERED",
        message: `The name server that was asked for ${name} does not answer, or not properly.`,
        remedies: [
          "Where it was asked: cat /etc/resolv.conf",
          `Where it was asked: getent hosts ${safe(name)}`,
        ],
      };
    },
  },
  {
    id: "no-such-host",
    says: "dial tcp: lookup HOST: no such host",
    match:
      /(?:lookup (?<name>[^\s:]{1,253})(?: on \S{1,80})?: )?no such host|getaddrinfo ENOTFOUND|Could not resolve host(?!name)|Name or service not known|nodename nor servname provided/,
    means: ({ registry, host, part }) => {
      const name = part("name", host);
      return {
        code: "NAME_UNKNOWN",
        message: `The name ${name} has no address where it was looked up: for an engine that is its own host or virtual machine, not this shell.`,
        remedies: [
          `regctl doctor ${registry}`,
          `Where the engine runs: getent hosts ${safe(name)}`,
          `Where there is no name server for it: echo 'ADDRESS ${safe(name)}' | sudo tee -a /etc/hosts`,
        ],
      };
    },
  },
  {
    id: "localhost-refused",
    says: 'Get "http://localhost:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused',
    match:
      /https?:\/\/(?<registry>(?:localhost|127\.[\d.]{1,11}|\[::1\])(?::\d{1,5})?)\/[^\s"]{0,400}"?: dial tcp \S{1,60}: connect: connection refused/,
    means: ({ registry }) => localRefused(registry),
  },
  {
    id: "no-port",
    says: 'Get "https://HOST/v2/": dial tcp 10.0.0.5:443: connect: connection refused',
    match:
      /https:\/\/(?<registry>[^/:\s"]{1,253})\/v2\/[^\s"]{0,400}"?: dial tcp \S{1,60}:443: connect: connection refused/,
    means: ({ registry }) => ({
      code: "REGISTRY_UNREACHABLE",
      message: `Nothing listens at ${registry} on port 443, which a name without a port means.`,
      remedies: [`Write the port: ${registry}:5000/NAME:TAG`, `regctl doctor ${registry}`],
    }),
  },
  {
    id: "connection-refused",
    says: "dial tcp 10.0.0.5:5000: connect: connection refused",
    match: /connection refused|ECONNREFUSED|actively refused/i,
    symptom: true,
    means: ({ registry, host }) =>
      /^(?:localhost|127\.[\d.]+|::1)$/.test(host)
        ? localRefused(registry)
        : {
            code: "REGISTRY_UNREACHABLE",
            message: `${host === "HOST" ? "The host" : host} answers, and nothing listens on this port.`,
            remedies: [`regctl doctor ${registry}`, `On ${host}, see what listens: ss -ltn`],
          },
  },
  {
    id: "no-route",
    says: "dial tcp 10.0.0.5:5000: connect: no route to host",
    match: /network is unreachable|no route to host|ENETUNREACH|EHOSTUNREACH/i,
    symptom: true,
    means: ({ registry, host }) => ({
      code: "REGISTRY_UNREACHABLE",
      message: `There is no way through the network to ${host === "HOST" ? "the registry" : host}: routing, a VPN that is not up, or a firewall that says so.`,
      remedies: [
        `regctl doctor ${registry}`,
        `Where it was tried: ip route get $(getent hosts ${host} | cut -d' ' -f1)`,
      ],
    }),
  },
  {
    id: "timeout",
    says: "net/http: TLS handshake timeout",
    match:
      /TLS handshake timeout|i\/o timeout|context deadline exceeded|Client\.Timeout exceeded|request canceled while waiting for connection|ETIMEDOUT|Connection timed out|UND_ERR_(?:CONNECT|HEADERS)_TIMEOUT/,
    symptom: true,
    means: ({ registry, named }) => ({
      code: "REGISTRY_UNREACHABLE",
      message: `There was no answer from ${named} in time: a firewall, a wrong port, or a server that hangs.`,
      remedies: [`regctl doctor ${registry}`],
    }),
  },
  {
    id: "dropped",
    says: "read: connection reset by peer",
    match:
      /connection reset by peer|ECONNRESET|broken pipe|"?: (?:unexpected )?EOF\b|^(?:unexpected )?EOF$|socket hang up|server closed idle connection|use of closed network connection/m,
    symptom: true,
    means: ({ registry, named }) => [
      {
        code: "REGISTRY_UNREACHABLE",
        message: `The connection to ${named} was dropped: by a server that speaks plain HTTP, by a proxy's limit of time or size, or by a firewall.`,
        remedies: [`regctl doctor ${registry}`],
      },
    ],
  },
];

/** What may stand in a command as it is. */
function safe(name: string): string {
  return /^[A-Za-z0-9.-]{1,253}$/.test(name) ? name : "NAME";
}
