import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { dialEngine } from "../../src/engine/dial-engine.ts";
import { isRegctlError, RegctlError } from "../../src/errors.ts";
import type { Host } from "../../src/ports.ts";
import { openHttp } from "../../src/system/http.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { type ScriptedEngine, startScriptedEngine } from "../support/scripted-engine.ts";
import { dialStdioHost } from "./dial-stdio-host.ts";
import { engine2010 } from "./scripts.ts";

const local = createLocalHost(spawn);
const withDocker = dialStdioHost(local);
/** Its docker CLI is older than 18.09 and prints its usage. */
const withOldDocker: Host = {
  ...local,
  open: (argv) => local.open(argv[0] === "docker" ? ["echo", "Usage:  docker system COMMAND"] : argv),
};
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

/** What an SSH server says that forbids streams, and an account that may not open the socket. */
const noStreams = (host: Host): Host => ({
  ...host,
  dial: async () => {
    throw new RegctlError("SSH_FORWARD_DENIED", {
      host: "lab",
      destination: "x",
      reason: "administratively prohibited",
    });
  },
});
const noRights = (host: Host): Host => ({
  ...noStreams(host),
  run: async () => ({ code: 1, stdout: Buffer.of(), stderr: Buffer.of() }),
  open: async () => assert.fail("the plain user was asked although the socket is not open to them"),
});

async function using(use: (scripted: ScriptedEngine) => Promise<void>): Promise<void> {
  const scripted = await startScriptedEngine(engine2010);
  try {
    await use(scripted);
  } finally {
    await scripted.close();
  }
}

async function viaOf(plain: Host, privileged: Host | undefined, scripted: ScriptedEngine): Promise<string> {
  const rights = privileged === undefined ? {} : { privileged };
  const engine = await dialEngine({ plain, ...rights, socketPath: scripted.socketPath, openHttp });
  try {
    assert.equal((await engine.info()).name, "lab");
    return engine.via;
  } finally {
    await engine.close();
  }
}

describe("dialEngine", () => {
  it("takes the socket where it can, on the connection that answered", async () => {
    await using(async (scripted) => {
      assert.equal(await viaOf(local, undefined, scripted), `unix://${scripted.socketPath}`);
      assert.equal(scripted.connections(), 1);
    });
  });

  it("takes the docker CLI where the SSH server forbids streams", async () => {
    await using(async (scripted) => {
      assert.equal(await viaOf(noStreams(withDocker), undefined, scripted), "docker system dial-stdio");
    });
  });

  it("takes rights where the user has none", async () => {
    await using(async (scripted) => {
      assert.equal(await viaOf(noRights(local), withDocker, scripted), "docker system dial-stdio as root");
    });
  });

  it("takes curl where the docker CLI is too old", {
    skip: hasCurl ? false : "curl is not installed",
  }, async () => {
    await using(async (scripted) => {
      const via = `curl --unix-socket ${scripted.socketPath}`;
      assert.equal(await viaOf(noStreams(withOldDocker), undefined, scripted), via);
      assert.equal(await viaOf(noRights(local), withOldDocker, scripted), `${via} as root`);
    });
  });

  it("asks for no rights when nobody listens here", async () => {
    const socketPath = "/nonexistent/docker.sock";
    const privileged: Host = { ...local, open: async () => assert.fail("rights were asked for") };
    await assert.rejects(dialEngine({ plain: local, privileged, socketPath, openHttp }), (error: unknown) => {
      assert.ok(isRegctlError(error, "ENGINE_UNREACHABLE"));
      assert.equal(error.facts.tried.length, 1);
      assert.match(error.facts.reason, /ENOENT/);
      return true;
    });
  });

  it("names every way that it tried and what each said", async () => {
    await using(async (scripted) => {
      const failing: Host = {
        ...noStreams(local),
        open: () => local.open(["sh", "-c", "head -c 1 >/dev/null; echo not today >&2; exit 3"]),
      };
      const reach = { plain: failing, privileged: failing, socketPath: scripted.socketPath, openHttp };
      await assert.rejects(dialEngine(reach), (error: unknown) => {
        assert.ok(isRegctlError(error, "ENGINE_UNREACHABLE"));
        assert.deepEqual(error.facts, {
          host: "localhost",
          tried: [
            `unix://${scripted.socketPath}: administratively prohibited`,
            "docker system dial-stdio: not today",
            `curl --unix-socket ${scripted.socketPath}: not today`,
            "docker system dial-stdio as root: not today",
            `curl --unix-socket ${scripted.socketPath} as root: not today`,
          ],
          reason: "not today",
        });
        return true;
      });
    });
  });

  it("does not go on without the host", async () => {
    const lost = new RegctlError("SSH_CONNECTION_LOST", { host: "lab", reason: "reset" });
    const gone: Host = {
      ...local,
      dial: () => Promise.reject(lost),
      open: async () => assert.fail("went on"),
    };
    const reach = { plain: gone, privileged: gone, socketPath: "/run/docker.sock", openHttp };
    await assert.rejects(dialEngine(reach), (error: unknown) => error === lost);
  });

  it("gives a silent way up and takes the next", async () => {
    await using(async (scripted) => {
      const silent: Host = { ...withDocker, dial: () => new Promise(() => {}) };
      const reach = { plain: silent, socketPath: scripted.socketPath, openHttp, answerWithinMs: 1000 };
      const engine = await dialEngine(reach);
      assert.equal(engine.via, "docker system dial-stdio");
      await engine.close();
    });
  });
});
