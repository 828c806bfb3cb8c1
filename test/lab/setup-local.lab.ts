/** Setup on the machine itself, without --on: whose engine is meant, whose files are touched, what is remembered. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import type { Finished } from "./command.ts";
import { eventually, must, registriesOf } from "./conduct.ts";
import { bytesOf, exchangesImages, lookAt, shell, startSurvivor, survivorPidOf } from "./engine-state.ts";
import type { InsideOptions } from "./inside.ts";
import { type LabHost, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf, hostOf, setupOf, statusOf } from "./regctl-over-ssh.ts";
import type { LabRegistry } from "./registry.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

const node = ["/opt/regctl/node_modules/.bin/node", "/opt/regctl/bin/run.js"];
const json = ["--json", "--progress", "plain"];

describe("without --on", { skip, timeout: 300_000 }, () => {
  let host: LabHost;
  let inner: LabHost;
  let registry: LabRegistry;
  let running: number;
  const setup = (args: readonly string[], options?: InsideOptions): Promise<Finished> =>
    host.regctl(["setup", ...args, ...json], options);

  before(async () => {
    host = await startHost("systemd");
    inner = await startHost("bare", { behind: host });
    [registry, running] = await Promise.all([startRegistry(host), startSurvivor(host)]);
  });
  after(async () => {
    await inner?.stop();
    await host?.stop();
  });

  for (const user of ["root", "nopass"]) {
    it(`as ${user}: this machine's engine, and a default registry where there is none`, async () => {
      const env = { XDG_CONFIG_HOME: `/tmp/config-of-${user}` };
      const settings = `${env.XDG_CONFIG_HOME}/regctl/config.json`;
      const as = { user, env };
      const bytes = await bytesOf(host);
      assert.equal((await setupDone("insecure", "10.99.0.0/24", as)).defaultRegistry, undefined);
      assert.equal(await saved(settings), null);

      const first = await setupDone("insecure", registry.address, as);
      assert.equal(first.defaultRegistry, registry.address);
      const expected = {
        defaultRegistry: registry.address,
        registries: { [registry.address]: { insecure: true } },
      };
      assert.partialDeepStrictEqual(await saved(settings), expected);
      assert.match(await shell(host, `stat -c %U ${settings}`), new RegExp(`^${user}\n$`));
      assert.equal(await exchangesImages(host, registry.address), true);

      const other = `${host.address}:5009`;
      assert.equal((await setupDone("insecure", other, as)).defaultRegistry, undefined);
      assert.partialDeepStrictEqual(await saved(settings), expected);
      for (const entry of [other, registry.address, "10.99.0.0/24"]) await setupDone("undo", entry, as);
      assert.deepEqual(await saved(settings), { registries: {} });
      assert.equal(await bytesOf(host), bytes);
      assert.equal(await survivorPidOf(host), running);
    });
  }

  it("under sudo with another user's HOME nothing is written there, and that is said", async () => {
    const command = ["sudo", "-n", "env", "HOME=/home/nopass", ...node];
    const list = "find /home/nopass /root -xdev -newer /tmp/before ! -name .cache";
    await shell(host, "touch /tmp/before; sleep 0.1");
    const args = ["setup", "insecure", registry.address, ...json];
    const ran = await host.run([...command, ...args], { user: "nopass" });
    assert.partialDeepStrictEqual(hostOf(ran), { changed: true, proved: true });
    assert.equal(setupOf(ran).defaultRegistry, undefined);
    assert.match(ran.stderr, /running as root with the home folder of nopass/);
    assert.equal(await shell(host, list), "");
    const undone = await host.run([...command, "setup", "undo", registry.address, ...json], {
      user: "nopass",
    });
    assert.equal(hostOf(undone).proved, true);
    assert.equal(await shell(host, list), "");
  });

  it("DOCKER_HOST=ssh:// means the engine over there", async () => {
    await shell(host, "mkdir -p -m 700 /root/.ssh");
    const write = (path: string, text: Buffer) =>
      host.run(["sh", "-c", `umask 077; cat >${path}`], { input: text });
    await write("/root/.ssh/id_ed25519", await readFile(inner.keyFile));
    await write("/root/.ssh/known_hosts", await readFile(inner.knownHosts));
    const env = { DOCKER_HOST: `ssh://nopass@${inner.address}` };
    const untouched = await lookAt(host);
    const away = `${host.address}:5008`;
    const done = hostOf(await setup(["insecure", away], { env }));
    assert.partialDeepStrictEqual(done, {
      host: `nopass@${inner.address}`,
      platform: "dockerd",
      proved: true,
    });
    assert.deepEqual(await registriesOf(inner), [away]);
    assert.deepEqual(await registriesOf(host), []);
    assert.equal(await lookAt(host), untouched);
    assert.equal(setupOf(await setup(["insecure", away], { env })).defaultRegistry, undefined);
    assert.equal(hostOf(await setup(["undo", away], { env })).proved, true);
    assert.deepEqual(await registriesOf(inner), []);
  });

  it("a second engine started by hand has files of its own", async () => {
    const start = `mkdir -p /srv/second /var/lib/docker/second; echo '{"labels": ["second=1"]}' >/srv/second/own.json
      setsid dockerd --config-file /srv/second/own.json --bridge=none --iptables=false --ip6tables=false \\
        --data-root /var/lib/docker/second --exec-root /run/second --pidfile /srv/second/pid \\
        -H unix:///srv/second/docker.sock >/srv/second/log 2>&1 </dev/null &`;
    const env = { DOCKER_HOST: "unix:///srv/second/docker.sock", XDG_CONFIG_HOME: "/tmp/second" };
    const second = ["docker", "-H", env.DOCKER_HOST, "info", "-f", "{{json .RegistryConfig.IndexConfigs}}"];
    const text = '{"labels": ["second=1"]}\n';
    await shell(host, start);
    try {
      await eventually("the second engine", async () => (await host.run(second)).code === 0);
      const bytes = await bytesOf(host);
      const done = hostOf(await setup(["insecure", registry.address], { env }));
      assert.partialDeepStrictEqual(done, {
        platform: "dockerd",
        path: "/srv/second/own.json",
        proved: true,
      });
      assert.match(await must(host, "cat", "/srv/second/own.json"), new RegExp(`"${registry.address}"`));
      assert.match(await must(host, ...second), new RegExp(`"${registry.address}"`));
      assert.deepEqual(await registriesOf(host), []);
      assert.equal(await bytesOf(host), bytes);
      const mine = statusOf(await setup(["status", registry.address]));
      assert.deepEqual(mine.registries, [
        { registry: registry.address, configured: false, effective: false },
      ]);
      assert.equal(hostOf(await setup(["undo", registry.address], { env })).proved, true);
      assert.equal(await must(host, "cat", "/srv/second/own.json"), text);
      assert.doesNotMatch(await must(host, ...second), new RegExp(`"${registry.address}"`));
      assert.equal(await bytesOf(host), bytes);
    } finally {
      await shell(host, "kill $(cat /srv/second/pid); while [ -e /srv/second/pid ]; do sleep 0.1; done");
    }
  });

  it("in a container with the engine's socket nothing is written", async () => {
    const shared = [
      "/var/run/docker.sock",
      "/opt/regctl:/opt/regctl:ro",
      "/usr:/usr:ro",
      "/lib:/lib:ro",
      "/lib64:/lib64:ro",
    ];
    const volumes = shared.flatMap((path) => ["-v", path.includes(":") ? path : `${path}:${path}`]);
    const settings = [
      "-e",
      "HOME=/root",
      "-e",
      "PATH=/usr/sbin:/usr/bin:/bin",
      "--network",
      "none",
      "--name",
      "inside",
    ];
    const untouched = await lookAt(host);
    const args = ["setup", "insecure", registry.address, ...json];
    const ran = await host.run(["docker", "run", ...settings, ...volumes, "lab/sleeper:1", ...node, ...args]);
    try {
      const error = errorOf(ran, 3);
      assert.equal(error.code, "ENGINE_ELSEWHERE");
      assert.match(error.remedies.join("\n"), /--on USER@HOST/);
      const changed = (await must(host, "docker", "diff", "inside"))
        .split("\n")
        .filter((line) => line !== "");
      // Docker itself makes the folders that it mounts at.
      assert.deepEqual(
        changed.filter(
          (line) => !/^[AC] \/(var|run|opt|usr|lib|lib64|var\/run)(\/regctl|\/docker\.sock)?$/.test(line),
        ),
        [],
      );
      assert.equal(await lookAt(host), untouched);
      assert.deepEqual(await registriesOf(host), []);
    } finally {
      await host.run(["docker", "rm", "-f", "inside"]);
    }
  });

  async function setupDone(verb: string, name: string, options: InsideOptions) {
    const ran = await setup([verb, name], options);
    assert.partialDeepStrictEqual(hostOf(ran), {
      host: "localhost",
      changed: true,
      applied: "reload",
      proved: true,
    });
    return setupOf(ran);
  }

  async function saved(path: string): Promise<object | null> {
    const { code, stdout } = await host.run(["cat", path]);
    return code === 0 ? JSON.parse(stdout) : null;
  }
});
