/**
 * `setup` where the engine is Colima's. Its virtual machine is a stand-in, for the lab can start none: a real dockerd
 * under another host name and program name, whose files `colima` makes of colima.yaml at each start, as
 * environment/container/docker/daemon.go and environment/vm/lima/certs.go of Colima do. File, command, engine and pulls
 * are real.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createTlsAuthority } from "../support/tls-authority.ts";
import { eventually } from "./conduct.ts";
import { shell } from "./engine-state.ts";
import { type LabHost, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf, hostOf, openPerson, statusOf } from "./regctl-over-ssh.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

const user = "nosudo";
const home = `/home/${user}`;
const file = `${home}/.colima/default/colima.yaml`;
const socket = `unix://${home}/.colima/default/docker.sock`;

const generator = `import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parse } from "/opt/regctl/node_modules/yaml/dist/index.js";
const { docker } = existsSync("/opt/vm/deaf") ? {} : parse(readFileSync("${file}", "utf8"));
writeFileSync("/opt/vm/daemon.json", JSON.stringify({ features: { buildkit: true }, ...docker }));
`;

/** The machine: it is told to stop and to start by one pipe, and answers by another. */
const machine = `#!/bin/sh
hostname colima
# Open for as long as it lives: no word is lost between two that ask, and none of them sees an end.
exec 3<>/opt/vm/answer
while read -r word; do
  case $word in
  stop) kill "$pid"; wait "$pid" ;;
  start)
    rm -rf /etc/docker/certs.d; [ -d ${home}/.docker/certs.d ] && cp -R ${home}/.docker/certs.d /etc/docker/certs.d
    /opt/regctl/node_modules/.bin/node /opt/vm/generator.mjs
    /opt/vm/engine --config-file /opt/vm/daemon.json --data-root /opt/vm/data --exec-root /run/vm --pidfile /run/vm.pid \\
      --bridge=none --iptables=false --ip6tables=false -G ${user} -H ${socket} >>/var/log/vm.log 2>&1 </dev/null 3>&- &
    pid=$! ;;
  esac
  echo done >&3
done <>/opt/vm/power
`;

const colima = `#!/bin/sh
echo "$@" >>${home}/colima.log
[ "$2" = default ] || exit 1
say() { echo "$1" >/opt/vm/power; read -r _ </opt/vm/answer; }
case $1 in restart) say stop; say start ;; start) say start ;; *) exit 2 ;; esac
for _ in $(seq 300); do docker -H ${socket} version >/dev/null 2>&1 && exit 0; sleep 0.1; done
exit 1
`;

/** SOURCE: written by hand after abiosoft/colima embedded/defaults/colima.yaml@019115cc, shortened. */
const yaml = `# Number of CPUs to be allocated to the virtual machine.
cpu: 4
runtime: docker

# Docker daemon configuration that maps directly to daemon.json.
# docker:
#   insecure-registries:
#     - myregistry.com:5000
#
# Default: {}
docker:
  debug: false # ours

mounts: []
`;

describe("setup where Docker is Colima's", { skip, concurrency: 1, timeout: 600_000 }, () => {
  let host: LabHost;
  const json = ["--json", "--progress", "none"];
  const regctl = (...words: readonly string[]) =>
    host.regctl([...words, ...json], { user, env: { DOCKER_HOST: socket } });
  const docker = (...words: readonly string[]) => host.run(["docker", "-H", socket, ...words], { user });
  const tree = () =>
    shell(host, `cd ${home}; find .colima .docker -type f -exec stat -c '%n %a %U' {} + | sort; cat ${file}`);
  const restarts = async () => (await shell(host, `cat ${home}/colima.log 2>/dev/null || true`)).split("\n");
  const pulls = async (address: string) => {
    const image = `${address}/lab/sleeper:1`;
    await docker("tag", "lab/sleeper:1", image);
    const pushed = await docker("push", "-q", image);
    await docker("rmi", image);
    if (pushed.code !== 0) return false;
    const pulled = await docker("pull", "-q", image);
    await docker("rmi", image);
    return pulled.code === 0;
  };

  before(async () => {
    host = await startHost("systemd");
    const write = (path: string, input: string) => host.run(["sh", "-c", `cat >${path}`], { input });
    await shell(
      host,
      `set -e; systemctl stop docker.socket docker.service; rm -f /var/run/docker.sock
mkdir -p /opt/vm; cp /usr/sbin/dockerd /opt/vm/engine; mkfifo -m 666 /opt/vm/power /opt/vm/answer
install -d -o ${user} -g ${user} ${home}/.colima ${home}/.colima/default ${home}/.docker`,
    );
    await write("/opt/vm/generator.mjs", generator);
    await write("/opt/vm/machine", machine);
    await write("/usr/local/bin/colima", colima);
    await write(file, yaml);
    await shell(
      host,
      `set -e; chown ${user}: ${file}; chmod 755 /opt/vm/machine /usr/local/bin/colima
setsid unshare --uts /opt/vm/machine >/dev/null 2>&1 </dev/null &
echo start >/opt/vm/power; read -r _ </opt/vm/answer
mkdir -p /root/base/bin; cp /bin/busybox /root/base/bin/`,
    );
    await eventually("the engine", async () => (await docker("info")).code === 0);
    await shell(host, `tar -C /root/base -c . | docker -H ${socket} import - lab/sleeper:1`);
  });
  after(() => host?.stop());

  it("writes below docker in colima.yaml, starts the machine anew, and the engine has it; and back", async () => {
    const { address, stop } = await startRegistry(host);
    const before = await tree();
    assert.equal(await pulls(address), false);
    const planned = hostOf(await regctl("setup", "insecure", address, "--dry-run"));
    assert.partialDeepStrictEqual(planned, {
      platform: "colima",
      path: file,
      applied: "restart",
      changed: true,
    });
    assert.match(planned.diff, /^\+ {2}insecure-registries:$/m);
    assert.deepEqual([await tree(), await restarts()], [before, [""]]);
    const done = hostOf(await regctl("setup", "insecure", address));
    assert.partialDeepStrictEqual(done, { changed: true, proved: true, warnings: [] });
    assert.deepEqual(await restarts(), ["restart default", ""]);
    assert.equal(await pulls(address), true);
    assert.match(await shell(host, `cat ${file}`), /debug: false # ours\n {2}insecure-registries:\n {4}- "/);
    assert.equal(hostOf(await regctl("setup", "insecure", address)).nothing, "already");
    const shown = statusOf(await regctl("setup", "status", address));
    assert.partialDeepStrictEqual(shown, { platform: "colima", path: file, owner: "file", problem: null });
    assert.deepEqual(shown.registries, [{ registry: address, configured: true, effective: true }]);
    // Over SSH the socket below the login's home is found by itself.
    const person = await openPerson(host);
    const status = await person.regctl(["setup", "status", address, "--on", `${user}@${host.name}`, ...json]);
    assert.partialDeepStrictEqual(statusOf(status), { platform: "colima", path: file });
    await person.leave();
    assert.equal(hostOf(await regctl("setup", "mirror", "https://mirror.example")).proved, true);
    assert.match((await docker("info")).stdout, /Registry Mirrors:\s+https:\/\/mirror\.example\//);
    assert.equal(hostOf(await regctl("setup", "undo", "mirror.example")).proved, true);
    assert.partialDeepStrictEqual(hostOf(await regctl("setup", "undo", address)), {
      changed: true,
      proved: true,
    });
    assert.equal(await tree(), before);
    assert.equal(await pulls(address), false);
    await stop();
  });

  it("asks before it stops a container", async () => {
    const running = [
      "run",
      "-d",
      "--network",
      "none",
      "--name",
      "busy",
      "lab/sleeper:1",
      "/bin/busybox",
      "sleep",
    ];
    assert.equal((await docker(...running, "3600")).code, 0);
    const before = await tree();
    const asked = errorOf(await regctl("setup", "insecure", "reg.test:5000"), 2);
    assert.equal(asked.code, "MISSING_ANSWER");
    assert.match(asked.remedies.join(), /--allow-restart/);
    assert.equal(await tree(), before);
    await docker("rm", "-f", "busy");
  });

  it("takes back what the engine does not show", async () => {
    const before = await tree();
    const earlier = (await restarts()).length;
    await shell(host, "touch /opt/vm/deaf");
    const error = errorOf(await regctl("setup", "insecure", "reg.test:5000", "--timeout", "2"), 7);
    assert.equal(error.code, "NOT_PROVED");
    assert.equal(await tree(), before);
    assert.equal((await restarts()).length, earlier + 2);
    await shell(host, "rm /opt/vm/deaf");
    assert.equal((await docker("info")).code, 0);
  });

  it("trusts a certificate that the machine is given at its start", async () => {
    await using authority = await createTlsAuthority("lab authority");
    const tls = await authority.issue({ names: [`IP:${host.address}`] });
    const { address, stop } = await startRegistry(host, { tls, port: 5443 });
    await host.run(["sh", "-c", `cat >${home}/ca.pem`], { input: authority.ca });
    const before = await tree();
    assert.equal(await pulls(address), false);
    const done = hostOf(await regctl("setup", "trust", address, "--ca", `${home}/ca.pem`));
    assert.partialDeepStrictEqual(done, { proved: true, path: `${home}/.docker/certs.d/${address}/ca.crt` });
    assert.equal(await pulls(address), true);
    assert.equal(hostOf(await regctl("setup", "undo", address)).changed, true);
    assert.equal(await tree(), before);
    assert.equal(await pulls(address), false);
    await stop();
  });
});
