/** A tunnel lands where the engine is: a boot2docker-like machine and a server's registry, with this machine between. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { eventually, must } from "./conduct.ts";
import { type LabHost, runContainer, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import type { LabRegistry } from "./registry.ts";
import { askRegistry, isWell, openTunnelPerson, type TunnelPerson } from "./tunnel-world.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

interface Session {
  readonly pid: number;
}

describe("a tunnel and an engine in a machine", { skip, concurrency: 1, timeout: 300_000 }, () => {
  let server: LabHost;
  let machine: LabHost;
  let registry: LabRegistry;
  let person: TunnelPerson;

  before(async () => {
    [server, machine] = await Promise.all([startHost("bare", { name: "server" }), startHost("boot2docker")]);
    registry = await startRegistry(server, { listen: "127.0.0.1" });
    await runContainer(machine, "maker");
    person = await openTunnelPerson([server, machine], (home) => ({
      DOCKER_HOST: `tcp://${machine.address}:2376`,
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: `${home}/.docker/machine/machines/default`,
    }));
    const folder = `${person.home}/.docker/machine/machines/default`;
    await mkdir(folder, { recursive: true });
    // SOURCE: written by hand after docker/machine libmachine/drivers/base.go and libmachine/host/host.go.
    const driver = {
      IPAddress: machine.address,
      SSHUser: "docker",
      SSHPort: 22,
      SSHKeyPath: machine.keyFile,
    };
    await writeFile(`${folder}/config.json`, JSON.stringify({ DriverName: "generic", Driver: driver }));
  });
  after(async () => {
    await person?.leave();
    await registry?.stop();
    await Promise.all([server?.stop(), machine?.stop()]);
  });

  const push = async (name: string, on = machine) => {
    await must(on, "docker", "tag", "lab/sleeper:1", name);
    await must(on, "docker", "push", "-q", name);
    await must(on, "docker", "rmi", name);
    await must(on, "docker", "pull", "-q", name);
  };
  /** The process over there that serves the tunnel's connection, as regctl has written it down. */
  const sessionPid = async (): Promise<number> => {
    const folder = `${person.home}/.local/state/regctl/far-sessions`;
    const texts = await Promise.all(
      (await readdir(folder)).map((name) => readFile(`${folder}/${name}/sessions.json`, "utf8")),
    );
    const sessions = texts.flatMap((text): readonly Session[] => JSON.parse(text).sessions);
    const [session] = sessions;
    assert.equal(sessions.length, 1, texts.join());
    return session?.pid ?? assert.fail();
  };
  const runsThere = async (pid: number) => (await machine.run(["kill", "-0", String(pid)])).code === 0;

  for (const carrier of ["openssh", "node"]) {
    describe(`by ${carrier}`, () => {
      let pid = 0;
      let port = "";

      it("docker push and pull of localhost work over there", async () => {
        const item = await person.start("server", "--ssh", carrier);
        assert.ok(isWell(item), JSON.stringify(item));
        assert.equal(item.engine?.side, "there");
        assert.equal(item.engine?.name, "docker-machine's machine default");
        assert.equal(item.engine?.registry, item.registry);
        port = item.registry?.split(":")[1] ?? assert.fail();
        pid = item.pid;
        await push(`localhost:${port}/x:1`);
        assert.equal(await askRegistry(`localhost:${port}`), 200);
        const [listed] = await person.list();
        assert.ok((listed?.bytesUp ?? 0) > 500, JSON.stringify(listed));
      });

      it("a session that is left there is ended, and the port is the same", async () => {
        const old = await sessionPid();
        // It hears and says nothing any more, and keeps its port: what a cut looks like from here.
        await must(machine, "kill", "-STOP", String(old));
        await eventually("the end of the old session", async () => !(await runsThere(old)));
        const item = await person.until("both sides", (each) => isWell(each) && each.problem === null);
        assert.equal(item.registry, `localhost:${port}`);
        assert.notEqual(await sessionPid(), old);
        await push(`localhost:${port}/x:2`);
      });

      it("killed with its session left there, the next one gets the port", async () => {
        const old = await sessionPid();
        await must(machine, "kill", "-STOP", String(old));
        process.kill(pid, "SIGKILL");
        await eventually("the end of what it had started", async () => (await person.list()).length === 0);
        const item = await person.start("server", "--ssh", carrier);
        assert.equal(item.registry, `localhost:${port}`);
        assert.equal(item.engine?.registry, item.registry);
        assert.equal(await runsThere(old), false);
        await push(`localhost:${port}/x:3`);
      });

      it("the link to it goes down and comes up", async () => {
        await machine.linkDown();
        try {
          const item = await person.until("that it is noticed", ({ problem }) => problem !== null);
          assert.deepEqual([item.state, item.healthy], ["reconnecting", true]);
          assert.equal(await askRegistry(`localhost:${port}`), 200, "regctl's own side stays");
        } finally {
          await machine.linkUp();
        }
        await person.until("both sides", (each) => isWell(each) && each.problem === null);
        await push(`localhost:${port}/x:4`);
      });

      it("stopped, nothing listens there, and nothing is written down", async () => {
        const old = await sessionPid();
        assert.equal((await person.regctl(["tunnel", "stop"])).code, 0);
        await eventually("the end of the session", async () => !(await runsThere(old)));
        assert.notEqual((await machine.run(["busybox", "nc", "-z", "127.0.0.1", port])).code, 0);
      });
    });
  }

  it("somebody else's listener there is named, left alone, and gone around", async () => {
    const holder = await startRegistry(machine, { listen: "127.0.0.1" });
    const [code, error, message] = await person.failure("server", "--local-port", "5000");
    assert.deepEqual([code, error], [3, "PORT_HELD"]);
    assert.match(message, /127\.0\.0\.1:5000 of docker@\S+ already: a program of root/);
    const item = await person.start("server");
    assert.notEqual(item.registry, "localhost:5000");
    assert.equal(item.engine?.registry, item.registry);
    await push(`${item.registry}/x:5`);
    assert.equal((await person.regctl(["tunnel", "stop"])).code, 0);
    await push("localhost:5000/still:1");
    await holder.stop();
  });

  it("an engine that is out of reach is warned of, and one that is named is an error", async () => {
    await machine.linkDown();
    try {
      const item = await person.start("server", "--timeout", "4", "--local-port", "0");
      assert.deepEqual([item.healthy, item.engine?.side, item.engine?.registry], [true, "there", null]);
      assert.equal((await person.regctl(["tunnel", "stop"])).code, 0);
      const named = ["server", "--timeout", "4", "--engine-host", `docker@${machine.address}`];
      const [code, error] = await person.failure(...named);
      assert.equal(code, 6, String(error));
    } finally {
      await machine.linkUp();
    }
  });
});
