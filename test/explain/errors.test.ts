import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ErrorCode, type ErrorFacts, RegctlError } from "../../src/errors.ts";
import { exitCodeOf } from "../../src/exit-codes.ts";
import { explain, toRegctlError } from "../../src/explain/errors.ts";

/** Every string of the facts is hostile on purpose: it must come through whole, and quoted where it is pasted. */
const samples: { readonly [C in ErrorCode]: ErrorFacts[C] } = {
  USAGE: { problem: "--on needs a host" },
  BAD_REFERENCE: { given: "Team/App", problem: "a name has no capital letters", type: "team/app" },
  BAD_REGISTRY: { given: "http://x/y", problem: "it has a path", type: "regctl setup insecure x" },
  REGISTRY_NO_EFFECT: { registry: "docker.io", why: "engines never use plain HTTP for it" },
  REGISTRY_TOO_WIDE: { registry: "0.0.0.0/0" },
  MISSING_ANSWER: { question: "Restart?", flag: "--allow-restart" },
  DECLINED: { question: "Restart?" },
  CONFIG_BROKEN: {
    host: "u@h",
    path: "/etc/docker/daemon.json",
    line: 3,
    column: 9,
    problem: "a comma is missing",
  },
  CONFIG_CONFLICT: { host: "u@h", path: "/p", problem: "both", remedy: "systemctl cat docker" },
  PLATFORM_NOT_WRITTEN: {
    host: "h",
    platform: "Flatcar",
    evidence: ["ID=flatcar"],
    paste: ["sudo a", "sudo b"],
  },
  ENGINE_CANNOT: { host: "h", what: "a mirror for quay.io", why: "Hub alone", instead: ["docker pull x"] },
  PLATFORM_UNKNOWN: { host: "h", evidence: [], known: ["systemd"] },
  ENGINE_ELSEWHERE: {
    endpoint: "tcp://1.2.3.4:2376",
    why: "it is a TCP address",
    remedy: "--on root@1.2.3.4",
  },
  CHANGED_SINCE_PLANNED: { host: "h", path: "/p" },
  UNDO_CHANGED_SINCE: { host: "h", path: "/p", backup: "/b/it's" },
  LOCKED: { host: "h", by: "root@a, pid 7" },
  NO_RIGHTS: { host: "h", user: "joe", reason: "sudo is not installed", paste: [] },
  ENGINE_UNREACHABLE: { host: "h", tried: ["/var/run/docker.sock"], reason: "connection refused" },
  ENGINE_ERROR: { host: "h", request: "GET /info", status: 500, message: "x" },
  ENGINE_TOO_OLD: { host: "h", version: "20.10.24", what: "r:5000/app:1", needs: "it has zstd layers" },
  HOST_COMMAND_FAILED: { host: "h", command: "cat /x", code: null, output: "" },
  HOST_FILE_FAILED: { host: "h", path: "/p q", problem: "no space left on device" },
  NOT_PROVED: { host: "h", reason: "server gave HTTP response to HTTPS client", log: ["l1", "l2"] },
  ROLLBACK_FAILED: { host: "h", reason: "r", problem: "p", backup: "/b", log: ["l1"] },
  SSH_NAME_UNKNOWN: { host: "h" },
  SSH_UNREACHABLE: { host: "h", port: 2222, reason: "refused" },
  SSH_TIMEOUT: { host: "::1", port: 22, seconds: 10 },
  SSH_HOST_KEY_UNKNOWN: { host: "h", port: 22, keyType: "ssh-ed25519", fingerprint: "SHA256:abc" },
  SSH_HOST_KEY_CHANGED: {
    host: "h",
    port: 2222,
    keyType: "ssh-rsa",
    fingerprint: "SHA256:abc",
    knownHosts: "/k:7",
  },
  SSH_HOST_KEY_REVOKED: { host: "h", port: 22, fingerprint: "SHA256:abc", knownHosts: "/k" },
  SSH_HOST_KEY_REFUSED: { host: "h", port: 22, keyType: "k", fingerprint: "SHA256:a", accepted: "SHA256:b" },
  SSH_AUTH_FAILED: { host: "h; rm -rf /", user: "joe", tried: ["agent"] },
  SSH_NO_COMMON_ALGORITHM: { host: "h", reason: "no kex" },
  SSH_CONNECTION_LOST: { host: "h", reason: "reset" },
  SSH_COMMAND_TIMEOUT: { host: "h", command: "sleep 9", seconds: 1 },
  SSH_FORWARD_DENIED: { host: "h", destination: "x:1", reason: "prohibited" },
  SSH_FORWARD_FAILED: { host: "h", destination: "x:1", reason: "refused" },
  SSH_NOT_INSTALLED: { reason: "ssh: not found" },
  SSH_CONFIG_BROKEN: { path: "/c", problem: "bad" },
  REGISTRY_UNREACHABLE: { registry: "r.test:5000", tried: ["https://r.test:5000"], reason: "it hung up" },
  REGISTRY_PROTOCOL: { registry: "r.test:5000", reason: "it does not speak TLS" },
  REGISTRY_CERTIFICATE: { registry: "r.test", reason: "its certificate has expired", ours: false },
  CERTIFICATE_INCURABLE: {
    registry: "r:5000",
    host: "h",
    server: "r",
    problem: "it expired at 2020-01-01T00:00:00Z",
    clock: false,
  },
  CERTIFICATE_MISMATCH: { registry: "r:5000", host: "h", given: "sha256:00", seen: ["sha256:11 (CN=r)"] },
  CERTIFICATE_UNUSABLE: { registry: "r:5000", host: "h", certificate: "/ca.pem", problem: "it is a leaf" },
  NOT_A_REGISTRY: { registry: "r.test", url: "https://r.test/v2/", status: 404 },
  UNAUTHORIZED: { registry: "r.test", what: "r.test/x", reason: "authentication required", login: null },
  DENIED: { registry: "r.test", what: "r.test/x", reason: "no push access", login: "/h/.docker/config.json" },
  TOKEN_REALM_REFUSED: { registry: "r.test", realm: "http://a.test/token", why: "it is plain HTTP" },
  NOT_FOUND: { what: "r.test/x:1", reason: "manifest unknown" },
  RATE_LIMITED: { registry: "r.test", message: "too many requests", retryAfterSeconds: 3600 },
  REGISTRY_ERROR: { registry: "r.test", request: "GET /v2/x", status: 500, message: "out of disk" },
  CREDENTIAL_HELPER_FAILED: { helper: "docker-credential-x", action: "get", reason: "it is locked" },
  CONTENT_BROKEN: { what: "the manifest of r.test/x:1", problem: "it is no JSON object" },
  DIGEST_MISMATCH: {
    what: "layer 2 of r.test/x:1",
    digest: "sha256:a",
    size: 7,
    actual: "sha256:b",
    bytes: 6,
  },
  FILE_FAILED: { path: "/p q", problem: "no space left on device" },
  FILE_EXISTS: { path: "/p q" },
  DELETE_OFF: { registry: "r:5000", what: "r:5000/app:1" },
  TAG_MOVED: { reference: "r:5000/app:1", was: "sha256:a", is: null },
  PLACEHOLDER_LEFT: { reference: "r:5000/app:1", digest: "sha256:a", reason: "no connection" },
  IMAGE_MISSING: { given: "ap", engine: "localhost", near: ["app:1"] },
  IMAGE_AMBIGUOUS: { given: "1", candidates: ["1a2b3c4d5e6f (app:1)", "1f2e3d4c5b6a"] },
  TAG_TAKEN: { reference: "reg.example/app:1", is: "sha256:aa", would: "sha256:bb" },
  PLATFORM_MISSING: { what: "r:5000/app:1", platform: "linux/s390x", available: ["linux/amd64"] },
  SEARCH_CLOSED: { registry: "r:5000", tried: ["GET /v2/_catalog: status 404"], elsewhere: [] },
  PORT_HELD: { address: "127.0.0.1:5000", by: null },
  LISTEN_FAILED: { address: "192.0.2.1:5000", problem: "no such address here" },
  STORAGE_LOCKED: { path: "/p q", by: "process 7 on a" },
  STORAGE_FAILED: { path: "/p q", problem: "no space left on device" },
  QUICKSTART_FAILED: { command: "regctl tags a/hello", code: 6, output: "It is gone." },
  NOT_RUNNING: { what: "The server of /p q" },
  START_FAILED: { what: "The server", log: ["l1"] },
  NO_SERVICE_MANAGER: { scope: "user", reason: "Failed to connect to bus: No medium found" },
  TUNNEL_RUNS: { name: "u@h:22", pid: 7, registry: "localhost:5000" },
  TUNNEL_NO_REGISTRY: { server: "u@h", to: "localhost:5000", reason: "refused", candidates: ["unix:/r s"] },
  TUNNEL_COMMAND: { command: "make", problem: "p", remedies: ["r"] },
  KEY_NEEDS_PERSON: { server: "u@h", reason: "r" },
  REGISTRY_NAME_MISMATCH: { registry: "localhost:5000", names: "registry.example" },
  STATE_UNREADABLE: { path: "/s", problem: "not JSON" },
  OUTPUT_FAILED: { problem: "ENOSPC" },
  INTERRUPTED: { signal: "SIGINT" },
  INTERNAL: { what: "TypeError: x" },
};

function explainSample<C extends ErrorCode>(code: C) {
  return explain(new RegctlError(code, samples[code]));
}

describe("every code", () => {
  for (const code of Object.keys(exitCodeOf) as ErrorCode[]) {
    test(`${code} has whole sentences, a remedy, and all its facts`, () => {
      const { message, remedies } = explainSample(code);
      assert.match(message.split("\n")[0] ?? "", /^\S.*[.!?:]$/);
      assert.doesNotMatch(message, /undefined|\[object|\.\./);
      assert.ok(
        remedies.length > 0 && remedies.every((remedy) => remedy !== "" && !remedy.includes("undefined")),
      );
      const said = [message, ...remedies].join("\n");
      for (const fact of Object.values(samples[code])) {
        if (typeof fact === "string" && code !== "UNDO_CHANGED_SINCE" && !fact.includes(";"))
          assert.ok(said.includes(fact), fact);
      }
    });
  }
});

test("what is pasted is quoted", () => {
  assert.ok(explainSample("SSH_AUTH_FAILED").remedies[0]?.includes("ssh -v 'joe@h; rm -rf /'"));
  assert.ok(explainSample("UNDO_CHANGED_SINCE").remedies[0]?.endsWith("sudo diff '/b/it'\\''s' /p"));
});

test("the port is in what is pasted", () => {
  assert.equal(explainSample("SSH_UNREACHABLE").remedies[0], "ssh -v -p 2222 h");
  const login = { host: "10.0.0.5", port: 2222, login: "ann@web2:2222" };
  const refused = explain(new RegctlError("SSH_UNREACHABLE", { ...login, reason: "refused" }));
  assert.deepEqual(refused.remedies, ["ssh -v -p 2222 ann@web2"]);
  const late = explain(new RegctlError("SSH_TIMEOUT", { ...login, seconds: 9 }));
  assert.equal(late.remedies[0], "ssh -v -p 2222 ann@web2");
  const noKey = explain(new RegctlError("KEY_NEEDS_PERSON", { server: "ann@web2:2222", reason: "r" }));
  assert.match(noKey.remedies[0] ?? "", /ssh-copy-id -i ~\/\.ssh\/id_tunnel -p 2222 ann@web2$/);
  assert.ok(explainSample("SSH_HOST_KEY_CHANGED").remedies[1]?.endsWith("ssh-keygen -R '[h]:2222' -f /k"));
});

test("a name that holds its port is tried as ssh takes it", () => {
  const tried = (host: string) =>
    explain(new RegctlError("SSH_COMMAND_TIMEOUT", { host, command: "x", seconds: 1 }));
  assert.deepEqual(tried("ann@web2:2222").remedies, ["ssh -v -p 2222 ann@web2"]);
  assert.deepEqual(tried("[fd00::5]:2222").remedies, ["ssh -v -p 2222 fd00::5"]);
  assert.deepEqual(tried("ann@fd00::5").remedies, ["ssh -v ann@fd00::5"]);
  assert.deepEqual(tried("web1").remedies, ["ssh -v web1"]);
  const refused = new RegctlError("SSH_AUTH_FAILED", { host: "ann@web2:2222", user: "ann", tried: [] });
  assert.equal(explain(refused).remedies[0], "ssh -v -p 2222 ann@web2");
});

test("no remedy is a flag that does not help: --timeout is for the connection, not for a command", () => {
  assert.doesNotMatch(explainSample("SSH_COMMAND_TIMEOUT").remedies.join(), /--timeout/);
  assert.match(explainSample("SSH_TIMEOUT").remedies.join(), /--timeout SECONDS/);
});

test("a command that was cut short to be shown is not one to try", () => {
  const facts = { host: "h", command: "sh -c 'a lo…", code: 1, output: "" };
  assert.doesNotMatch(explain(new RegctlError("HOST_COMMAND_FAILED", facts)).remedies.join(), /…/);
  assert.match(explainSample("HOST_COMMAND_FAILED").remedies.join(), /cat \/x/);
});

test("a known message of the engine brings its cause and remedy along", () => {
  const { message, remedies } = explainSample("NOT_PROVED");
  assert.match(message, /speaks plain HTTP/);
  assert.match(message, /\n {2}l1\n {2}l2$/);
  assert.match(remedies[0] ?? "", /^regctl setup insecure/);
});

test("docker with containerd's store speaks containerd's words, and is told as docker is", () => {
  const message =
    'failed to resolve reference "r.test:5000/a:1": failed to do request: Head "https://r.test:5000/v2/a/manifests/1": http: server gave HTTP response to HTTPS client';
  const facts = { host: "h", request: "POST /images/create", status: 500, message };
  assert.deepEqual(explain(new RegctlError("ENGINE_ERROR", facts)).remedies, [
    "regctl setup insecure r.test:5000",
  ]);
});

test("what is not ours becomes INTERNAL and keeps its cause", () => {
  const thrown = new TypeError("x is not a function");
  const error = toRegctlError(thrown);
  assert.equal(error.code, "INTERNAL");
  assert.equal(error.cause, thrown);
  assert.match(explain(error).message, /^This is a bug in regctl: TypeError: x is not a function\.$/);
  assert.equal(toRegctlError(error), error);
  assert.match(explain(toRegctlError("thrown text")).message, /thrown text/);
});
