/** HTTP met HTTPS, or something that is neither. */
import type { MessageRow } from "./row.ts";

export const protocolRows: readonly MessageRow[] = [
  {
    id: "http-to-https-client",
    says: "http: server gave HTTP response to HTTPS client",
    match: /server gave HTTP response to HTTPS client(?!; GET http:)/,
    means: ({ registry, Named, speaker }) => ({
      code: "REGISTRY_PROTOCOL",
      message: `${Named} speaks plain HTTP, and is not among the insecure registries of ${speaker.label} with exactly this host and port.`,
      remedies: speaker.insecure(registry),
    }),
  },
  {
    id: "https-to-http-client",
    says: "Client sent an HTTP request to an HTTPS server",
    match:
      /Client sent an HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port|request to http:\/\/\S{1,300}: 400 Bad Request|"http:\/\/\S{1,300}": response status code 400|status code \[manifests [^\]\n]{1,200}\]: 400 Bad Request|HTTP 400 response body: invalid character 'C'/,
    means: ({ registry, Named, speaker }) => ({
      code: "REGISTRY_SPEAKS_TLS",
      message: `${Named} speaks HTTPS on this port and was asked in plain HTTP.`,
      remedies: [
        `regctl setup undo ${registry}`,
        ...(speaker.label === "docker"
          ? []
          : ["Take --plain-http, --insecure or http:// out where it stands"]),
        `regctl doctor ${registry}`,
      ],
    }),
  },
  {
    id: "old-engine-http",
    says: "tls: oversized record received with length 20527",
    match: /tls: oversized record received|v1 ping attempt failed|unable to ping registry endpoint/,
    who: "docker",
    means: ({ registry, Named }) => ({
      code: "REGISTRY_PROTOCOL",
      message: `A very old engine asked ${Named.replace("The", "the")} in HTTPS, and it speaks plain HTTP or has a certificate of its own.`,
      remedies: [`regctl setup insecure ${registry}`, `regctl doctor ${registry}`],
    }),
  },
  {
    id: "no-tls-record",
    says: "tls: first record does not look like a TLS handshake",
    match:
      /first record does not look like a TLS handshake|SSL routines[^\n]{0,80}(?:wrong version number|packet length too long)|EPROTO[^\n]{0,80}wrong version number/,
    means: ({ registry, host, Named, speaker }) => [
      {
        code: "REGISTRY_PROTOCOL",
        message: `${Named} was asked in HTTPS and does not speak it: plain HTTP, or another service on this port.`,
        remedies: [`regctl doctor ${registry}`, ...speaker.insecure(registry)],
      },
      {
        code: "NOT_A_REGISTRY",
        message: "What listens on this port is no registry: SSH and databases answer like this.",
        remedies: [`On ${host}, see what listens: ss -ltnp`],
      },
    ],
  },
  {
    id: "insecure-both-failed",
    says: 'Get "http://HOST:PORT/v2/": dial tcp 10.0.0.5:5000: connect: connection refused',
    match:
      /Get "?http:\/\/(?<registry>(?!localhost|127\.)[^/"\s]{1,260})\/v[12]\/"?: (?:dial tcp [^\s]{1,60}: connect: connection refused|net\/http: HTTP\/1\.x transport connection broken[^\n]{0,200}|EOF)/,
    who: "docker",
    symptom: true,
    means: ({ registry, Named }) => ({
      code: "REGISTRY_UNREACHABLE",
      message: `${Named} is listed as insecure, and neither HTTPS nor plain HTTP worked; the engine shows only the second failure.`,
      remedies: [`regctl doctor ${registry}`],
    }),
  },
];
