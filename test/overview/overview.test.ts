/** The program's name alone. */
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { describe, it } from "node:test";
import { planNext } from "../../src/overview/overview.ts";
import { type CliOptions, runCli } from "../support/run-cli.ts";
import { createTempHome } from "../support/temp-home.ts";

const look = async (options: CliOptions) => {
  const { code, stdout, stderr } = await runCli(["--json"], options);
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout);
};

describe("regctl alone", () => {
  it("on a host that has nothing says so, and how to begin", async () => {
    await using home = await createTempHome();
    const env = { HOME: home.path, DOCKER_HOST: `unix://${home.path}/none.sock` };
    const { registry, engine, servers, tunnels, next } = await look({ env });
    assert.deepEqual([registry, engine, servers, tunnels], [null, null, [], []]);
    assert.equal(next[0].command, "regctl quickstart");
    const { code, stdout } = await runCli([], { env: { ...env, COLUMNS: "60" } });
    assert.equal(code, 0);
    assert.match(stdout, /everything there is +regctl --help/);
    assert.deepEqual(
      stdout.split("\n").filter((line) => line.length > 60),
      [],
    );
  });

  it("names the default registry, who says so, and what is served from here", async () => {
    await using home = await createTempHome();
    const env = { HOME: home.path, DOCKER_HOST: `unix://${home.path}/none.sock` };
    const serve = ["serve", "--listen", "127.0.0.1:0", "--storage", `${home.path}/r`, "--detach", "--json"];
    const { url } = JSON.parse((await runCli(serve, { env })).stdout);
    try {
      const seen = await look({ env: { ...env, REGCTL_REGISTRY: "registry.example:5000" } });
      assert.deepEqual(seen.registry, { name: "registry.example:5000", from: "environment" });
      assert.deepEqual(seen.servers, [url]);
    } finally {
      await runCli(["serve", "stop", "--storage", `${home.path}/r`], { env });
    }
  });

  it("an engine that takes the connection and never answers is not waited for", async () => {
    await using home = await createTempHome();
    const silent = net.createServer(() => {});
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as net.AddressInfo;
    try {
      const env = { HOME: home.path, DOCKER_HOST: `tcp://127.0.0.1:${port}` };
      assert.equal((await look({ env, timeoutMs: 10_000 })).engine, null);
    } finally {
      silent.close();
    }
  });

  it("what comes next depends on what is there", () => {
    const registry = { name: "r:5000", from: "settings" } as const;
    const engine = { address: "unix:///x", version: "28", insecure: [] };
    assert.equal(planNext({ registry, engine })[0]?.command, "regctl publish IMAGE NAME:TAG");
    assert.equal(planNext({ registry, engine: null })[0]?.command, "regctl publish FILE.tar NAME:TAG");
  });
});
