import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseSettings, toTarget } from "../../src/ssh/settings.ts";
import type { SshTarget } from "../../src/ssh/target.ts";

const local = { home: "/home/me", user: "me", environment: { SSH_AUTH_SOCK: "/run/agent", KEYS: "/keys" } };
const target = (text: string, spec = { host: "prod" }): SshTarget =>
  toTarget(spec, parseSettings(text), local);

describe("toTarget", () => {
  it("reads what ssh -G prints (Debian 12, OpenSSH 9.2, shortened)", () => {
    const read = target(
      [
        "host prod",
        "user deploy",
        "hostname 10.1.2.3",
        "port 2222",
        "identitiesonly yes",
        "stricthostkeychecking accept-new",
        "hashknownhosts yes",
        "serveraliveinterval 7",
        "serveralivecountmax 2",
        "connecttimeout 5",
        "gssapiauthentication no",
        "passwordauthentication no",
        "pubkeyauthentication true",
        "identityfile ~/.ssh/k_%h_%r",
        "identityfile /keys/%d",
        "globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2",
        "userknownhostsfile /home/me/.ssh/known_hosts /dev/null",
        "hostkeyalias cluster",
        "proxyjump a@one:2200,two",
        "addressfamily inet6",
      ].join("\n"),
    );
    const { name, alias, host, port, user, identityFiles, userKnownHosts, proxyJump } = read;
    assert.deepEqual(
      { name, alias, host, port, user, identityFiles, userKnownHosts, proxyJump },
      {
        name: "deploy@prod:2222",
        alias: "prod",
        host: "10.1.2.3",
        port: 2222,
        user: "deploy",
        identityFiles: ["/home/me/.ssh/k_10.1.2.3_deploy", "/keys//home/me"],
        userKnownHosts: ["/home/me/.ssh/known_hosts", "/dev/null"],
        proxyJump: [{ user: "a", host: "one", port: 2200 }, { host: "two" }],
      },
    );
    assert.equal(read.hostKeyAlias, "cluster");
    assert.equal(read.hostKeyPolicy, "accept-new");
    assert.equal(read.identitiesOnly && read.hashKnownHosts, true);
    assert.deepEqual(
      [read.serverAliveSeconds, read.serverAliveCountMax, read.connectTimeoutSeconds],
      [7, 2, 5],
    );
    assert.deepEqual(read.methods, { publickey: true, password: false, keyboard: true });
    assert.equal(read.family, 6);
  });

  it("has sensible answers where nothing is said", () => {
    const read = target("");
    assert.equal(read.name, "me@prod");
    assert.equal(read.identityAgent, "/run/agent");
    assert.equal(read.identityFiles[0], "/home/me/.ssh/id_rsa");
    assert.deepEqual(read.userKnownHosts, ["/home/me/.ssh/known_hosts", "/home/me/.ssh/known_hosts2"]);
    assert.equal(read.serverAliveSeconds, 15);
    assert.equal(read.hostKeyPolicy, "ask");
    assert.deepEqual([read.proxyCommand, read.proxyJump, read.hostKeyAlias], [null, [], null]);
  });

  it("lets what was typed win over the configuration", () => {
    const read = toTarget({ user: "root", host: "prod", port: 23 }, parseSettings("user x\nport 22"), local);
    assert.equal(read.name, "root@prod:23");
  });

  it("expands the tokens of a ProxyCommand, and no others", () => {
    const text = "hostname real\nport 24\nuser u\nproxycommand nc %h %p %r %n %% %Z";
    assert.equal(target(text).proxyCommand, "nc real 24 u prod % %Z");
  });

  const agents: Record<string, string | null> = {
    none: null,
    SSH_AUTH_SOCK: "/run/agent",
    $KEYS: "/keys",
    $MISSING: null,
    "~/agent.sock": "/home/me/agent.sock",
    "${KEYS}/a-%u.sock": "/keys/a-me.sock",
  };
  for (const [setting, expected] of Object.entries(agents)) {
    it(`finds the agent of IdentityAgent ${setting}`, () => {
      assert.equal(target(`identityagent ${setting}`).identityAgent, expected);
    });
  }

  const policies = {
    true: "yes",
    yes: "yes",
    ask: "ask",
    "accept-new": "accept-new",
    false: "no",
    off: "no",
    no: "no",
  };
  for (const [setting, expected] of Object.entries(policies)) {
    it(`takes StrictHostKeyChecking ${setting} for ${expected}`, () => {
      assert.equal(target(`stricthostkeychecking ${setting}`).hostKeyPolicy, expected);
    });
  }

  it("reads ssh's times", () => {
    assert.equal(target("connecttimeout 1m30s").connectTimeoutSeconds, 90);
    assert.equal(target("connecttimeout none").connectTimeoutSeconds, null);
  });
});
