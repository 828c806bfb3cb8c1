/** Setup of engines besides Docker's, as they stand on Debian: Podman with its relatives, and containerd. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { createTlsAuthority } from "../support/tls-authority.ts";
import { must } from "./conduct.ts";
import { shell } from "./engine-state.ts";
import { readText } from "./fault-host.ts";
import { type LabHost, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf, hostOf, openPerson, statusOf } from "./regctl-over-ssh.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;
const json = ["--json", "--progress", "none"];

async function openScene() {
  const [host, authority] = await Promise.all([startHost("sid-store"), createTlsAuthority("lab authority")]);
  const person = await openPerson(host);
  const tls = await authority.issue({ names: [`IP:${host.address}`] });
  const plain = await startRegistry(host);
  const closed = await startRegistry(host, { port: 5443, tls });
  await writeFile(`${person.home}/ca.pem`, authority.ca);
  // An image in both, under the name that Docker Hub has for it in the first: there it is a mirror.
  await shell(
    host,
    `set -e; mkdir -p /root/base/bin /root/base/data; cp /bin/busybox /root/base/bin/
cd /root/base; tar -c . | podman import -q - base:1
podman push -q --tls-verify=false base:1 ${plain.address}/library/base:1
podman push -q --tls-verify=false base:1 ${closed.address}/library/base:1
podman rmi -f base:1 >/dev/null`,
  );
  return {
    ...{ host, person, plain: plain.address, closed: closed.address, ca: `${person.home}/ca.pem` },
    regctl: (user: string, ...words: readonly string[]) =>
      person.regctl([...words, "--on", `${user}@${host.name}`, ...json]),
    leave: async () => {
      await person.leave();
      await host.stop();
      await authority[Symbol.asyncDispose]();
    },
  };
}

type Scene = Awaited<ReturnType<typeof openScene>>;

/** All files with their modes and owners, and their bytes. */
const treeOf = (host: LabHost, ...folders: readonly string[]) =>
  shell(
    host,
    `for d in ${folders.join(" ")}; do [ -e $d ] && find $d -exec stat -c '%n %F %a %U' {} + | sort; find $d -type f -exec sha256sum {} + 2>/dev/null | sort; done; :`,
  );

describe("setup of other engines", { skip, concurrency: 1, timeout: 400_000 }, () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene();
  });
  after(() => scene?.leave());

  const proved = { changed: true, proved: true, warnings: [] };

  for (const user of ["root", "nosudo"]) {
    // Podman of a person needs more of a kernel than the lab has; skopeo reads the same files.
    const pulls = async (image: string) => {
      // Nobody is logged in who would have a runtime folder, where logins are looked for.
      const command = `XDG_RUNTIME_DIR=$HOME skopeo inspect --no-creds --raw docker://${image}`;
      const { code } = await scene.host.run(["su", "-", user, "-c", command]);
      if (user !== "root") return code === 0;
      const podman = await scene.host.run(["podman", "pull", "-q", image]);
      assert.equal(podman.code === 0, code === 0, "podman and skopeo agree");
      return code === 0;
    };
    const folder = user === "root" ? "/etc/containers" : `/home/${user}/.config`;

    describe(`Podman of ${user}`, () => {
      const setup = async (...words: readonly string[]) =>
        hostOf(await scene.regctl(user, "setup", ...words, "--engine", "podman"));

      it("pulls over HTTP from a registry that is told as insecure, and not after undo", async () => {
        const { host, plain } = scene;
        await shell(host, `[ ${user} = root ] || install -d -o ${user} -g ${user} ${folder}`);
        const tree = await treeOf(host, folder);
        assert.equal(await pulls(`${plain}/library/base:1`), false);
        const done = await setup("insecure", plain);
        assert.partialDeepStrictEqual(done, { ...proved, engineKind: "podman", applied: "none" });
        assert.equal(await pulls(`${plain}/library/base:1`), true);
        assert.equal((await setup("insecure", plain)).nothing, "already");
        const status = statusOf(await scene.regctl(user, "setup", "status", "--engine", "podman"));
        const told = { registry: plain, configured: true, effective: true };
        assert.deepEqual(status.registries, [told]);
        assert.partialDeepStrictEqual(await setup("undo", plain), proved);
        assert.equal(await pulls(`${plain}/library/base:1`), false);
        assert.equal(await treeOf(host, folder), tree);
      });

      it("pulls over TLS from one whose authority is trusted, also when it was insecure before", async () => {
        const { host, closed, ca } = scene;
        const tree = await treeOf(host, folder);
        assert.equal(await pulls(`${closed}/library/base:1`), false);
        assert.partialDeepStrictEqual(await setup("insecure", closed), proved);
        assert.partialDeepStrictEqual(await setup("trust", closed, "--ca", ca), proved);
        assert.equal(await pulls(`${closed}/library/base:1`), true);
        assert.equal((await setup("trust", closed, "--ca", ca)).nothing, "trusted");
        const status = statusOf(await scene.regctl(user, "setup", "status", "--engine", "podman"));
        assert.deepEqual([status.registries, status.trusted[0]?.registry], [[], closed]);
        // What is verified is not given up unasked.
        const words = ["setup", "insecure", closed, "--engine", "podman"];
        assert.equal(errorOf(await scene.regctl(user, ...words), 2).code, "MISSING_ANSWER");
        assert.partialDeepStrictEqual(await setup("undo", closed), proved);
        assert.equal(await treeOf(host, folder), tree);
      });

      it("pulls images of Docker Hub from a mirror, beside what else is said of that", async () => {
        const { host, plain } = scene;
        const tree = await treeOf(host, folder);
        await shell(host, "podman rmi -af >/dev/null");
        const url = `http://${plain}/`;
        assert.partialDeepStrictEqual(await setup("mirror", url), proved);
        assert.equal(await pulls("docker.io/library/base:1"), true);
        assert.equal((await setup("mirror", url)).nothing, "already");
        const status = statusOf(await scene.regctl(user, "setup", "status", "--engine", "podman"));
        assert.deepEqual(status.mirrors, [{ url, configured: true, effective: true }]);
        assert.partialDeepStrictEqual(await setup("undo", "--last"), proved);
        assert.equal(await treeOf(host, folder), tree);
      });

      it("what cannot be told is refused, and nothing is written", async () => {
        const { host, plain } = scene;
        const tree = await treeOf(host, folder);
        const words = ["setup", "insecure", "10.0.0.0/24", "--engine", "podman"];
        assert.equal(errorOf(await scene.regctl(user, ...words), 3).code, "ENGINE_CANNOT");
        const conf = "/etc/containers/registries.conf.d/theirs.conf";
        const refused = async (text: string, code: string) => {
          await host.run(["sh", "-c", `cat >${conf}`], { input: text });
          const told = ["setup", "insecure", plain, "--engine", "podman"];
          assert.equal(errorOf(await scene.regctl(user, ...told), 3).code, code);
          await must(host, "rm", conf);
        };
        await refused(`[registries.insecure]\nregistries = ["${plain}"]\n`, "CONFIG_CONFLICT");
        await refused("[[registry]\n", "CONFIG_BROKEN");
        await refused(`[[registry]]\nlocation = "${plain}"\nblocked = true\n`, "CONFIG_CONFLICT");
        assert.equal(await treeOf(host, folder), tree);
      });
    });
  }

  it("says that a file of a person hides what is told to everybody", async () => {
    const { host, plain } = scene;
    const hiding = "/root/.config/containers/registries.conf";
    await shell(host, `mkdir -p /root/.config/containers; : >${hiding}`);
    const words = ["setup", "insecure", plain, "--engine", "podman", "--dry-run"];
    const { notes } = hostOf(await scene.regctl("root", ...words));
    assert.match(notes.join(), /hides|nothing below \/etc\/containers/);
    await must(host, "rm", "-r", "/root/.config/containers");
  });

  describe("containerd", () => {
    const folder = "/etc/containerd";
    const setup = async (...words: readonly string[]) =>
      hostOf(await scene.regctl("root", "setup", ...words, "--engine", "containerd"));
    const pulls = async (image: string) => {
      const hosts = ["--hosts-dir", `${folder}/certs.d`];
      const { code } = await scene.host.run(["ctr", "-n", "lab", "images", "pull", ...hosts, image]);
      await scene.host.run(["ctr", "-n", "lab", "images", "rm", image]);
      return code === 0;
    };

    it("pulls over HTTP, over TLS and from a mirror, and undo leaves nothing behind", async () => {
      const { host, plain, closed, ca } = scene;
      const tree = await treeOf(host, folder);
      assert.equal(await pulls(`${plain}/library/base:1`), false);
      assert.partialDeepStrictEqual(await setup("insecure", plain), { ...proved, applied: "none" });
      assert.equal(await pulls(`${plain}/library/base:1`), true);
      assert.equal(await pulls(`${closed}/library/base:1`), false);
      assert.partialDeepStrictEqual(await setup("trust", closed, "--ca", ca), proved);
      assert.equal(await pulls(`${closed}/library/base:1`), true);
      assert.equal((await setup("trust", closed, "--ca", ca)).nothing, "trusted");
      assert.partialDeepStrictEqual(await setup("mirror", `http://${plain}`), proved);
      assert.equal(await pulls("docker.io/library/base:1"), true);
      const status = statusOf(await scene.regctl("root", "setup", "status", "--engine", "containerd"));
      assert.deepEqual(status.registries, [{ registry: plain, configured: true, effective: null }]);
      assert.deepEqual(status.mirrors, [{ url: `http://${plain}/`, configured: true, effective: null }]);
      assert.partialDeepStrictEqual(await setup("undo", closed), proved);
      assert.partialDeepStrictEqual(await setup("undo", plain), proved);
      assert.equal(await treeOf(host, folder), tree);
      assert.doesNotMatch(await must(host, "ctr", "namespaces", "ls"), /regctl/);
    });

    it("is restarted once, with consent, where CRI has to look for the files, and Docker's containers live", async () => {
      const { host, plain, closed, ca } = scene;
      const tree = await treeOf(host, folder);
      // That Kubernetes uses it is told by its tools alone.
      await shell(host, "printf '#!/bin/sh\\n' >/usr/local/bin/crictl; chmod 755 /usr/local/bin/crictl");
      const pidOf = () => must(host, "systemctl", "show", "-p", "MainPID", "--value", "containerd");
      const pid = await pidOf();
      const words = ["setup", "insecure", plain, "--engine", "containerd"];
      const asked = errorOf(await scene.regctl("root", ...words), 2);
      assert.deepEqual([asked.code, await treeOf(host, folder)], ["MISSING_ANSWER", tree]);
      assert.match(asked.remedies.join(), /--allow-restart/);
      const done = await setup("insecure", plain, "--allow-restart");
      assert.partialDeepStrictEqual(done, { ...proved, applied: "restart" });
      assert.notEqual(await pidOf(), pid);
      assert.match(
        await must(host, "containerd", "config", "dump"),
        /config_path = '\/etc\/containerd\/certs.d'/,
      );
      assert.match(await must(host, "ctr", "plugins", "ls"), /grpc\.v1 +cri +\S+ +ok/);
      assert.partialDeepStrictEqual(await setup("trust", closed, "--ca", ca), { ...proved, applied: "none" });
      // The setting stays as long as a registry needs it.
      await setup("undo", plain);
      assert.match(readText(host, `${folder}/config.toml`) ?? "", /config_path/);
      await setup("undo", closed);
      assert.equal(await treeOf(host, folder), tree);
      await must(host, "rm", "/usr/local/bin/crictl");
    });

    it("somebody else's hosts.toml is left alone", async () => {
      const { host, plain } = scene;
      const theirs = `${folder}/certs.d/${plain}`;
      await shell(host, `mkdir -p ${theirs}; echo 'server = "https://other.test"' >${theirs}/hosts.toml`);
      const words = ["setup", "insecure", plain, "--engine", "containerd"];
      assert.equal(errorOf(await scene.regctl("root", ...words), 3).code, "CONFIG_CONFLICT");
      await must(host, "rm", "-r", `${folder}/certs.d`);
    });
  });

  it("localhost is Docker's as it is, and where Podman alone is there Podman is told", async () => {
    const { host, plain } = scene;
    const local = plain.replace(host.address, "localhost");
    const setup = async (...words: readonly string[]) =>
      hostOf(await scene.regctl("root", "setup", ...words));
    assert.equal((await setup("insecure", local)).nothing, "loopback");
    await shell(host, "systemctl stop docker.socket docker.service; rm -f /run/docker.sock");
    const inspect = ["skopeo", "inspect", "--no-creds", "--raw", `docker://${local}/library/base:1`];
    assert.notEqual((await host.run(inspect)).code, 0);
    assert.partialDeepStrictEqual(await setup("insecure", local), { ...proved, engineKind: "podman" });
    await must(host, ...inspect);
    assert.partialDeepStrictEqual(await setup("undo", local), proved);
    assert.notEqual((await host.run(inspect)).code, 0);
  });
});
