import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgeProbe, type ProbeVerdict } from "../../src/engine/probe.ts";

/** SOURCE: texts as the engines 20.10.24 and the docker CLI 28.2.2 gave them in experiments with a registry of ours. */
const cases: readonly (readonly [number, string, ProbeVerdict])[] = [
  [200, "", "trusted"],
  [404, "manifest unknown: manifest unknown", "trusted"],
  [404, "manifest for reg.test:5000/x:y not found: manifest unknown", "trusted"],
  [404, "name unknown: repository name not known to registry", "trusted"],
  [404, "reg.test:5000/x:y: not found", "trusted"],
  [401, "unauthorized: authentication required", "trusted"],
  [500, 'Get "https://reg.test:5000/v2/x/manifests/y": no basic auth credentials', "trusted"],
  [500, "login attempt to http://reg.test:5000/v2/ failed with status: 401 Unauthorized", "trusted"],
  [403, "denied: requested access to the resource is denied", "trusted"],
  [500, "toomanyrequests: too many requests", "trusted"],
  [500, 'Get "https://reg.test:5000/v2/": http: server gave HTTP response to HTTPS client', "protocol"],
  [500, 'Get "https://reg.test:5000/v1/_ping": tls: oversized record received with length 20527', "protocol"],
  [
    500,
    'failed to do request: Head "https://h/v2/": tls: first record does not look like a TLS handshake',
    "protocol",
  ],
  [500, "Client sent an HTTP request to an HTTPS server.", "protocol"],
  [500, 'Get "https://reg.test:5000/v2/": x509: certificate signed by unknown authority', "trust"],
  [
    500,
    'Get "https://h/v2/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026 is after 2020',
    "trust",
  ],
  [500, 'Get "https://h/v2/": x509: certificate relies on legacy Common Name field, use SANs', "trust"],
  [500, 'Get "https://h/v2/": x509: certificate is valid for other.test, not reg.test', "trust"],
  [500, "x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs", "trust"],
  [
    500,
    "missing key ca.key for client certificate ca.cert. Note that CA certificates should use the extension .crt",
    "trust",
  ],
  [500, "Missing client certificate client.cert for key client.key", "trust"],
  [500, 'Get "https://h/v2/": remote error: tls: bad certificate', "trust"],
  [500, 'Get "http://reg.test:5000/v2/": dial tcp 10.0.0.5:5000: connect: connection refused', "unreachable"],
  [500, 'Get "https://h/v2/": dial tcp: lookup h on 10.0.0.1:53: no such host', "unreachable"],
  [500, 'Get "https://h/v2/": dial tcp: lookup h: server misbehaving', "unreachable"],
  [500, 'Get "https://h/v2/": dial tcp 10.9.9.9:443: connect: network is unreachable', "unreachable"],
  [500, 'Get "https://h/v2/": net/http: TLS handshake timeout', "unreachable"],
  [500, 'Get "https://h/v2/": dial tcp 10.0.0.5:443: i/o timeout', "unreachable"],
  [500, 'Get "https://h/v2/": context deadline exceeded', "unreachable"],
  [
    500,
    'Get "https://h/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    "unreachable",
  ],
  [
    500,
    'Get "https://h/v2/": read tcp 10.0.0.1:4->10.0.0.5:443: read: connection reset by peer',
    "unreachable",
  ],
  [500, 'Get "https://h/v2/": EOF', "unreachable"],
  [
    500,
    'Get "https://h/v2/": proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused',
    "unreachable",
  ],
  [500, 'Get "https://h/v2/": Forbidden', "unreachable"],
  [500, 'Get "https://h/v2/": Service Unavailable', "unreachable"],
  [500, "received unexpected HTTP status: 502 Bad Gateway", "unreachable"],
  [0, "no answer within 5 s", "unreachable"],
  [404, "page not found", "unsupported"],
  [0, "the engine's API 1.18 cannot ask a registry", "unsupported"],
  [
    500,
    "error parsing HTTP 404 response body: invalid character '<' looking for beginning of value",
    "unknown",
  ],
  [500, "error parsing HTTP 403 response body: invalid character 'A'", "unknown"],
  [400, "invalid reference format", "unsupported"],
  [500, "", "unknown"],
  [500, "a text that no engine wrote so far", "unknown"],
];

describe("judgeProbe", () => {
  for (const [status, message, verdict] of cases) {
    it(`${verdict}: ${status} ${message}`, () => {
      assert.deepEqual(judgeProbe({ status, message }), { verdict, message });
    });
  }
});
