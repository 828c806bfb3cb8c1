import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { Duplex } from "node:stream";
import { describe, it } from "node:test";
import { openEngine } from "../../src/engine/client.ts";
import { openHttpCarrier } from "../../src/engine/http-carrier.ts";
import { isRegctlError, RegctlError } from "../../src/errors.ts";
import { openHttp } from "../../src/system/http.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { startScriptedEngine } from "../support/scripted-engine.ts";
import { carrierContract } from "./carriers.contract.ts";
import { dialStdioHost } from "./dial-stdio-host.ts";
import { engine2010 } from "./scripts.ts";

const local = createLocalHost(spawn);

describe("over a unix socket", () => {
  carrierContract((path) => openHttpCarrier(() => local.dial({ kind: "unix", path }), openHttp));
});

describe("over the standard streams of a command", () => {
  const host = dialStdioHost(local);
  carrierContract((path) =>
    openHttpCarrier(() => host.open(["docker", "-H", `unix://${path}`, "system", "dial-stdio"]), openHttp),
  );
});

describe("over a stream that is no socket", () => {
  carrierContract((path) => openHttpCarrier(async () => plainDuplex(path), openHttp));
});

/** A Duplex with nothing that only sockets have. */
async function plainDuplex(path: string): Promise<Duplex> {
  const socket = net.connect(path);
  await once(socket, "connect");
  return Duplex.from({ readable: socket, writable: socket });
}

describe("the HTTP carrier", () => {
  const name = { host: "lab", via: "unix:///x.sock" };

  it("uses one connection for many requests", async () => {
    const scripted = await startScriptedEngine(engine2010);
    const dial = () => local.dial({ kind: "unix", path: scripted.socketPath });
    const engine = openEngine(dial, openHttp, name);
    try {
      await engine.info();
      await Promise.all([engine.containers(), engine.info(), engine.version()]);
      assert.equal(scripted.connections(), 1);
    } finally {
      await engine.close();
      await scripted.close();
    }
  });

  it("gives up on a dial that never ends", async () => {
    const engine = openEngine(() => new Promise(() => {}), openHttp, name);
    await assert.rejects(engine.ping({ timeoutMs: 100 }), (error: unknown) => {
      assert.ok(isRegctlError(error, "ENGINE_UNREACHABLE"));
      assert.deepEqual(error.facts, {
        host: "lab",
        tried: ["unix:///x.sock"],
        reason: "no answer within 0.1 s",
      });
      return true;
    });
    await engine.close();
  });

  it("dials once for a connection that ends at once", async () => {
    let dials = 0;
    const engine = openEngine(
      async () => {
        dials += 1;
        const stream = new Duplex({ read() {}, write() {} });
        stream.destroy();
        return stream;
      },
      openHttp,
      name,
    );
    await assert.rejects(engine.ping(), (error: unknown) => isRegctlError(error, "ENGINE_UNREACHABLE"));
    assert.equal(dials, 1);
    await engine.close();
  });

  it("passes on why the way to the host failed", async () => {
    const lost = new RegctlError("SSH_CONNECTION_LOST", { host: "lab", reason: "keepalive timeout" });
    const engine = openEngine(() => Promise.reject(lost), openHttp, name);
    await assert.rejects(engine.ping(), (error: unknown) => error === lost);
    await engine.close();
  });

  it("ends requests under way when it is closed", async () => {
    const scripted = await startScriptedEngine(engine2010);
    scripted.intercept(() => true);
    const engine = openEngine(() => local.dial({ kind: "unix", path: scripted.socketPath }), openHttp, name);
    const pinged = assert.rejects(engine.ping(), (error: unknown) =>
      isRegctlError(error, "ENGINE_UNREACHABLE"),
    );
    while (scripted.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await engine.close();
    await pinged;
    await scripted.close();
  });
});
