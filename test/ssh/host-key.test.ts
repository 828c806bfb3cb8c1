/** What both carriers do with a host's key. */
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { describe, it } from "node:test";
import { type ErrorCode, isRegctlError } from "../../src/errors.ts";
import { connectSsh } from "../../src/ssh/connect.ts";
import type { SshOptions } from "../../src/ssh/world.ts";
import { carriers } from "../support/openssh.ts";
import { makeKey, startSshServer, type TestSshServer } from "../support/ssh-server.ts";
import { createSshWorld, quickly, type SshSurroundings } from "../support/ssh-world.ts";

const strangerKey = makeKey().public.split(" ").slice(0, 2).join(" ");

for (const { carrier, skip } of carriers) {
  describe(`host keys: ${carrier}`, { timeout: 60_000, skip }, () => {
    const attempt = async (
      server: TestSshServer,
      surroundings: SshSurroundings,
      options: Partial<SshOptions> = {},
    ) => {
      const opened = await createSshWorld(surroundings);
      const spec = { user: "tester", host: "127.0.0.1", port: server.port };
      try {
        const connection = await connectSsh(spec, { ...quickly, ssh: carrier, ...options }, opened.world);
        await connection.close();
        return { ...opened, known: await readFile(opened.knownHostsPath, "utf8").catch(() => "") };
      } finally {
        await opened[Symbol.asyncDispose]();
      }
    };
    const refused = (running: Promise<unknown>, code: ErrorCode, facts: object) =>
      assert.rejects(running, (error) => {
        assert.ok(isRegctlError(error, code), String(error));
        assert.partialDeepStrictEqual(error.facts, facts);
        return true;
      });

    it("refuses an unknown key where nobody can be asked, and shows its fingerprint", async () => {
      await using server = await startSshServer();
      const facts = { host: "127.0.0.1", port: server.port, fingerprint: server.fingerprints[0] };
      await refused(attempt(server, {}), "SSH_HOST_KEY_UNKNOWN", facts);
      await refused(
        attempt(server, { config: ["StrictHostKeyChecking yes"], answers: [] }),
        "SSH_HOST_KEY_UNKNOWN",
        facts,
      );
    });

    it("shows a person the fingerprint, and records the key on a yes", async () => {
      await using server = await startSshServer();
      const { asked, known } = await attempt(server, { answers: [true] });
      const [question] = asked;
      assert.equal(question?.kind, "consent");
      assert.ok(JSON.stringify(question).includes(server.fingerprints[0] ?? "-"));
      assert.equal(question?.flag, `--accept-host-key ${server.fingerprints[0]}`);
      assert.equal(known.trim(), server.knownHosts.trim());
    });

    it("takes a no for a no", async () => {
      await using server = await startSshServer();
      await refused(attempt(server, { answers: [false] }), "SSH_HOST_KEY_UNKNOWN", {});
    });

    it("accepts and records a key whose fingerprint was given, without asking", async () => {
      await using server = await startSshServer();
      const acceptHostKey = [`SHA256:${"o".repeat(43)}`, ...server.fingerprints];
      const { asked, known } = await attempt(server, { answers: [] }, { acceptHostKey });
      assert.deepEqual(asked, []);
      assert.equal(known.trim(), server.knownHosts.trim());
    });

    it("takes nothing else for a fingerprint", async () => {
      await using server = await startSshServer();
      for (const odd of ["SHA256:short", "MD5:aa:bb", server.fingerprints[0]?.replace("SHA256:", "") ?? ""]) {
        await assert.rejects(attempt(server, { answers: [] }, { acceptHostKey: [odd] }), (error) =>
          isRegctlError(error, "USAGE"),
        );
      }
    });

    it("refuses a key when another fingerprint was given", async () => {
      await using server = await startSshServer();
      const accepted = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
      const running = attempt(server, { answers: [true] }, { acceptHostKey: [accepted] });
      await refused(running, "SSH_HOST_KEY_REFUSED", { accepted, fingerprint: server.fingerprints[0] });
    });

    it("refuses a changed key, whatever StrictHostKeyChecking says, and tells where the old one is", async () => {
      await using server = await startSshServer();
      const knownHosts = `# mine\n[127.0.0.1]:${server.port} ${strangerKey}\n`;
      for (const config of [[], ["StrictHostKeyChecking no"]]) {
        const running = attempt(
          server,
          { knownHosts, config, answers: [true] },
          { acceptHostKey: [...server.fingerprints] },
        );
        await refused(running, "SSH_HOST_KEY_CHANGED", { fingerprint: server.fingerprints[0] });
        await assert.rejects(attempt(server, { knownHosts, config }), (error) => {
          assert.ok(isRegctlError(error, "SSH_HOST_KEY_CHANGED"));
          return error.facts.knownHosts.endsWith("/known_hosts:2");
        });
      }
    });

    it("refuses a revoked key", async () => {
      await using server = await startSshServer();
      const knownHosts = `${server.knownHosts}@revoked * ${server.knownHosts.split(" ").slice(1).join(" ")}`;
      await refused(attempt(server, { knownHosts }), "SSH_HOST_KEY_REVOKED", {});
    });

    it("records silently with accept-new, hashed with HashKnownHosts, for the owner alone", async () => {
      await using server = await startSshServer();
      const config = ["StrictHostKeyChecking accept-new", "HashKnownHosts yes"];
      const { known, events } = await attempt(server, { config });
      assert.match(known, /^\|1\|/);
      assert.match(JSON.stringify(events), /accept-new/);
    });

    it("takes known_hosts that cannot be read for empty, as ssh does", async () => {
      await using server = await startSshServer();
      const config = ["UserKnownHostsFile /"];
      const facts = { fingerprint: server.fingerprints[0] };
      await refused(attempt(server, { config }), "SSH_HOST_KEY_UNKNOWN", facts);
      const { events } = await attempt(server, { config }, { acceptHostKey: [...server.fingerprints] });
      if (carrier === "openssh") return;
      assert.deepEqual(
        events.map((event) => "warning" in event && event.warning.replace(/EISDIR.*/, "EISDIR")),
        ["/ cannot be read: EISDIR", "the host key is not recorded in /: EISDIR"],
      );
    });

    it("asks for the type of key that it knows", async () => {
      await using server = await startSshServer({ hostKeys: ["ed25519", "rsa", "ecdsa"] });
      for (const line of server.knownHosts.trim().split("\n")) {
        const { asked } = await attempt(server, { knownHosts: `${line}\n` });
        assert.deepEqual(asked, []);
      }
    });

    it("does not take a key of another type on trust where one is known", async () => {
      await using server = await startSshServer({ hostKeys: ["rsa"] });
      const knownHosts = `[127.0.0.1]:${server.port} ${strangerKey}\n`;
      const config = ["StrictHostKeyChecking accept-new"];
      await assert.rejects(
        attempt(server, { knownHosts, config }),
        (error) =>
          isRegctlError(error, "SSH_HOST_KEY_UNKNOWN") || isRegctlError(error, "SSH_HOST_KEY_CHANGED"),
      );
    });
  });
}

it("creates known_hosts for the owner alone", async () => {
  await using server = await startSshServer();
  await using opened = await createSshWorld({ config: ["StrictHostKeyChecking accept-new"] });
  const connection = await connectSsh({ host: "127.0.0.1", port: server.port }, quickly, opened.world);
  await connection.close();
  assert.equal((await stat(opened.knownHostsPath)).mode & 0o777, 0o600);
});
