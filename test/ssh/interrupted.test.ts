/** Ctrl-C at a question ends the attempt: nobody is asked again. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRegctlError, RegctlError } from "../../src/errors.ts";
import { connectSsh } from "../../src/ssh/connect.ts";
import { carriers } from "../support/openssh.ts";
import { startSshServer } from "../support/ssh-server.ts";
import { createSshWorld, foldersOfConnections, quickly } from "../support/ssh-world.ts";

describe("an interrupted question", { timeout: 60_000 }, () => {
  for (const { carrier, skip } of carriers) {
    it(`${carrier}: ends the attempt`, { skip }, async () => {
      await using server = await startSshServer({ password: "right" });
      await using opened = await createSshWorld({ knownHosts: server.knownHosts });
      let asked = 0;
      const interrupt = async () => {
        asked += 1;
        throw new RegctlError("INTERRUPTED", { signal: "SIGINT" });
      };
      const prompt = { interactive: true, consent: interrupt, secret: interrupt, text: interrupt };
      const spec = { user: "tester", host: "127.0.0.1", port: server.port };
      const connecting = connectSsh(spec, { ...quickly, ssh: carrier }, { ...opened.world, prompt });
      await assert.rejects(connecting, (error) => isRegctlError(error, "INTERRUPTED"));
      assert.equal(asked, 1);
      assert.deepEqual(await foldersOfConnections(opened.home), []);
    });
  }

  it("openssh: an attempt that is not wanted any more is not made", { skip: carriers[1].skip }, async () => {
    await using server = await startSshServer();
    await using opened = await createSshWorld({ knownHosts: server.knownHosts });
    const stopping = new AbortController();
    const spec = { user: "tester", host: "127.0.0.1", port: server.port };
    const options = { ...quickly, ssh: "openssh", signal: stopping.signal } as const;
    const connecting = connectSsh(spec, options, {
      ...opened.world,
      // Between the reading of the configuration and the start of ssh.
      files: {
        ...opened.world.files,
        read: async (path) => {
          stopping.abort(new RegctlError("INTERRUPTED", { signal: "SIGINT" }));
          return await opened.world.files.read(path);
        },
      },
    });
    await assert.rejects(connecting, (error) => isRegctlError(error, "INTERRUPTED"));
    assert.deepEqual(await foldersOfConnections(opened.home), []);
  });
});
