import assert from "node:assert/strict";
import { test } from "node:test";
import { engineMessages, explainEngineMessage } from "../../src/explain/engine-messages.ts";

/**
 * Messages as engines, their service managers and registries print them, by the row that must know them.
 * SOURCE: Docker Engine 20.10.24 and Docker CLI 28.2.2 with broken registries, certificates and settings, where
 * not marked; "form" marks a text written by hand after the source code of the program.
 */
const examples: readonly (readonly [id: string, text: string])[] = [
  ["http-to-https-client", 'Get "https://r.test:5000/v2/": http: server gave HTTP response to HTTPS client'],
  ["https-to-http-client", "Client sent an HTTP request to an HTTPS server."],
  [
    "old-engine-http",
    "v1 ping attempt failed with error: Get https://r.test:5000/v1/_ping: tls: oversized record received with length 20527",
  ],
  ["unknown-authority", 'Get "https://r.test/v2/": x509: certificate signed by unknown authority'],
  [
    "unknown-authority",
    'Get "https://r.test/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  ],
  ["common-name-only", "x509: certificate relies on legacy Common Name field, use SANs instead"],
  ["no-names", "x509: certificate is not valid for any names, but wanted to match r.test"],
  ["no-ip-names", "x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs"],
  ["wrong-name", "x509: certificate is valid for other.test, not r.test"],
  [
    "expired",
    "x509: certificate has expired or is not yet valid: current time 2026-01-01T00:00:00Z is after 2025-01-01T00:00:00Z",
  ],
  [
    "client-certificate",
    "missing key client.key for client certificate client.cert. Note that CA certificates should use the extension .crt",
  ],
  ["client-certificate", "Missing client certificate client.cert for key client.key"],
  [
    "proxy-dead",
    'Get "https://r.test/v2/": proxyconnect tcp: dial tcp 127.0.0.1:3128: connect: connection refused',
  ],
  ["proxy-refused", 'Get "https://r.test/v2/": Forbidden'],
  [
    "cannot-connect-engine",
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
  ],
  ["connection-refused", 'Get "https://r.test/v2/": dial tcp 10.0.0.1:443: connect: connection refused'],
  ["connection-refused", "connect ECONNREFUSED /var/run/docker.sock"],
  ["no-such-host", 'Get "https://r.test/v2/": dial tcp: lookup r.test: no such host'],
  ["resolver-broken", "dial tcp: lookup r.test on 10.0.0.2:53: server misbehaving"],
  ["no-route", "dial tcp 192.0.2.1:5000: connect: network is unreachable"],
  ["no-route", "dial tcp 192.0.2.1:5000: connect: no route to host"],
  ["timeout", "net/http: TLS handshake timeout"],
  ["timeout", "dial tcp 192.0.2.1:5000: i/o timeout"],
  ["timeout", "context deadline exceeded"],
  [
    "flag-and-file",
    "unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives are specified both as a flag and in the configuration file: insecure-registries: (from flag: [a:1], from file: [b:2])",
  ],
  [
    "unknown-option",
    "unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives don't match any configuration option: insecure-registry",
  ],
  [
    "not-a-list",
    "unable to configure the Docker daemon with file /etc/docker/daemon.json: json: cannot unmarshal string into Go struct field Config.insecure-registries of type []string",
  ],
  ["bad-entry", 'insecure registry a_b is not valid: invalid host "a_b"'],
  [
    "bad-entry",
    "insecure registry http://r.test is not valid: insecure registry http://r.test should not contain '://'",
  ],
  ["bad-mirror", 'invalid mirror: unsupported scheme "ftp" in "ftp://r.test"'],
  [
    "not-a-registry",
    "error parsing HTTP 404 response body: invalid character '<' looking for beginning of value",
  ],
  [
    "pid-file",
    "failed to start daemon: pid file found, ensure docker is not running or delete /var/run/docker.pid",
  ],
  ["start-limit", "docker.service: Start request repeated too quickly."],
  [
    "no-reload",
    "Failed to reload docker.service: Job type reload is not applicable for unit docker.service.",
  ],
  [
    "broken-json",
    "unable to configure the Docker daemon with file /etc/docker/daemon.json: invalid character '}' looking for beginning of object key string",
  ],
  ["broken-json", "unable to configure the Docker daemon with file /etc/docker/daemon.json: EOF"],
  ["no-credentials", 'Get "https://r.test/v2/x/manifests/1": no basic auth credentials'],
  ["unauthorized", "login attempt to http://r.test/v2/ failed with status: 401 Unauthorized"],
  ["denied", "denied: requested access to the resource is denied"],
  ["not-found", "manifest for r.test:5000/x:1 not found: manifest unknown: manifest unknown"],
  ["bad-gateway", "received unexpected HTTP status: 502 Bad Gateway"],
  ["dropped", "read tcp 10.0.0.1:3->10.0.0.2:5000: read: connection reset by peer"],
  ["dropped", 'Get "https://r.test:5000/v2/": EOF'],
];

for (const [id, text] of examples) {
  test(`${id}: ${text.slice(0, 60)}`, () => assert.equal(explainEngineMessage(text)?.id, id));
}

test("every row has an example, a cause in sentences and a remedy, and ids are unique", () => {
  const ids = engineMessages.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual([...new Set(examples.map(([id]) => id))].sort(), [...ids].sort());
  for (const { cause, remedy } of engineMessages) {
    assert.match(cause, /^[A-Zd].*\.$/);
    assert.notEqual(remedy, "");
  }
});

test("what no row knows is not explained", () => {
  assert.equal(explainEngineMessage("something else entirely"), undefined);
  assert.equal(explainEngineMessage(""), undefined);
});
