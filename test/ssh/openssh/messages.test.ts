import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toConnectFailure, toForwardFailure, toLossReason } from "../../../src/ssh/openssh/messages.ts";
import { parseAsked } from "../../../src/ssh/openssh/prompts.ts";
import { parseSettings, toTarget } from "../../../src/ssh/settings.ts";

const target = toTarget({ user: "me", host: "server", port: 2222 }, parseSettings(""), {
  home: "/h",
  user: "me",
  environment: {},
});
const failure = (stderr: string) => {
  const { code, facts } = toConnectFailure(stderr, target, 10_000);
  return { code, facts };
};

// SOURCE: written by hand after the messages of OpenSSH 9.2p1 (sshconnect.c, sshconnect2.c, kex.c, readconf.c,
// packet.c); what the installed ssh really prints is judged by connect.test.ts, host-key.test.ts and
// authentication.test.ts, which expect the same codes of both carriers.
describe("toConnectFailure", () => {
  const cases: Record<string, [string, string, Record<string, unknown>]> = {
    "unknown name": [
      "ssh: Could not resolve hostname nope.invalid: Name or service not known\r\n",
      "SSH_NAME_UNKNOWN",
      { host: "nope.invalid" },
    ],
    refused: [
      "ssh: connect to host server port 2222: Connection refused\r\n",
      "SSH_UNREACHABLE",
      { host: "server", port: 2222, login: "me@server:2222", reason: "connection refused" },
    ],
    timeout: [
      "ssh: connect to host server port 2222: Connection timed out\r\n",
      "SSH_TIMEOUT",
      { host: "server", port: 2222, login: "me@server:2222", seconds: 10 },
    ],
    "banner timeout": [
      "Connection timed out during banner exchange\n",
      "SSH_TIMEOUT",
      { host: "server", port: 2222, login: "me@server:2222", seconds: 10 },
    ],
    "no proof": [
      "me@server: Permission denied (publickey,password).\r\n",
      "SSH_AUTH_FAILED",
      { host: "me@server:2222", user: "me", tried: ["publickey", "password"] },
    ],
    "too many tries": [
      "Received disconnect from 10.0.0.1 port 2222:2: Too many authentication failures\r\nDisconnected\r\n",
      "SSH_AUTH_FAILED",
      { host: "me@server:2222", user: "me", tried: [] },
    ],
    "changed key": [
      [
        "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@",
        "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @",
        "The fingerprint for the ED25519 key sent by the remote host is",
        "SHA256:cGz9M4liHnhx2KEqQg1g7p+ypx+JR/gidTFZEh8Wqhs.",
        "Please contact your system administrator.",
        "Add correct host key in /h/.ssh/known_hosts to get rid of this message.",
        "Offending ED25519 key in /h/.ssh/known_hosts:7",
        "Host key for [server]:2222 has changed and you have requested strict checking.",
        "Host key verification failed.",
      ].join("\r\n"),
      "SSH_HOST_KEY_CHANGED",
      {
        host: "server",
        port: 2222,
        keyType: "ED25519",
        fingerprint: "SHA256:cGz9M4liHnhx2KEqQg1g7p+ypx+JR/gidTFZEh8Wqhs",
        knownHosts: "/h/.ssh/known_hosts:7",
      },
    ],
    "no common algorithm": [
      "Unable to negotiate with 10.0.0.1 port 2222: no matching key exchange method found. Their offer: x\r\n",
      "SSH_NO_COMMON_ALGORITHM",
      { host: "server", reason: "no matching key exchange method found. Their offer: x" },
    ],
    "broken configuration": [
      "/h/.ssh/config: line 3: Bad configuration option: foo\r\n/h/.ssh/config: terminating, 1 bad configuration options\r\n",
      "SSH_CONFIG_BROKEN",
      { path: "/h/.ssh/config", problem: "line 3: Bad configuration option: foo" },
    ],
    closed: [
      "kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 10.0.0.1 port 2222\r\n",
      "SSH_UNREACHABLE",
      {
        host: "server",
        port: 2222,
        login: "me@server:2222",
        reason: "Connection closed by 10.0.0.1 port 2222",
      },
    ],
    silence: [
      "",
      "SSH_UNREACHABLE",
      { host: "server", port: 2222, login: "me@server:2222", reason: "ssh ended without a word" },
    ],
  };
  for (const [name, [stderr, code, facts]] of Object.entries(cases)) {
    it(`explains: ${name}`, () => assert.deepEqual(failure(stderr), { code, facts }));
  }
});

describe("forwards and losses", () => {
  it("tells a forbidden forward from one that failed", () => {
    const at = { kind: "tcp", host: "::1", port: 5000 } as const;
    const failed = toForwardFailure(
      "channel 2: open failed: connect failed: Connection refused\r\n",
      "me@server",
      at,
    );
    assert.deepEqual(
      [failed.code, failed.facts],
      ["SSH_FORWARD_FAILED", { host: "me@server", destination: "[::1]:5000", reason: "Connection refused" }],
    );
    const denied = toForwardFailure(
      "channel 2: open failed: administratively prohibited: open failed\r\n",
      "me@server",
      at,
    );
    assert.equal(denied.code, "SSH_FORWARD_DENIED");
  });

  it("says why a connection went", () => {
    // clientloop.c: server_alive_check
    assert.equal(
      toLossReason("Timeout, server 10.0.0.1 not responding.\r\n"),
      "Timeout, server 10.0.0.1 not responding.",
    );
    assert.equal(
      toLossReason("client_loop: send disconnect: Broken pipe\r\n"),
      "client_loop: send disconnect: Broken pipe",
    );
    assert.equal(toLossReason(""), "ssh ended");
  });
});

describe("parseAsked", () => {
  const question = [
    "The authenticity of host '[127.0.0.1]:42022 ([127.0.0.1]:42022)' can't be established.",
    "ED25519 key fingerprint is SHA256:cGz9M4liHnhx2KEqQg1g7p+ypx+JR/gidTFZEh8Wqhs.",
    "This host key is known by the following other names/addresses:",
    "    ~/.ssh/known_hosts:1: other",
    "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
  ].join("\n");

  it("reads the question about a host key", () => {
    assert.deepEqual(parseAsked(question, ""), {
      kind: "host-key",
      at: { host: "127.0.0.1", port: 42022 },
      keyType: "ED25519",
      fingerprint: "SHA256:cGz9M4liHnhx2KEqQg1g7p+ypx+JR/gidTFZEh8Wqhs",
      remarks: [],
    });
    const suspicious = question.replace(
      "established.",
      "established\nbut keys of different type are already known for this host.",
    );
    const asked = parseAsked(suspicious, "");
    assert.deepEqual(asked.kind === "host-key" && asked.remarks, [
      "but keys of different type are already known for this host.",
    ]);
  });

  it("reads the other questions", () => {
    assert.deepEqual(parseAsked("Enter passphrase for key '/h/.ssh/id_rsa': ", ""), {
      kind: "passphrase",
      path: "/h/.ssh/id_rsa",
    });
    for (const question of ["me@server's password", "(me@server) Password"]) {
      assert.deepEqual(parseAsked(`${question}: `, ""), { kind: "password", question });
    }
    assert.deepEqual(parseAsked("(me@server) Verification code: ", ""), {
      kind: "other",
      question: "(me@server) Verification code",
    });
    assert.deepEqual(parseAsked("Confirm user presence for key ED25519-SK SHA256:x", "none"), {
      kind: "presence",
    });
  });
});
