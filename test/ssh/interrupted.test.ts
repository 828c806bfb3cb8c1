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
});
