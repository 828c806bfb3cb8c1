import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import type { Prompt } from "../../src/ports.ts";
import { choosePort, planPorts } from "../../src/tunnel/choose-port.ts";
import { parseListeners } from "../../src/tunnel/parse-listeners.ts";
import { type KeptAnswer, rememberAnswers } from "../../src/tunnel/remembered-answers.ts";

describe("the port", () => {
  const choose = (exact: number | null, remembered: number | null, held: readonly number[]) =>
    choosePort(
      { exact, remembered },
      { isFree: async (port) => !held.includes(port), holderOf: async () => "nginx (pid 7)" },
    );

  test("is the one of last time, else 5000, else the next", async () => {
    assert.equal(await choose(null, null, []), 5000);
    assert.equal(await choose(null, null, [5000, 5001]), 5002);
    assert.equal(await choose(null, 5007, []), 5007);
    assert.equal(await choose(null, 5007, [5007]), 5000);
    assert.equal(await choose(null, 5000, [5000]), 5001);
  });

  test("is exactly the one that was named, or none, with who holds it", async () => {
    assert.equal(await choose(5005, 5007, [5000]), 5005);
    assert.equal(await choose(0, 5007, [0]), 0);
    await assert.rejects(choose(5005, 5007, [5005]), (error: unknown) => {
      assert.ok(isRegctlError(error, "PORT_HELD"));
      assert.deepEqual([error.facts.address, error.facts.by], ["127.0.0.1:5005", "nginx (pid 7)"]);
      return true;
    });
    assert.deepEqual(planPorts({ exact: 9, remembered: 5007 }), [9]);
    assert.equal(new Set(planPorts({ exact: null, remembered: 5007 })).size, 200);
  });
});

/**
 * SOURCE: `ss -ltn` (iproute2 6.1), `netstat -ltn` (net-tools 2.10) and /proc/net/tcp{,6} of Debian 12 with sshd, two
 * registries and systemd-resolved, shortened.
 */
const listings = {
  ss: `State  Recv-Q Send-Q      Local Address:Port  Peer Address:PortProcess
LISTEN 0      128               0.0.0.0:22         0.0.0.0:*
LISTEN 0      4096            127.0.0.1:5000       0.0.0.0:*
LISTEN 0      4096      127.0.0.53%lo:53         0.0.0.0:*
LISTEN 0      4096                    *:5001             *:*
LISTEN 0      128                  [::]:22            [::]:*
LISTEN 0      4096          10.0.0.7:8443       0.0.0.0:*
`,
  netstat: `Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State
tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN
tcp        0      0 127.0.0.1:5000          0.0.0.0:*               LISTEN
tcp        0      0 127.0.0.53:53           0.0.0.0:*               LISTEN
tcp6       0      0 :::5001                 :::*                    LISTEN
tcp        0      0 10.0.0.7:8443           0.0.0.0:*               LISTEN
`,
  kernel: `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
   2: 3500007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3
   3: 0700000A:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4
   4: 0100007F:1389 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 5
  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:1389 00000000000000000000000000000000:0000 0A 00000000:00000000
`,
} as const;

describe("what listens on a server", () => {
  for (const [source, text] of Object.entries(listings)) {
    test(`is read from ${source}, likely ports of registries first`, () => {
      const found = parseListeners(text).map(({ host, port }) => `${host}:${port}`);
      assert.deepEqual(found, [
        "localhost:5000",
        "localhost:5001",
        "10.0.0.7:8443",
        "localhost:22",
        "localhost:53",
      ]);
    });
  }

  test("may be told by nobody", () => assert.deepEqual(parseListeners("sh: ss: not found\n"), []));

  test("an address of IPv6 is read from the kernel", () => {
    const line = "   0: 000080FE00000000FF005450B6AD1DFE:1388 00000000000000000000000000000000:0000 0A 0";
    assert.deepEqual(parseListeners(line), [
      { kind: "tcp", host: "fe80:0000:0000:0000:5054:00ff:fe1d:adb6", port: 5000 },
    ]);
  });
});

describe("answers", () => {
  const secret = (question: string) => ({ kind: "secret" as const, host: "s", question, flag: "F" });
  const key = (fingerprint: string) => ({
    kind: "consent" as const,
    question: "Is it this key?",
    details: [fingerprint],
    flag: "F",
  });

  function person(...answers: readonly (string | boolean)[]): Prompt & { readonly asked: string[] } {
    const asked: string[] = [];
    const left = [...answers];
    const next = async (question: { readonly question: string }) => {
      asked.push(question.question);
      return left.shift();
    };
    return {
      asked,
      interactive: true,
      consent: async (question) => (await next(question)) === true,
      secret: async (question) => String(await next(question)),
      text: async (question) => String(await next(question)),
    };
  }
  const nobody: Prompt = { ...person(), interactive: false };
  const isMissing = (error: unknown) => isRegctlError(error, "MISSING_ANSWER");

  test("are given by a person once, and by memory from then on, once for each connection", async () => {
    const ann = person("wrong", "right", true);
    const memory = rememberAnswers(ann, []);
    assert.equal(await memory.prompt.secret(secret("Password")), "wrong");
    assert.equal(await memory.prompt.secret(secret("Password")), "right");
    assert.equal(await memory.prompt.consent(key("SHA256:a")), true);
    for (const _ of [1, 2]) {
      memory.beginAgain();
      assert.equal(memory.prompt.interactive, true);
      assert.equal(await memory.prompt.secret(secret("Password")), "right");
      await assert.rejects(memory.prompt.secret(secret("Password")), isMissing);
      assert.equal(await memory.prompt.consent(key("SHA256:a")), true);
      await assert.rejects(memory.prompt.consent(key("SHA256:b")), isMissing);
      await assert.rejects(memory.prompt.secret(secret("Passphrase")), isMissing);
    }
    assert.equal(ann.asked.length, 3);
  });

  test("go to another process, which asks nobody", async () => {
    const ann = person("right", "code");
    const memory = rememberAnswers(ann, []);
    await memory.prompt.secret(secret("Password"));
    await memory.prompt.text({ ...secret("Code"), kind: "text" });
    const kept: readonly KeptAnswer[] = JSON.parse(JSON.stringify(memory.kept()));
    const other = rememberAnswers(nobody, kept);
    assert.equal(await other.prompt.secret(secret("Password")), "right");
    assert.equal(await other.prompt.text({ ...secret("Code"), kind: "text" }), "code");
    await assert.rejects(other.prompt.secret(secret("Other")), isMissing);
  });

  test("where nobody is and nothing is known, nobody can be asked", () => {
    assert.equal(rememberAnswers(nobody, []).prompt.interactive, false);
    const memory = rememberAnswers(person(), []);
    memory.beginAgain();
    assert.equal(memory.prompt.interactive, false);
  });
});
