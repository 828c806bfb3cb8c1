/** `setup` against what people do by hand, on lab hosts (root on Debian). */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type LabHost, startHost, startRegistry } from "../lab/lab.ts";
import { compare, type Verdict } from "./measure.ts";

const run = promisify(execFile);
const checkout = resolve(import.meta.dirname, "../..");

interface Home {
  readonly path: string;
  regctl(args: readonly string[]): Promise<void>;
  ssh(host: LabHost, script: string): Promise<void>;
  remove(): Promise<void>;
}

async function makeHome(hosts: readonly LabHost[]): Promise<Home> {
  const path = await mkdtemp(join(tmpdir(), "regctl-bench-"));
  await mkdir(join(path, ".ssh"), { mode: 0o700 });
  const config = hosts
    .map(
      (host) =>
        `Host ${host.address}\n IdentityFile ${host.keyFile}\n UserKnownHostsFile ${host.knownHosts}\n`,
    )
    .join("");
  const configFile = join(path, ".ssh", "config");
  await writeFile(configFile, config, { mode: 0o600 });
  // ssh reads the home of the user database, not $HOME: a wrapper names the file for both sides alike.
  const bin = join(path, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "ssh"), `#!/bin/sh\nexec /usr/bin/ssh -F ${configFile} "$@"\n`, { mode: 0o755 });
  // What an installed package looks like: no sources beside the program, so the bundle runs.
  const installed = join(path, "package");
  for (const part of ["bin", "dist", "package.json"]) {
    await cp(join(checkout, part), join(installed, part), { recursive: true });
  }
  const program = join(installed, "bin", "run.js");
  const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
  const env = { ...inherited, HOME: path, PATH: `${bin}:${process.env.PATH}` };
  return {
    path,
    regctl: async (args) => {
      await run(process.execPath, [program, ...args], { env });
    },
    ssh: async (host, script) => {
      await run("ssh", [`root@${host.address}`, script], { env });
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** The same result by hand: one connection, the file replaced, a signal, and the engine asked until it says so. */
function byHand(registry: string): string {
  return `set -e
printf '{\\n  "insecure-registries": ["%s"]\\n}\\n' ${registry} > /etc/docker/daemon.json
kill -HUP $(cat /var/run/docker.pid)
until curl -s --unix-socket /var/run/docker.sock http://d/info | grep -q '"${registry}"'; do sleep 0.05; done`;
}

const forget = `echo '{"insecure-registries": []}' > /etc/docker/daemon.json; kill -HUP $(cat /var/run/docker.pid); sleep 0.2; rm -f /etc/docker/daemon.json; rm -rf /var/lib/regctl`;

async function oneHost(home: Home, host: LabHost): Promise<Verdict> {
  const registry = await startRegistry(host);
  const name = registry.address;
  const before = () => home.ssh(host, forget);
  try {
    return await compare({
      title: "setup insecure on one SSH host",
      ours: {
        name: "regctl",
        before,
        run: () => home.regctl(["setup", "insecure", name, "--on", `root@${host.address}`]),
      },
      peer: { name: "ssh + edit + kill -HUP + /info", before, run: () => home.ssh(host, byHand(name)) },
      atMost: 2,
      rounds: 11,
    });
  } finally {
    await registry.stop();
  }
}

async function manyHosts(home: Home, hosts: readonly LabHost[]): Promise<Verdict> {
  const on = (some: readonly LabHost[]) => some.flatMap((host) => ["--on", `root@${host.address}`]);
  return await compare({
    title: "setup status on 10 hosts at once",
    ours: { name: "10 hosts", run: () => home.regctl(["setup", "status", ...on(hosts)]) },
    peer: { name: "1 host", run: () => home.regctl(["setup", "status", ...on(hosts.slice(0, 1))]) },
    atMost: 2,
    rounds: 11,
  });
}

export async function benchSetup(): Promise<readonly Verdict[]> {
  const hosts: LabHost[] = [];
  let home: Home | undefined;
  try {
    for (let count = 0; count < 10; count += 1) hosts.push(await startHost("systemd"));
    home = await makeHome(hosts);
    const [first] = hosts;
    if (!first) return [];
    return [await oneHost(home, first), await manyHosts(home, hosts)];
  } finally {
    await home?.remove();
    for (const host of hosts) await host.stop();
  }
}
