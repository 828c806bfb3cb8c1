/**
 * `setup … --engine kind` on nodes that are stand-ins: containers with the labels that kind gives, in which a real
 * containerd runs with the `config_path` of kind 0.27. The image of a real node comes from Docker Hub, which the lab
 * cannot reach; a real one has systemd besides, kubelet and CRI in use.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { createTlsAuthority, type TlsAuthority } from "../support/tls-authority.ts";
import { eventually } from "./conduct.ts";
import { importBase, openRegistryWithImage } from "./engine-scene.ts";
import { shell } from "./engine-state.ts";
import { type LabHost, startHost } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf, hostOf, openPerson, type Person, setupOf, statusesOf } from "./regctl-over-ssh.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

/** Its programs are the host's own; its files and its containerd are not. */
const makeNode = `set -e; mkdir -p /root/node/node/bin /root/node/etc/containerd /root/node/var/lib /root/node/tmp /root/node/root; cd /root/node
for link in bin sbin lib lib64; do [ -L /$link ] && ln -s "usr/$link" "$link"; done; mkdir -p usr proc sys dev run/systemd/system
printf 'ID=debian\\n' >etc/os-release; : >etc/ld.so.cache; cp /etc/passwd /etc/group etc/
printf '#!/bin/sh\\n' >node/bin/crictl; chmod 755 node/bin/crictl
printf 'version = 3\\n[plugins."io.containerd.cri.v1.images".registry]\\n  config_path = "/etc/containerd/certs.d"\\n' >etc/containerd/config.toml
tar -c . | docker import --change 'ENV PATH=/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' - lab/node:1`;

const startNode = (name: string, role: string) =>
  `docker run -d --name ${name} --privileged --network host --label io.x-k8s.kind.cluster=kind --label io.x-k8s.kind.role=${role} -v /usr:/usr:ro -v /var/lib/containerd lab/node:1 /usr/bin/containerd`;

const nodes = ["kind-control-plane", "kind-worker"];

describe("setup of nodes of kind", { skip, concurrency: 1, timeout: 400_000 }, () => {
  let host: LabHost;
  let person: Person;
  let authority: TlsAuthority;
  const json = ["--json", "--progress", "none", "--engine", "kind"];
  const regctl = (...words: readonly string[]) => person.regctl([...words, "--on", host.name, ...json]);
  /** What was told on each node, by its name. */
  const told = async (...words: readonly string[]) => {
    const { hosts } = setupOf(await regctl("setup", ...words));
    assert.deepEqual(
      hosts.map(({ host: name }) => name),
      nodes.map((node) => `${host.name}/${node}`),
    );
    return hosts;
  };
  const tree = (node: string) =>
    shell(
      host,
      `docker exec ${node} find /etc/containerd -exec stat -c '%n %F %a %U' {} + | sort; docker exec ${node} cat /etc/containerd/config.toml`,
    );
  const trees = async () => Promise.all(nodes.map(tree));
  const pulls = async (image: string) => {
    const said = nodes.map(async (node) => {
      const ctr = ["docker", "exec", node, "ctr", "-n", "lab", "images"];
      const { code } = await host.run([...ctr, "pull", "--hosts-dir", "/etc/containerd/certs.d", image]);
      await host.run([...ctr, "rm", image]);
      return code === 0;
    });
    return Promise.all(said);
  };
  const all = (value: boolean) => nodes.map(() => value);
  const openRegistry = (port: number, name: string, secure: boolean) =>
    openRegistryWithImage({ host, person, authority }, { port, name, secure });

  before(async () => {
    [host, authority] = await Promise.all([startHost("sid-store"), createTlsAuthority("lab authority")]);
    person = await openPerson(host);
    await writeFile(`${person.home}/ca.pem`, authority.ca);
    await shell(host, `${importBase}; ${makeNode}`);
    await shell(
      host,
      [
        startNode("kind-control-plane", "control-plane"),
        startNode("kind-worker", "worker"),
        startNode("kind-lb", "external-load-balancer"),
      ].join("; "),
    );
    for (const node of nodes) {
      await eventually(
        "its containerd",
        async () => (await host.run(["docker", "exec", node, "ctr", "version"])).code === 0,
      );
    }
  });
  after(async () => {
    await host?.stop();
    await person?.leave();
    await authority?.[Symbol.asyncDispose]();
  });

  it("each pulls over HTTP, over TLS and from a mirror, at once; and undo leaves nothing behind", async () => {
    const before = await trees();
    const plain = await openRegistry(5000, "base:1", false);
    const closed = await openRegistry(5443, "base:1", true);
    assert.deepEqual(await pulls(plain.image), all(false));
    const planned = await told("insecure", plain.address, "--dry-run");
    assert.deepEqual([planned.map(({ changed }) => changed), await trees()], [all(true), before]);
    for (const done of await told("insecure", plain.address)) {
      assert.partialDeepStrictEqual(done, {
        engineKind: "containerd",
        changed: true,
        proved: true,
        applied: "none",
        warnings: [],
      });
    }
    assert.deepEqual(await pulls(plain.image), all(true));
    assert.deepEqual(
      (await told("insecure", plain.address)).map(({ nothing }) => nothing),
      ["already", "already"],
    );
    for (const { registries } of statusesOf(await regctl("setup", "status"))) {
      assert.deepEqual(registries, [{ registry: plain.address, configured: true, effective: null }]);
    }
    await told("trust", closed.address, "--ca", `${person.home}/ca.pem`);
    assert.deepEqual(await pulls(closed.image), all(true));
    const mirror = await openRegistry(5002, "library/base:1", false);
    await told("mirror", `http://${mirror.address}`);
    assert.deepEqual(await pulls("docker.io/library/base:1"), all(true));
    for (const name of [mirror.address, closed.address, plain.address]) {
      for (const done of await told("undo", name))
        assert.partialDeepStrictEqual(done, { changed: true, proved: true });
    }
    assert.deepEqual(await trees(), before);
    assert.deepEqual(await pulls(plain.image), all(false));
  });

  it("a node of an older kind is told to look into the folder, by a restart that is asked for", async () => {
    await shell(
      host,
      `docker exec kind-worker sh -c 'echo version = 3 >/etc/containerd/config.toml'; docker restart -t 1 kind-worker`,
    );
    await eventually(
      "its containerd",
      async () => (await host.run(["docker", "exec", "kind-worker", "ctr", "version"])).code === 0,
    );
    const before = await tree("kind-worker");
    const { hosts } = setupOf(await regctl("setup", "insecure", "reg.test:5000"), 2);
    assert.deepEqual([hosts[0]?.proved, hosts[1]?.error?.code], [true, "MISSING_ANSWER"]);
    assert.match(hosts[1]?.error?.remedies.join() ?? "", /--allow-restart/);
    assert.equal(await tree("kind-worker"), before);
    await regctl("setup", "undo", "reg.test:5000");
  });

  it("a node of minikube that has containerd is told alike", async () => {
    const node = startNode("minikube", "").replace(
      /--label io\S+kind\.cluster=kind --label \S+/,
      "--label created_by.minikube.sigs.k8s.io=true",
    );
    await shell(host, node);
    await eventually(
      "its containerd",
      async () => (await host.run(["docker", "exec", "minikube", "ctr", "version"])).code === 0,
    );
    const words = ["--on", host.name, "--json", "--progress", "none", "--engine", "minikube"];
    const before = await tree("minikube");
    const done = hostOf(await person.regctl(["setup", "insecure", "reg.test:5000", ...words]));
    assert.partialDeepStrictEqual(done, { host: `${host.name}/minikube`, changed: true, proved: true });
    assert.match(
      await shell(host, "docker exec minikube cat /etc/containerd/certs.d/reg.test:5000/hosts.toml"),
      /skip_verify/,
    );
    assert.equal(hostOf(await person.regctl(["setup", "undo", "reg.test:5000", ...words])).changed, true);
    assert.equal(await tree("minikube"), before);
  });

  it("loopback is not told, and a host without nodes says how a cluster is made", async () => {
    const error = errorOf(await regctl("setup", "insecure", "localhost:5000"), 3);
    assert.equal(error.code, "ENGINE_CANNOT");
    assert.match(error.message, /the node itself/);
    await shell(host, "docker rm -f kind-control-plane kind-worker");
    const none = errorOf(await regctl("setup", "insecure", "reg.test:5000"), 3);
    assert.equal(none.code, "PLATFORM_NOT_WRITTEN");
    assert.equal(
      hostOf(await regctl("setup", "insecure", "reg.test:5000", "--print")).paste?.length !== 0,
      true,
    );
  });
});
