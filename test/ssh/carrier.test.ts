import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { needsOpenSsh } from "../../src/ssh/carrier.ts";
import { parseSettings, toTarget } from "../../src/ssh/settings.ts";
import { makeKey } from "../support/ssh-server.ts";

const none = { securityKeys: [], certificates: [] };
const target = (text: string) =>
  toTarget({ host: "server.lan" }, parseSettings(text), { home: "/h", user: "me", environment: {} });
const authority = { path: "/kh", text: `@cert-authority *.lan ${makeKey().public}` };

describe("needsOpenSsh", () => {
  it("is null for what ssh2 can do", () => {
    assert.equal(needsOpenSsh(target("gssapiauthentication yes"), none, []), null);
    assert.equal(needsOpenSsh(target("pkcs11provider none"), none, []), null);
    assert.equal(needsOpenSsh(target("hostkeyalias elsewhere.net"), none, [authority]), null);
  });

  const reasons = {
    "PKCS#11": () => needsOpenSsh(target("pkcs11provider /usr/lib/token.so"), none, []),
    "security key": () => needsOpenSsh(target(""), { ...none, securityKeys: ["/h/.ssh/id_ed25519_sk"] }, []),
    "is a certificate": () => needsOpenSsh(target(""), { ...none, certificates: ["/h/c-cert.pub"] }, []),
    "certificate authority": () => needsOpenSsh(target(""), none, [authority]),
    "GSSAPI is the only": () =>
      needsOpenSsh(target("gssapiauthentication yes\npreferredauthentications gssapi-with-mic"), none, []),
    GSSAPI: () =>
      needsOpenSsh(
        target(
          "gssapiauthentication yes\npubkeyauthentication no\npasswordauthentication no\nkbdinteractiveauthentication no",
        ),
        none,
        [],
      ),
    ProxyUseFdpass: () => needsOpenSsh(target("proxyusefdpass yes"), none, []),
  };
  for (const [words, reason] of Object.entries(reasons)) {
    it(`names: ${words}`, () => assert.ok(reason()?.includes(words)));
  }
});
