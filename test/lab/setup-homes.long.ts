/** Setup and undo where Docker's engine has another home: flags below /etc/sysconfig, the snap's folders, a person's own. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { createTlsAuthority } from "../support/tls-authority.ts";
import { eventually, must } from "./conduct.ts";
import { exchangesImages, shell, startSurvivor, survivorPidOf } from "./engine-state.ts";
import { type LabHost, type LabKind, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf, hostOf, openPerson, type Person, statusOf } from "./regctl-over-ssh.ts";
import type { LabRegistry } from "./registry.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;
const old = "old.example:5000";
const sysconfig = "/etc/sysconfig/docker";

/** A home of the engine, made of a lab host of another kind. */
interface Home {
  readonly kind: LabKind;
  readonly platform: string;
  /** Where the list stands, and whether flags hold it already. */
  readonly path: string;
  readonly owner: "none" | "flags";
  /** A shell script that makes the host so, and has the engine run with it. */
  readonly arrange: string;
}

const osRelease = (id: string) =>
  `rm -f /etc/os-release; printf 'ID=%s\\nNAME=lab\\n' ${id} >/etc/os-release`;
const restart = "systemctl daemon-reload; systemctl reset-failed docker; systemctl restart docker";

/** SOURCE: written by hand after the units of RHEL 7's docker 1.13.1 and of Amazon Linux 2, as fixtures have them. */
const unitWith = (variables: string) => `
mkdir -p /etc/sysconfig
sed -i -e 's|^ExecStart=.*|EnvironmentFile=-${sysconfig}\\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock ${variables}|' /usr/lib/systemd/system/docker.service`;

/** SOURCE: written by hand after moby contrib/init/sysvinit-redhat/docker: `reload` restarts, flags come sourced. */
const initScript = (variable: string) => `#!/bin/sh
prog="docker"
pidfile=/var/run/$prog.pid
[ -e /etc/sysconfig/$prog ] && . /etc/sysconfig/$prog
start() { dockerd --pidfile $pidfile -H unix:///var/run/docker.sock $${variable} >>/var/log/$prog 2>&1 </dev/null & }
stop() {
  pid=$(cat $pidfile) || return 0
  kill "$pid"
  for _ in $(seq 150); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
}
case $1 in
start) start ;;
stop) stop ;;
restart | reload) stop; start ;;
*) exit 2 ;;
esac
`;

const likeRhel6 = (variable: string, value: string) => `
service docker stop
mkdir -p /etc/rc.d/init.d /etc/sysconfig
touch /etc/rc.d/init.d/functions
rm -f /etc/default/docker
cat >/etc/init.d/docker <<'END'
${initScript(variable)}END
echo '${variable}="${value}"' >${sysconfig}
service docker start`;

const snapFolder = "/var/snap/docker";
/** SOURCE: written by hand after the command line that the snap's users show: revision, link and folders as it has them. */
const likeSnap = `
kill "$(cat /var/run/docker.pid)"
while [ -e /var/run/docker.pid ]; do sleep 0.1; done
mkdir -p ${snapFolder}/100/config ${snapFolder}/common /run/snap.docker /snap/docker/100/bin
ln -s 100 ${snapFolder}/current
echo '{ "log-level": "error" }' >${snapFolder}/100/config/daemon.json
cp /usr/sbin/dockerd /snap/docker/100/bin/dockerd
/snap/docker/100/bin/dockerd --group docker --exec-root=/run/snap.docker --data-root=/var/lib/docker/snap --pidfile=/run/snap.docker/docker.pid --config-file=${snapFolder}/100/config/daemon.json >>/var/log/dockerd.log 2>&1 </dev/null &`;

const flagged = `--debug --insecure-registry ${old}`;

const homes: Readonly<Record<string, Home>> = {
  "RHEL 7, fresh": {
    kind: "systemd-ce",
    platform: "rhel-docker",
    path: "/etc/docker/daemon.json",
    owner: "none",
    arrange: `${unitWith("$OPTIONS $INSECURE_REGISTRY")}; echo "OPTIONS='--debug'" >${sysconfig}; ${restart}`,
  },
  "RHEL 7 with INSECURE_REGISTRY": {
    kind: "systemd-ce",
    platform: "rhel-docker",
    path: sysconfig,
    owner: "flags",
    arrange: `${unitWith("$OPTIONS $INSECURE_REGISTRY")}
printf "OPTIONS='--debug'\\nif [ -z 1 ]; then\\n    X=1\\nfi\\nINSECURE_REGISTRY='--insecure-registry ${old}'\\n" >${sysconfig}; ${restart}`,
  },
  "Amazon Linux 2 with OPTIONS": {
    kind: "systemd-ce",
    platform: "amazon-linux",
    path: sysconfig,
    owner: "flags",
    arrange: `${osRelease("amzn")}; ${unitWith("$OPTIONS")}; echo 'OPTIONS="${flagged}"' >${sysconfig}; ${restart}`,
  },
  "Flatcar with DOCKER_OPTS in a drop-in": {
    kind: "systemd-ce",
    platform: "flatcar",
    path: "/etc/systemd/system/docker.service.d/50-opts.conf",
    owner: "flags",
    arrange: `${osRelease("flatcar")}
sed -i 's|^ExecStart=.*|& $DOCKER_OPTS|' /usr/lib/systemd/system/docker.service
mkdir -p /etc/systemd/system/docker.service.d
printf '[Service]\\nEnvironment="DOCKER_OPTS=${flagged}"\\n' >/etc/systemd/system/docker.service.d/50-opts.conf; ${restart}`,
  },
  "RHEL 6": {
    kind: "sysvinit",
    platform: "rhel-sysvinit",
    path: sysconfig,
    owner: "flags",
    arrange: likeRhel6("other_args", flagged),
  },
  "Amazon Linux 1": {
    kind: "sysvinit",
    platform: "amazon-linux",
    path: sysconfig,
    owner: "flags",
    arrange: `${osRelease("amzn")}; ${likeRhel6("OPTIONS", flagged)}`,
  },
  "the snap": {
    kind: "bare",
    platform: "snap",
    path: `${snapFolder}/current/config/daemon.json`,
    owner: "none",
    arrange: likeSnap,
  },
};

const json = ["--json", "--progress", "none"];

describe("Docker's engine in its other homes", { skip, concurrency: 1, timeout: 600_000 }, () => {
  for (const [name, home] of Object.entries(homes))
    it(`${name}: told, proved and forgotten`, () => tell(home));
});

async function tell({ kind, platform, path, owner, arrange }: Home): Promise<void> {
  const host = await startHost(kind);
  const person = await openPerson(host);
  try {
    await shell(host, arrange);
    const running = await startSurvivor(host);
    const registry = await startRegistry(host);
    const setup = (...words: readonly string[]) =>
      person.regctl(["setup", ...words, "--on", host.name, ...json]);
    const before = await shell(host, `cat ${path} 2>/dev/null || echo none`);
    assert.equal(await exchangesImages(host, registry.address), false);
    const applied = owner === "flags" ? "restart" : "reload";
    const done = hostOf(await setup("insecure", registry.address));
    const expected = { platform, path, owner, applied, changed: true, proved: true, warnings: [] };
    assert.partialDeepStrictEqual(done, expected);
    assert.equal(await exchangesImages(host, registry.address), true);
    const status = statusOf(await setup("status", registry.address));
    assert.partialDeepStrictEqual(status, { platform, path, problem: null });
    assert.deepEqual(status.registries, [{ registry: registry.address, configured: true, effective: true }]);
    const mirror = "https://mirror.example";
    assert.partialDeepStrictEqual(hostOf(await setup("mirror", mirror)), { platform, proved: true });
    assert.match(await shell(host, "docker info"), /Registry Mirrors:\s+https:\/\/mirror\.example\//);
    assert.equal(hostOf(await setup("undo", "mirror.example")).proved, true);
    assert.partialDeepStrictEqual(hostOf(await setup("undo", registry.address)), { proved: true });
    assert.equal(await shell(host, `cat ${path} 2>/dev/null || echo none`), before);
    assert.equal(await exchangesImages(host, registry.address), false);
    assert.equal(await survivorPidOf(host), running);
  } finally {
    await person.leave();
    await host.stop();
  }
}

const runtime = "/srv/runtime";
const socket = `unix://${runtime}/docker.sock`;

/**
 * Docker's own daemon in a user namespace, as RootlessKit would start it, without its network: of RootlessKit it wants
 * only its name in the environment and a program for ports, of which there are none. One user alone is known in there,
 * so all in an image belongs to that one.
 */
const startRootless = `set -e
docker save lab/sleeper:1 >/tmp/sleeper.tar; chmod 644 /tmp/sleeper.tar
docker rm -f survivor
systemctl stop docker.socket docker.service containerd.service; rm -f /var/run/docker.sock
mkdir -p ${runtime} /opt/kit; ln -s /bin/true /opt/kit/rootlesskit-docker-proxy; chown nopass ${runtime}; chmod 700 ${runtime}
cat >/opt/rootless.sh <<'END'
export XDG_RUNTIME_DIR=${runtime} ROOTLESSKIT_STATE_DIR=${runtime}/kit PATH=/opt/kit:$PATH:/usr/sbin:/sbin
mkdir -p "$HOME/.config/docker"; printf '{ "debug": false }' >"$HOME/.config/docker/daemon.json"
exec unshare --user --map-root-user --mount --fork sh -c '
mount -t tmpfs none /run
exec dockerd --rootless --group root --storage-driver vfs --bridge=none --iptables=false --ip6tables=false -H ${socket} --pidfile ${runtime}/docker.pid' >"$HOME/dockerd.log" 2>&1 </dev/null
END
runuser -l nopass -c 'setsid sh /opt/rootless.sh &'`;

describe("an engine without root", { skip, concurrency: 1, timeout: 400_000 }, () => {
  let host: LabHost;
  let person: Person;
  let registry: LabRegistry;
  const home = "/home/nopass";
  const daemonJson = `${home}/.config/docker/daemon.json`;
  const on = (login: string) => ["--on", `${login}@${host.name}`, ...json];
  const docker = (...words: readonly string[]) =>
    host.run(["docker", "-H", socket, ...words], { user: "nopass" });
  const pulls = async () => {
    const image = `${registry.address}/lab/sleeper:1`;
    await docker("tag", "lab/sleeper:1", image);
    const { code } = await docker("push", "-q", image);
    await docker("rmi", image);
    return code === 0 && (await docker("pull", "-q", image)).code === 0;
  };
  const treeOf = () =>
    shell(host, `find ${home}/.config -exec stat -c '%n %F %a %U' {} + | sort; cat ${daemonJson}`);

  before(async () => {
    host = await startHost("systemd");
    person = await openPerson(host);
    await startSurvivor(host);
    await shell(host, startRootless);
    await eventually("the engine", async () => (await docker("info")).code === 0).catch(
      async (error: unknown) => {
        throw new Error(await shell(host, `cat ${home}/dockerd.log | tail -5`), { cause: error });
      },
    );
    await must(host, "sh", "-c", `docker -H ${socket} load </tmp/sleeper.tar`);
    await shell(
      host,
      `printf 'SetEnv XDG_RUNTIME_DIR=${runtime}\\n' >>/etc/ssh/sshd_config.d/lab.conf; systemctl reload ssh`,
    );
  });
  after(async () => {
    await person?.leave();
    await host?.stop();
  });

  it("is found by its socket, told by the login itself, and forgets", async () => {
    registry = await startRegistry(host);
    const tree = await treeOf();
    assert.equal(await pulls(), false);
    const pid = await shell(host, `cat ${runtime}/docker.pid`);
    const done = hostOf(await person.regctl(["setup", "insecure", registry.address, ...on("nopass")]));
    const expected = {
      platform: "rootless",
      path: daemonJson,
      applied: "reload",
      proved: true,
      warnings: [],
    };
    assert.partialDeepStrictEqual(done, expected);
    assert.equal(await shell(host, `stat -c '%U %a' ${daemonJson}`), "nopass 644\n");
    assert.equal(await pulls(), true);
    const status = statusOf(await person.regctl(["setup", "status", ...on("nopass")]));
    assert.partialDeepStrictEqual(status, { platform: "rootless", path: daemonJson, problem: null });
    assert.deepEqual(status.registries, [{ registry: registry.address, configured: true, effective: true }]);
    const mirror = ["setup", "mirror", "https://mirror.example", ...on("nopass")];
    assert.equal(hostOf(await person.regctl(mirror)).proved, true);
    assert.match((await docker("info")).stdout, /Registry Mirrors:\s+https:\/\/mirror\.example\//);
    for (const name of ["mirror.example", registry.address]) {
      assert.equal(hostOf(await person.regctl(["setup", "undo", name, ...on("nopass")])).proved, true);
    }
    assert.equal(await treeOf(), tree);
    assert.equal(await shell(host, `cat ${runtime}/docker.pid`), pid);
    assert.equal(await shell(host, "ls -d /var/lib/regctl /etc/docker/daemon.json 2>/dev/null || true"), "");
    await registry.stop();
  });

  it("trusts a certificate that lies below that home", async () => {
    await using authority = await createTlsAuthority("lab authority");
    const tls = await authority.issue({ names: [`IP:${host.address}`] });
    registry = await startRegistry(host, { tls, port: 5443 });
    const file = `${person.home}/ca.pem`;
    await writeFile(file, authority.ca);
    const tree = await treeOf();
    assert.equal(await pulls(), false);
    const trust = ["setup", "trust", registry.address, "--ca", file, ...on("nopass")];
    const done = hostOf(await person.regctl(trust));
    const path = `${home}/.config/docker/certs.d/${registry.address}/ca.crt`;
    assert.partialDeepStrictEqual(done, { path, proved: true, warnings: [] });
    assert.equal(await pulls(), true);
    const [shown] = statusOf(await person.regctl(["setup", "status", ...on("nopass")])).trusted;
    assert.equal(shown?.files[0]?.path, path);
    assert.equal(
      hostOf(await person.regctl(["setup", "undo", registry.address, ...on("nopass")])).proved,
      true,
    );
    assert.equal(await treeOf(), tree);
    const system = errorOf(await person.regctl([...trust, "--system"]), 3);
    assert.match(system.message, /does not take --system/);
  });

  it("is not told by anybody else, and be it root", async () => {
    const error = errorOf(await person.regctl(["setup", "insecure", registry.address, ...on("root")]), 3);
    assert.equal(error.code, "ENGINE_CANNOT");
    assert.match(error.message, /by root: its files are those of user \d+/);
  });
});
