/**
 * 100 to 500 MB through a tunnel whose connections are cut in the middle: pushed and pulled by a real engine that is
 * reached by SSH, published by regctl, and once more over a link that is slow and loses packets.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { must } from "./conduct.ts";
import { type LabHost, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import type { LabRegistry } from "./registry.ts";
import { isWell, openTunnelPerson, type TunnelPerson } from "./tunnel-world.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

const megabyte = 1_000_000;
/** Where a kernel has no netem, a slow qdisc and packets dropped at random do as much. */
const spoil = `tc qdisc add dev eth0 root netem delay 15ms loss 1% rate 40mbit 2>/dev/null && exit
tc qdisc add dev eth0 root tbf rate 40mbit burst 64kb latency 50ms
iptables -A INPUT -i eth0 -m statistic --mode random --probability 0.01 -j DROP`;
const mend = "tc qdisc del dev eth0 root; iptables -F INPUT; :";

describe("much through a tunnel", { skip, concurrency: 1, timeout: 300_000 }, () => {
  let server: LabHost;
  let engine: LabHost;
  let registry: LabRegistry;
  let person: TunnelPerson;
  let name = "";
  let id = "";

  before(async () => {
    [server, engine] = await Promise.all([
      startHost("bare", { name: "server" }),
      startHost("systemd", { name: "engine" }),
    ]);
    registry = await startRegistry(server, { listen: "127.0.0.1" });
    person = await openTunnelPerson([server, engine], () => ({ DOCKER_HOST: "ssh://engine" }));
    id = await makeImage("large:1", 500);
    const item = await person.start("server");
    assert.deepEqual([item.engine?.side, item.engine?.name], ["there", "ssh://engine"]);
    name = item.registry ?? "";
  });
  after(async () => {
    await person?.leave();
    await registry?.stop();
    await Promise.all([server?.stop(), engine?.stop()]);
  });

  const makeImage = async (image: string, megabytes: number): Promise<string> => {
    const script = `set -e; mkdir -p /root/new; head -c ${megabytes * megabyte} /dev/urandom >/root/new/data
tar -C /root/new -c . | docker import - ${image}`;
    return (await must(engine, "sh", "-c", script)).trim();
  };
  const idOf = async (image: string) =>
    (await must(engine, "docker", "image", "inspect", "-f", "{{.Id}}", image)).trim();

  /** Waits until so many more bytes went through, in either direction; false when `over` was sooner. */
  const afterBytes = async (more: number, over: Promise<unknown>): Promise<boolean> => {
    let ended = false;
    const end = () => {
      ended = true;
    };
    over.then(end, end);
    const through = async () => {
      const [item] = await person.list();
      return (item?.bytesUp ?? 0) + (item?.bytesDown ?? 0);
    };
    const start = await through();
    while (!ended) {
      if ((await through()) - start > more) return true;
      await sleep(50);
    }
    return false;
  };
  /** Cuts in the middle, as long as regctl needs to notice it. */
  const cut = async (host: LabHost, running: Promise<unknown>) => {
    assert.equal(await afterBytes(40 * megabyte, running), true, "it was over before it was cut");
    await host.linkDown();
    try {
      await person.until("that it is noticed", (item) => !isWell(item) || item.problem !== null);
    } finally {
      await host.linkUp();
    }
  };

  it("docker pushes, the link to the server is cut in the middle, and it ends well", async () => {
    await must(engine, "docker", "tag", "large:1", `${name}/large:1`);
    const running = must(engine, "docker", "push", "-q", `${name}/large:1`);
    await cut(server, running);
    await running;
  });

  it("docker pulls, and the same", async () => {
    await must(engine, "docker", "rmi", "-f", id);
    const running = must(engine, "docker", "pull", "-q", `${name}/large:1`);
    await cut(server, running);
    await running;
    assert.equal(await idOf(`${name}/large:1`), id);
  });

  it("docker pushes, and the link to its own host is cut", async () => {
    await makeImage(`${name}/second:1`, 100);
    const pushed = engine.run(["docker", "push", "-q", `${name}/second:1`]);
    await cut(engine, pushed);
    const { code, stderr } = await pushed;
    assert.equal(code, 0, stderr);
  });

  it("regctl publishes through the tunnel that is there, cut in the middle", async () => {
    const third = await makeImage("third:1", 100);
    const words = ["publish", "third:1", "third:1", "--tunnel", "server", "--via", "direct", "--json"];
    const running = person.regctl(words);
    assert.equal(await afterBytes(20 * megabyte, running), true);
    await must(server, "pkill", "-KILL", "-f", "^sshd: [a-z]");
    const { code, stdout, stderr } = await running;
    assert.equal(code, 0, stdout + stderr);
    const [item] = JSON.parse(stdout).items;
    assert.equal(item.imageId, third);
    await must(engine, "docker", "rmi", "-f", "third:1");
    await must(engine, "docker", "pull", "-q", `${name}/third:1`);
    assert.equal(await idOf(`${name}/third:1`), third);
  });

  it("over a link that is slow and loses packets", async () => {
    await must(server, "sh", "-c", spoil);
    try {
      const small = await makeImage(`${name}/small:1`, 10);
      await must(engine, "docker", "push", "-q", `${name}/small:1`);
      await must(engine, "docker", "rmi", "-f", small);
      await must(engine, "docker", "pull", "-q", `${name}/small:1`);
      assert.equal(await idOf(`${name}/small:1`), small);
    } finally {
      await must(server, "sh", "-c", mend);
    }
  });
});
