import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat, writeFile } from "node:fs/promises";
import net from "node:net";
import { describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { listenLocally } from "../../src/system/local-listener.ts";
import { createTempHome } from "../support/temp-home.ts";

const ignore = (): void => {};

describe("a listener of this machine", { timeout: 30_000 }, () => {
  it("names who holds a port", async () => {
    const holder = net.createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as net.AddressInfo;
    const listening = listenLocally({ kind: "tcp", host: "127.0.0.1", port }, ignore);
    await assert.rejects(listening, (error) => {
      assert.ok(isRegctlError(error, "PORT_HELD"));
      assert.equal(error.facts.address, `127.0.0.1:${port}`);
      if (process.platform === "linux") assert.match(error.facts.by ?? "", new RegExp(`pid ${process.pid}`));
      return true;
    });
    holder.close();
  });

  it("makes a socket that only its user reaches, and takes it away again", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/new/folder/l.sock`;
    const listener = await listenLocally({ kind: "unix", path }, ignore);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await listener.close();
    await assert.rejects(stat(path));
  });

  it("leaves a socket alone at which somebody listens", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/l.sock`;
    const first = await listenLocally({ kind: "unix", path }, ignore);
    await assert.rejects(listenLocally({ kind: "unix", path }, ignore), (error) => {
      assert.ok(isRegctlError(error, "PORT_HELD"));
      if (process.platform === "linux") assert.match(error.facts.by ?? "", new RegExp(`pid ${process.pid}`));
      return true;
    });
    await first.close();
  });

  it("replaces the socket of a process that was killed", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/l.sock`;
    const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => console.log("up"))`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const listener = await listenLocally({ kind: "unix", path }, ignore);
    await listener.close();
  });

  it("does not replace what is no socket", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/l.sock`;
    await writeFile(path, "mine");
    const listening = listenLocally({ kind: "unix", path }, ignore);
    await assert.rejects(listening, (error) => isRegctlError(error, "PORT_HELD"));
    assert.equal((await stat(path)).size, 4);
  });

  it("says what is wrong with an address", async () => {
    const listening = listenLocally({ kind: "tcp", host: "192.0.2.1", port: 0 }, ignore);
    await assert.rejects(listening, (error) => isRegctlError(error, "LISTEN_FAILED"));
  });
});
