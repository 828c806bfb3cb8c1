/** The engine's client against a real dockerd 20.10: by its socket, by `docker system dial-stdio`, by curl. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineCarrier } from "../../src/engine/carrier.ts";
import { createEngine, type Engine } from "../../src/engine/client.ts";
import { openCurlCarrier } from "../../src/engine/curl-carrier.ts";
import { dialEngine } from "../../src/engine/dial-engine.ts";
import { insecureRegistriesOf } from "../../src/engine/engine-info.ts";
import { openHttpCarrier } from "../../src/engine/http-carrier.ts";
import { judgeProbe } from "../../src/engine/probe.ts";
import { isRegctlError, RegctlError } from "../../src/errors.ts";
import type { Host } from "../../src/ports.ts";
import { openHttp } from "../../src/system/http.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { type LabHost, runContainer, startHost, startRegistry } from "./lab.ts";

const socketPath = "/run/docker.sock";
const local = createLocalHost(spawn);

/** A lab host as one of its users; like an SSH server that allows commands and forbids streams. */
function as(user: string, lab: LabHost): Host {
  const enter = ["nsenter", "-t", String(lab.initPid), "-m", "-u", "-i", "-n", "-p", "-r", "--"];
  const inside = (argv: readonly string[]) => [...enter, "/sbin/runuser", "-u", user, "--", ...argv];
  const denied = { host: lab.name, destination: socketPath, reason: "open failed" };
  return {
    name: lab.name,
    local: false,
    run: (argv, options) => local.run(inside(argv), options),
    open: (argv) => local.open(inside(argv)),
    dial: () => Promise.reject(new RegctlError("SSH_FORWARD_DENIED", denied)),
  };
}

const carriers: Readonly<Record<string, (lab: LabHost) => EngineCarrier>> = {
  "its socket": (lab) =>
    openHttpCarrier(() => local.dial({ kind: "unix", path: `${lab.root}${socketPath}` }), openHttp),
  "docker system dial-stdio": (lab) => {
    const argv = ["docker", "-H", `unix://${socketPath}`, "system", "dial-stdio"];
    return openHttpCarrier(() => as("root", lab).open(argv), openHttp);
  },
  curl: (lab) => openCurlCarrier(as("root", lab), socketPath),
};

describe("a real engine", () => {
  let lab: LabHost;
  before(async () => {
    lab = await startHost("systemd");
  });
  after(() => lab?.stop());

  for (const [name, openCarrier] of Object.entries(carriers)) {
    it(`answers through ${name}`, async () => {
      const engine = createEngine(openCarrier(lab), { host: lab.name, via: name });
      try {
        await looksAround(engine, lab, name.replaceAll(" ", "-"));
        await asksRegistries(engine, lab);
      } finally {
        await engine.close();
      }
    });
  }

  it("is reached by a member of the group docker without rights", async () => {
    const engine = await dialEngine({ plain: as("indocker", lab), socketPath, openHttp });
    assert.equal(engine.via, "docker system dial-stdio");
    assert.match((await engine.info()).serverVersion, /^20\.10\./);
    await engine.close();
  });

  it("is reached by anybody else with rights only", async () => {
    const plain = as("nosudo", lab);
    await assert.rejects(dialEngine({ plain, socketPath, openHttp }), (error: unknown) =>
      isRegctlError(error, "ENGINE_UNREACHABLE"),
    );
    const engine = await dialEngine({ plain, privileged: as("root", lab), socketPath, openHttp });
    assert.equal(engine.via, "docker system dial-stdio as root");
    await engine.close();
  });

  it("is found again after a restart, by the same client", async () => {
    const engine = await dialEngine({ plain: as("root", lab), socketPath, openHttp });
    try {
      await engine.info();
      assert.equal((await lab.run(["systemctl", "restart", "docker"])).code, 0);
      assert.match((await engine.info()).serverVersion, /^20\.10\./);
    } finally {
      await engine.close();
    }
  });
});

async function looksAround(engine: Engine, lab: LabHost, container: string): Promise<void> {
  const info = await engine.info();
  assert.match(info.serverVersion, /^20\.10\./);
  assert.equal(info.name, lab.name);
  assert.equal(await engine.apiVersion(), "1.41");
  const id = await runContainer(lab, container);
  try {
    const running = (await engine.containers()).find((found) => found.id === id);
    assert.deepEqual(running?.names, [container]);
    const inspected = await lab.run(["docker", "inspect", "-f", "{{.State.Pid}}", id]);
    assert.equal((await engine.containerProcess(id))?.pid, Number(inspected.stdout.trim()));
  } finally {
    await lab.run(["docker", "rm", "-f", id]);
  }
  assert.equal(await engine.containerProcess(id), null);
}

async function asksRegistries(engine: Engine, lab: LabHost): Promise<void> {
  const registry = await startRegistry(lab);
  const ask = async () =>
    judgeProbe(await engine.probeRegistry(`${registry.address}/regctl-probe:x`, 10_000)).verdict;
  try {
    await setInsecure(lab, engine, []);
    assert.equal(await ask(), "protocol");
    const before = await engine.lastReload(Date.now() / 1000);
    await sleep(1100); // Events are counted in whole seconds.
    await setInsecure(lab, engine, [registry.address]);
    assert.equal(await ask(), "trusted");
    await sleep(1100);
    const reloaded = await engine.lastReload(Date.now() / 1000);
    assert.ok(reloaded !== null && reloaded > (before ?? 0), `reloaded at ${reloaded}, before at ${before}`);
  } finally {
    await registry.stop();
  }
  assert.equal(await ask(), "unreachable");
}

/** Writes the list and has the engine load it; resolves when the engine has it. */
async function setInsecure(lab: LabHost, engine: Engine, registries: readonly string[]): Promise<void> {
  const text = JSON.stringify({ "insecure-registries": registries });
  const script = "mkdir -p /etc/docker && cat >/etc/docker/daemon.json && systemctl reload docker";
  assert.equal((await lab.run(["sh", "-c", script], { input: text })).code, 0);
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const held = insecureRegistriesOf(await engine.info()).filter((entry) => entry !== "127.0.0.0/8");
    if (held.join() === registries.join()) return;
    await sleep(50);
  }
  assert.fail(`the engine did not take ${text}`);
}
