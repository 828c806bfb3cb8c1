/** The lab itself: every kind boots, behaves like what it stands for, and leaves nothing. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { readProcesses } from "./cgroups.ts";
import { removeLeftovers } from "./claims.ts";
import { runCommand } from "./command.ts";
import { conductOf, eventually, must, registriesOf, ssh } from "./conduct.ts";
import { kinds } from "./kinds.ts";
import { type LabHost, type LabKind, runContainer, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

function numberOf(host: LabHost): string {
  return /\/(\d+)\/known_hosts$/.exec(host.knownHosts)?.[1] ?? assert.fail(host.knownHosts);
}

async function assertGone(host: LabHost): Promise<void> {
  const number = numberOf(host);
  assert.deepEqual(readProcesses(`regctl-lab/${number}`), []);
  assert.equal(existsSync(`/sys/class/net/rlab${number}`), false, "its interface");
  assert.equal(existsSync(host.knownHosts), false, "its files");
  assert.equal(
    readFileSync("/proc/self/mountinfo", "utf8").includes(`/hosts/${number}/`),
    false,
    "its mounts",
  );
  const cgroups = await runCommand(["find", "/sys/fs/cgroup", "-path", `*regctl-lab/${number}`]);
  assert.equal(cgroups.stdout, "", "its cgroups");
}

describe("lab hosts", { skip, concurrency: true, timeout: 300_000 }, () => {
  for (const kind of Object.keys(kinds) as LabKind[])
    describe(kind, { concurrency: 1 }, () => describeKind(kind));

  describe("between hosts", { concurrency: 1 }, () => {
    let jump: LabHost;
    before(async () => {
      jump = await startHost("systemd");
    });
    after(() => jump?.stop());

    it("a registry inside answers from here and ends", async () => {
      const registry = await startRegistry(jump, { port: 5001 });
      const catalog = await fetch(`http://${registry.address}/v2/_catalog`);
      assert.deepEqual(await catalog.json(), { repositories: [] });
      await registry.stop();
      await assert.rejects(fetch(`http://${registry.address}/v2/`));
    });

    it("a host behind another is connected to it only", async () => {
      const inner = await startHost("bare", { behind: jump });
      try {
        const identity = `-F none -i ${jump.keyFile} -o BatchMode=yes -o UserKnownHostsFile=${jump.knownHosts}`;
        const through = `ProxyCommand=ssh ${identity} -W %h:%p nopass@${jump.address}`;
        assert.equal((await ssh(inner, "root", "hostname", [through])).stdout, `${inner.name}\n`);
        assert.equal(existsSync(`/sys/class/net/rlab${numberOf(inner)}`), false);
      } finally {
        await inner.stop();
      }
      await assertGone(inner);
    });
  });

  it("a killed owner takes its hosts along, and the next run forgets them", async () => {
    const program = `import { startHost } from ${JSON.stringify(`${import.meta.dirname}/lab.ts`)};
      const { initPid, knownHosts } = await startHost("bare");
      process.stdout.write(JSON.stringify({ initPid, knownHosts }) + "\\n");
      setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const line = await Promise.race([
      once(owner.stdout, "data"),
      once(owner, "exit").then(() => assert.fail()),
    ]);
    const { initPid, knownHosts }: { initPid: number; knownHosts: string } = JSON.parse(String(line));
    assert.equal(existsSync(`/proc/${initPid}`), true);
    owner.kill("SIGKILL");
    await eventually("the end of its host", async () => !existsSync(`/proc/${initPid}`));
    await removeLeftovers();
    assert.equal(existsSync(knownHosts), false);
  });
});

/** One host of a kind, from its first boot to its end. */
function describeKind(kind: LabKind): void {
  let host: LabHost;
  before(async () => {
    host = await startHost(kind);
  });
  after(() => host?.stop());

  it("lets users in with the rights described", async () => {
    assert.equal((await ssh(host, "root", "hostname")).stdout, `${host.name}\n`);
    assert.equal((await ssh(host, "nopass", "sudo -n id -u")).stdout, "0\n");
    assert.notEqual((await ssh(host, "withpass", "sudo -n id -u")).code, 0);
    assert.equal((await ssh(host, "withpass", "echo lab-secret | sudo -S -p '' id -u")).stdout, "0\n");
    assert.notEqual((await ssh(host, "nosudo", "echo lab-secret | sudo -S -p '' id -u")).code, 0);
    assert.notEqual((await ssh(host, "nosudo", "docker ps")).code, 0);
    assert.equal((await ssh(host, "indocker", "docker ps -q")).code, 0);
    assert.notEqual((await ssh(host, "indocker", "sudo -n id")).code, 0);
  });

  it("has a clean engine that runs containers", async () => {
    const version = await must(host, "docker", "version", "--format", "{{.Server.Version}}");
    assert.match(version, kinds[kind].base === "sid" ? /^(2[89]|[3-9]\d)\./ : /^20\.10\.24/);
    const chosen = kinds[kind].files.some(({ path }) => path === "/etc/docker/daemon.json");
    assert.equal(existsSync(`${host.root}/etc/docker/daemon.json`), chosen);
    const id = await runContainer(host, "survivor");
    assert.equal(await must(host, "docker", "inspect", "-f", "{{.State.Running}}", id), "true\n");
    const echo = ["docker", "run", "--rm", "lab/sleeper:1", "/bin/busybox", "echo", "hi"];
    assert.equal(await must(host, ...echo), "hi\n");
  });

  it("runs the checkout's Node and programs as its users", async () => {
    assert.match(await must(host, "/opt/regctl/node_modules/.bin/node", "--version"), /^v24\./);
    assert.notEqual((await host.run(["touch", "/opt/regctl/package.json"])).code, 0);
    const options = { user: "nosudo", input: "in\n", env: { A: "1" } };
    const seen = await host.run(["sh", "-c", "id -un; pwd; cat; echo $A"], options);
    assert.equal(seen.stdout, "nosudo\n/home/nosudo\nin\n1\n");
  });

  it("behaves as its platform does", () => conductOf[kind](host));

  it("survives a reboot", async () => {
    const bootId = await must(host, "cat", "/proc/sys/kernel/random/boot_id");
    const registries = await registriesOf(host);
    await host.reboot();
    assert.notEqual(await must(host, "cat", "/proc/sys/kernel/random/boot_id"), bootId);
    assert.match(await must(host, "docker", "ps", "-a", "--format", "{{.Names}}"), /^survivor$/m);
    assert.equal((await ssh(host, "nopass", "id -un")).stdout, "nopass\n");
    assert.deepEqual(await registriesOf(host), registries);
    if (kind === "boot2docker") assert.equal(existsSync(`${host.root}/etc/lost`), false);
  });

  it("is cut off while its cable is pulled", async () => {
    await host.linkDown();
    assert.equal((await runCommand(["ssh-keyscan", "-T", "1", host.address])).stdout, "");
    await host.linkUp();
    assert.equal((await ssh(host, "root", "id -u")).stdout, "0\n");
  });

  it("leaves nothing when it is stopped, also twice and with a cut connection", async () => {
    const socket = connect(22, host.address);
    try {
      await once(socket, "data");
      await host.linkDown();
      socket.write("never acknowledged");
      await host.stop();
    } finally {
      socket.destroy();
    }
    await host.stop();
    await assertGone(host);
  });
}
