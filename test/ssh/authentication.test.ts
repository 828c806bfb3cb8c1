/** How both carriers prove who we are. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { connectSsh } from "../../src/ssh/connect.ts";
import { carriers } from "../support/openssh.ts";
import { makeKey, makeLockedKey, type SshServerOptions, startSshServer } from "../support/ssh-server.ts";
import { createSshWorld, quickly, type SshSurroundings } from "../support/ssh-world.ts";

const [mine, foreign, rsa] = [makeKey(), makeKey(), makeKey("rsa")];
const locked = makeLockedKey("open sesame");
const publicKeys = [mine.public, rsa.public, locked.public];

for (const { carrier, skip } of carriers) {
  describe(`authentication: ${carrier}`, { timeout: 60_000, skip }, () => {
    const login = async (options: SshServerOptions, surroundings: SshSurroundings) => {
      await using server = await startSshServer(options);
      await using opened = await createSshWorld({ knownHosts: server.knownHosts, ...surroundings });
      const spec = { user: "tester", host: "127.0.0.1", port: server.port };
      const connection = await connectSsh(spec, { ...quickly, ssh: carrier }, opened.world);
      const { code } = await connection.run(["true"]);
      await connection.close();
      assert.equal(code, 0);
      return {
        methods: server.methods,
        asked: opened.asked.map(({ kind, question }) => ({ kind, question })),
      };
    };
    const fails = (running: Promise<unknown>) =>
      assert.rejects(running, (error) => {
        assert.ok(isRegctlError(error, "SSH_AUTH_FAILED"), String(error));
        assert.equal(error.facts.user, "tester");
        return true;
      });

    it("uses a key file", async () => {
      await login({ publicKeys }, { files: { id: mine.private } });
    });

    it("uses an RSA key with SHA-2", async () => {
      await login({ publicKeys }, { files: { id: rsa.private } });
    });

    it("asks for a passphrase once", async () => {
      const { asked } = await login(
        { publicKeys },
        { files: { id: locked.private }, answers: ["open sesame"] },
      );
      assert.equal(asked.length, 1);
      assert.match(JSON.stringify(asked), /passphrase/i);
    });

    it("asks again after a wrong passphrase", async () => {
      const { asked } = await login(
        { publicKeys },
        { files: { id: locked.private }, answers: ["no", "open sesame"] },
      );
      assert.equal(asked.length, 2);
    });

    it("does not ask for the passphrase of a key that the server does not want", async () => {
      const answers = ["the password"];
      const { asked } = await login(
        { publicKeys: [foreign.public], password: "the password" },
        { files: { id: locked.private }, answers },
      );
      assert.doesNotMatch(JSON.stringify(asked), /passphrase/i);
    });

    it("never gives the password of the environment as a passphrase", async () => {
      const environment = { REGCTL_SSH_PASSWORD: "open sesame" };
      await fails(login({ publicKeys }, { files: { id: locked.private }, environment }));
    });

    it("takes a password from the environment", async () => {
      const { asked } = await login(
        { password: "s3cret" },
        { environment: { REGCTL_SSH_PASSWORD: "s3cret" } },
      );
      assert.deepEqual(asked, []);
    });

    it("answers keyboard-interactive with the password of the environment", async () => {
      const { asked } = await login(
        { keyboard: { prompt: "Password: ", answer: "s3cret" } },
        { environment: { REGCTL_SSH_PASSWORD: "s3cret" } },
      );
      assert.deepEqual(asked, []);
    });

    it("lets a person answer what keyboard-interactive asks", async () => {
      const { asked } = await login(
        { keyboard: { prompt: "One-time token: ", answer: "123456" } },
        { environment: { REGCTL_SSH_PASSWORD: "s3cret" }, answers: ["123456"] },
      );
      assert.match(JSON.stringify(asked), /One-time token/);
    });

    it("asks a person for the password, three times at most", async () => {
      const { asked } = await login({ password: "s3cret" }, { answers: ["a", "b", "s3cret"] });
      assert.equal(asked.length, 3);
      await fails(login({ password: "s3cret" }, { answers: ["a", "b", "c", "s3cret"] }));
    });

    it("fails without a question where nobody can be asked", async () => {
      await fails(login({ password: "s3cret", publicKeys }, { files: { id: foreign.private } }));
      await fails(login({ keyboard: { prompt: "Password: ", answer: "x" } }, {}));
    });

    it("tries the password of the environment once", async () => {
      await fails(login({ password: "s3cret" }, { environment: { REGCTL_SSH_PASSWORD: "wrong" } }));
    });
  });
}
