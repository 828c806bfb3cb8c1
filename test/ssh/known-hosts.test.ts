import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  fingerprintOf,
  type HostKeyName,
  hasCertAuthority,
  judgeHostKey,
  knownKeyTypes,
  renderKnownHost,
} from "../../src/ssh/known-hosts.ts";
import { makeKey, wireFormat } from "../support/ssh-server.ts";
import { createTempHome } from "../support/temp-home.ts";

const [one, two, rsa] = [makeKey(), makeKey(), makeKey("rsa")].map((key) =>
  key.public.split(" ").slice(0, 2).join(" "),
);
assert.ok(one && two && rsa);
const [keyOne, keyTwo, keyRsa] = [one, two, rsa].map(wireFormat);
assert.ok(keyOne && keyTwo && keyRsa);

const server: HostKeyName = { host: "server.lan", port: 22, alias: null };
const onPort: HostKeyName = { ...server, port: 2222 };
const file = (text: string, path = "/kh") => ({ path, text });
const verdict = (text: string, key = keyOne, name = server): string =>
  judgeHostKey([file(text)], name, key).kind;

describe("judgeHostKey", () => {
  const known = {
    "plain name": `server.lan ${one}`,
    "list of names": `other,server.lan,10.0.0.1 ${one}`,
    star: `*.lan ${one}`,
    "question mark": `serve?.lan ${one}`,
    "any case": `SERVER.lan ${one}`,
    "comment after the key": `server.lan ${one} root@server, installed by hand`,
    "carriage returns": `# hosts\r\nserver.lan ${one}\r\n`,
    "tabs and leading space": ` \tserver.lan\t${one}`,
    "no newline at the end, empty lines before": `\n\n#\nserver.lan ${one}`,
    "second key of the type": `server.lan ${two}\nserver.lan ${one}`,
  };
  for (const [name, text] of Object.entries(known))
    it(`knows: ${name}`, () => assert.equal(verdict(text), "known"));

  const unknown = {
    "empty file": "",
    "commented out": `#server.lan ${one}`,
    negated: `*.lan,!server.lan ${one}`,
    "negated first": `!server.lan,*.lan ${one}`,
    "only a part of the name": `server ${one}`,
    "a dot is no wildcard": `serverxlan ${one}`,
    "port of another": `[server.lan]:2222 ${one}`,
    "certificate authority": `@cert-authority *.lan ${one}`,
    "unknown marker": `@future server.lan ${one}`,
    "broken key": "server.lan ssh-ed25519 AAAA",
    "type that is not the key's": `server.lan ssh-rsa ${one?.split(" ")[1]}`,
  };
  for (const [name, text] of Object.entries(unknown))
    it(`does not know: ${name}`, () => assert.equal(verdict(text), "unknown"));

  it("tells a changed key by file and line", () => {
    const files = [file("# mine\n", "/a"), file(`\nserver.lan ${two}\n`, "/b")];
    assert.deepEqual(judgeHostKey(files, server, keyOne), { kind: "changed", path: "/b", line: 2 });
  });

  it("takes a key of another type for unknown, and names the one that is known", () => {
    assert.deepEqual(judgeHostKey([file(`server.lan ${rsa}`)], server, keyOne), {
      kind: "unknown",
      others: [{ path: "/kh", line: 1, keyType: "ssh-rsa" }],
    });
  });

  it("lets no line save a revoked key", () => {
    const text = `server.lan ${one}\n@revoked * ${one}`;
    assert.deepEqual(judgeHostKey([file(text)], server, keyOne), { kind: "revoked", path: "/kh", line: 2 });
    assert.equal(verdict(`@revoked * ${one}\nserver.lan ${two}`, keyTwo), "known");
  });

  it("looks for a port, and lets the bare name only confirm", () => {
    assert.equal(verdict(`[server.lan]:2222 ${one}`, keyOne, onPort), "known");
    assert.equal(verdict(`[*.lan]:2222 ${one}`, keyOne, onPort), "known");
    assert.equal(verdict(`server.lan ${one}`, keyOne, onPort), "known");
    assert.equal(verdict(`server.lan ${two}`, keyOne, onPort), "unknown");
    assert.equal(verdict(`server.lan ${one}\n[server.lan]:2222 ${two}`, keyTwo, onPort), "known");
  });

  it("looks for a HostKeyAlias without its port, and for nothing else", () => {
    const aliased: HostKeyName = { ...onPort, alias: "Cluster" };
    assert.equal(verdict(`cluster ${one}`, keyOne, aliased), "known");
    assert.equal(verdict(`[server.lan]:2222 ${one}`, keyOne, aliased), "unknown");
  });

  it("knows every line that it renders, hashed or not, and for no other host", () => {
    const hosts = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
    const ports = fc.constantFrom(22, 2222, 65535);
    const salts = fc.option(fc.uint8Array({ minLength: 20, maxLength: 20 }), { nil: undefined });
    fc.assert(
      fc.property(hosts, hosts, ports, salts, (host, other, port, salt) => {
        const line = renderKnownHost({ host, port, alias: null }, keyOne, salt && Buffer.from(salt));
        assert.equal(verdict(line, keyOne, { host, port, alias: null }), "known");
        if (host !== other)
          assert.equal(verdict(line, keyOne, { host: other, port, alias: null }), "unknown");
      }),
    );
  });
});

describe("what known_hosts says about a host", () => {
  it("lists the types of its keys, for the handshake", () => {
    const text = `server.lan ${rsa}\nserver.lan ${one}\n@revoked server.lan ${two}\nother ${two}`;
    assert.deepEqual(knownKeyTypes([file(text)], server), ["ssh-rsa", "ssh-ed25519"]);
    assert.deepEqual(knownKeyTypes([file(`server.lan ${rsa}`)], onPort), ["ssh-rsa"]);
    assert.deepEqual(knownKeyTypes([file(`server.lan ${rsa}\n[server.lan]:2222 ${one}`)], onPort), [
      "ssh-ed25519",
    ]);
  });

  it("finds a certificate authority", () => {
    assert.equal(hasCertAuthority([file(`@cert-authority *.lan ${one}`)], server), true);
    assert.equal(hasCertAuthority([file(`@cert-authority *.net ${one}\nserver.lan ${one}`)], server), false);
  });
});

describe("against OpenSSH's own tool", {
  skip: spawnSync("ssh-keygen", ["-?"]).error ? "no ssh-keygen" : false,
}, () => {
  it("prints the same fingerprint", async () => {
    await using home = await createTempHome();
    await writeFile(`${home.path}/key.pub`, `${rsa} comment\n`);
    const printed = execFileSync("ssh-keygen", ["-lf", `${home.path}/key.pub`], { encoding: "utf8" });
    assert.equal(printed.split(" ")[1], fingerprintOf(keyRsa));
  });

  it("knows the hosts that ssh-keygen has hashed, and ssh-keygen finds those that we hash", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/kh`;
    await writeFile(path, `server.lan ${one}\n[server.lan]:2222 ${two}\n`);
    execFileSync("ssh-keygen", ["-H", "-f", path], { stdio: "ignore" });
    const hashed = await readFile(path, "utf8");
    assert.match(hashed, /^\|1\|/);
    assert.equal(verdict(hashed), "known");
    assert.equal(verdict(hashed, keyTwo, onPort), "known");
    await writeFile(path, renderKnownHost(onPort, keyOne, Buffer.alloc(20, 7)));
    assert.match(
      execFileSync("ssh-keygen", ["-F", "[server.lan]:2222", "-f", path], { encoding: "utf8" }),
      /found: line 1/,
    );
  });
});
