/** What each kind of host must do to stand for its platform, and the means to look. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type Finished, runCommand } from "./command.ts";
import type { LabHost, LabKind } from "./lab.ts";

/** Logs in with the system's own client, which must find the key and the host as the lab describes them. */
export function ssh(
  host: LabHost,
  user: string,
  command: string,
  through: readonly string[] = [],
): Promise<Finished> {
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${host.knownHosts}`,
    "ConnectTimeout=10",
  ];
  const identity = ["-F", "none", "-i", host.keyFile, "-o", "IdentitiesOnly=yes"];
  const flags = [...options, ...through].flatMap((option) => ["-o", option]);
  return runCommand(["ssh", ...identity, ...flags, `${user}@${host.address}`, command]);
}

export async function must(host: LabHost, ...argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await host.run(argv);
  assert.equal(code, 0, `${host.kind}: ${argv.join(" ")}: ${stderr}`);
  return stdout;
}

async function shell(host: LabHost, script: string): Promise<string> {
  return must(host, "sh", "-c", script);
}

/** What the engine has in force, without the loopback network that is always there. */
export async function registriesOf(host: LabHost): Promise<readonly string[]> {
  const info = JSON.parse(
    await must(host, "docker", "info", "--format", "{{json .RegistryConfig.IndexConfigs}}"),
  );
  return Object.keys(info).filter((name) => name !== "docker.io");
}

/** Reloads and restarts return before the engine is done. */
export async function eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await condition()) return;
    await sleep(100);
  }
  assert.fail(`waited in vain: ${what}`);
}

async function lists(host: LabHost, registry: string): Promise<boolean> {
  const { code, stdout } = await host.run([
    "docker",
    "info",
    "--format",
    "{{json .RegistryConfig.IndexConfigs}}",
  ]);
  return code === 0 && stdout.includes(`"${registry}"`);
}

/** What only this kind does, with a container that is running. */
export const conductOf: Readonly<Record<LabKind, (host: LabHost) => Promise<void>>> = {
  systemd: async (host) => {
    assert.match(
      await must(host, "systemctl", "show", "docker", "-p", "EnvironmentFiles"),
      /\/etc\/default\/docker/,
    );
    assert.match(await must(host, "systemctl", "show", "docker", "-p", "ExecStart"), /\$DOCKER_OPTS/);
    await reloadsBySystemctl(host);
  },
  "systemd-ce": async (host) => {
    assert.equal((await must(host, "systemctl", "show", "docker", "-p", "EnvironmentFiles")).trim(), "");
    await reloadsBySystemctl(host);
  },
  "systemd-flags": async (host) => {
    assert.deepEqual(await registriesOf(host), ["old.example:5000"]);
    assert.match(await must(host, "systemctl", "show", "docker", "-p", "DropInPaths"), /10-registry\.conf/);
    await must(host, "systemctl", "reload", "docker");
  },
  sysvinit: async (host) => {
    assert.equal((await host.run(["service", "docker", "reload"])).code, 1);
    await shell(host, "echo 'DOCKER_OPTS=\"--insecure-registry a.test:5000\"' >>/etc/default/docker");
    await must(host, "service", "docker", "restart");
    await eventually("the restarted engine", () => lists(host, "a.test:5000"));
    await shell(host, "sed -i /a.test/d /etc/default/docker; service docker restart");
    await engineAnswers(host);
  },
  boot2docker: async (host) => {
    assert.match(await must(host, "docker", "info"), /Operating System: Boot2Docker/);
    assert.notEqual((await host.run(["sh", "-c", "command -v curl || command -v systemctl"])).code, 0);
    assert.match(await must(host, "readlink", "/etc/docker"), /^\/var\/lib\/boot2docker\/etc\/docker$/m);
    assert.equal((await ssh(host, "docker", "sudo -n id -u")).stdout, "0\n");
    await shell(host, "echo 'EXTRA_ARGS=\"$EXTRA_ARGS --no-such-flag\"' >/var/lib/boot2docker/profile");
    await must(host, "/etc/init.d/docker", "restart");
    const log = "/var/lib/boot2docker/log/docker.log";
    await eventually("its last words", async () => /no-such-flag/.test(await must(host, "cat", log)));
    await eventually("its end", async () => (await host.run(["/etc/init.d/docker", "status"])).code === 1);
    await shell(
      host,
      "echo 'EXTRA_ARGS=\"--insecure-registry a.test:5000\"' >/var/lib/boot2docker/profile; touch /etc/lost",
    );
    await must(host, "/etc/init.d/docker", "restart");
    await eventually("the restarted engine", () => lists(host, "a.test:5000"));
  },
  openrc: async (host) => {
    const pid = await must(host, "cat", "/run/docker.pid");
    await shell(host, onlyRegistry);
    await must(host, "rc-service", "docker", "reload");
    await eventually("the reloaded engine", () => lists(host, "a.test:5000"));
    assert.equal(await must(host, "cat", "/run/docker.pid"), pid);
    await shell(
      host,
      "rm /etc/docker/daemon.json; echo 'DOCKER_OPTS=\"$DOCKER_OPTS --insecure-registry b.test:5000\"' >>/etc/conf.d/docker",
    );
    await must(host, "rc-service", "docker", "restart");
    await eventually("the restarted engine", () => lists(host, "b.test:5000"));
  },
  sid: (host) => newerEngine(host, /overlay2/),
  "sid-store": (host) => newerEngine(host, /io\.containerd\.snapshotter\.v1/),
  bare: async (host) => {
    assert.equal((await host.run(["service", "docker", "status"])).code, 1);
    await shell(host, 'echo \'{"insecure-registries":["a.test:5000"]}\' >/etc/docker/daemon.json');
    await shell(host, "kill -HUP $(cat /var/run/docker.pid)");
    await eventually("the reloaded engine", () => lists(host, "a.test:5000"));
  },
};

/** Without hierarchies of version 1, with images kept as the kind says, through which a reload goes. */
async function newerEngine(host: LabHost, storage: RegExp): Promise<void> {
  assert.match(await shell(host, "stat -f -c %T /sys/fs/cgroup"), /^cgroup2fs$/m);
  assert.match(await must(host, "docker", "info", "-f", "{{.Driver}} {{.DriverStatus}}"), storage);
  await reloadsBySystemctl(
    host,
    'sed -i \'1s/{/{"insecure-registries":["a.test:5000"],/\' /etc/docker/daemon.json',
  );
  assert.match(await must(host, "docker", "info", "-f", "{{.Driver}} {{.DriverStatus}}"), storage);
}

const onlyRegistry = `echo '{"insecure-registries":["a.test:5000"]}' >/etc/docker/daemon.json`;

async function reloadsBySystemctl(host: LabHost, write = onlyRegistry): Promise<void> {
  const pid = await must(host, "cat", "/run/docker.pid");
  await shell(host, write);
  await must(host, "systemctl", "reload", "docker");
  await eventually("the reloaded engine", () => lists(host, "a.test:5000"));
  assert.equal(await must(host, "cat", "/run/docker.pid"), pid);
  assert.match(await must(host, "docker", "ps", "--format", "{{.Names}}"), /^survivor$/m);
}

/** Scripts of sysvinit and OpenRC return when the engine's process is there, long before it answers. */
export async function engineAnswers(host: LabHost): Promise<void> {
  await eventually("an answer of the engine", async () => (await host.run(["docker", "info"])).code === 0);
}
