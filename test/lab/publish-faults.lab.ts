/** `publish` and `pull` when disks are full and engines die, on real engines and Debian's docker-registry. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { digestAt } from "../support/registry-content.ts";
import { startCli } from "../support/run-cli.ts";
import { itemsOf, openCli, type TestCli } from "../support/test-cli.ts";
import { eventually, must } from "./conduct.ts";
import { shell } from "./engine-state.ts";
import { type ImageClient, openImageClient } from "./image-clients.ts";
import { type LabHost, type LabKind, runContainer, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import type { LabRegistry } from "./registry.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

const kinds: readonly LabKind[] = ["systemd", "sid-store"];
const megabyte = 1_000_000;
const storage = "/tmp/lab-registry-5000/storage";
/** All that a lab host keeps lies on one file system in memory. */
const data = "/var/lib/docker";

for (const kind of kinds) {
  describe(`faults on ${kind}`, { skip, concurrency: 1, timeout: 300_000 }, () => {
    let host: LabHost;
    let registry: LabRegistry;
    let cli: TestCli;
    let docker: ImageClient;
    let tree: string;

    before(async () => {
      host = await startHost(kind);
      await shell(host, `mkdir -p ${storage} && mount -t tmpfs -o size=${20 * megabyte} small ${storage}`);
      registry = await startRegistry(host);
      cli = await openCli({ DOCKER_HOST: `unix://${host.root}/run/docker.sock` });
      docker = openImageClient(host, "docker");
      await runContainer(host, "maker");
      await shell(
        host,
        `set -e; mkdir -p /root/large/data /root/large/bin; cd /root/large; cp /bin/busybox bin/
head -c ${60 * megabyte} /dev/urandom >data/large; tar -c . | docker import -c 'CMD ["/bin/busybox","true"]' - large:1`,
      );
      tree = await docker.treeOf("large:1");
    });
    after(async () => {
      await host?.run(["umount", "-l", storage]);
      await host?.stop();
      await cli?.[Symbol.asyncDispose]();
    });

    const name = () => `${registry.address}/large:1`;
    const publish = () => ["publish", "large:1", name(), "--insecure", "--via", "direct", "--no-tag"];
    const pull = () => ["pull", name(), "--insecure", "--via", "direct"];
    const waits = async () => await readdir(`${cli.home}/.cache/regctl/pull`).catch(() => []);

    it("the registry's disk is full: its failure is told, no tag is there, and with room it arrives", async () => {
      assert.deepEqual(await cli.failure(...publish()), [1, "REGISTRY_ERROR"]);
      assert.equal(await digestAt(registry.address, "large", "1"), null);
      await must(host, "mount", "-o", `remount,size=${300 * megabyte}`, storage);
      const [item] = itemsOf(await cli.document(...publish()));
      assert.equal(await digestAt(registry.address, "large", "1"), item?.digest);
    });

    it("the engine's disk is full: it loads nothing, what was fetched waits, and with room it runs", async () => {
      await docker.forget();
      await shell(
        host,
        `used=$(df --output=used -B1 ${data} | tail -n 1); mount -o remount,size=$((used + ${25 * megabyte})) ${data}`,
      );
      try {
        assert.deepEqual(await cli.failure(...pull()), [1, "ENGINE_ERROR"]);
      } finally {
        await must(host, "mount", "-o", "remount,size=4g", data);
      }
      assert.equal((await host.run(["docker", "image", "inspect", name()])).code, 1);
      const [item] = itemsOf(await cli.document(...pull()));
      assert.ok(Number(item?.bytesReused) > 0);
      assert.equal(await docker.treeOf(name()), tree);
      assert.deepEqual(await waits(), []);
    });

    it("the engine is killed while it loads: told, and the next run brings it", async () => {
      await docker.forget();
      const child = startCli([...pull(), "--json", "--progress", "none"], {
        env: { HOME: cli.home, DOCKER_HOST: `unix://${host.root}/run/docker.sock` },
      });
      let said = "";
      child.stdout.on("data", (chunk) => (said += chunk));
      child.stderr.resume();
      const closed = once(child, "close");
      const engine = (await must(host, "cat", "/run/docker.pid")).trim();
      // What has come lies in the spool; the engine reads it from there at the same time.
      while ((await waits()).length === 0) assert.equal(child.exitCode, null, said);
      await must(host, "kill", "-KILL", engine);
      const [code] = await closed;
      assert.deepEqual([code, JSON.parse(said).error?.code], [6, "ENGINE_UNREACHABLE"]);
      await eventually("the engine", async () => (await host.run(["docker", "info"])).code === 0);
      await cli.document(...pull());
      assert.equal(await docker.treeOf(name()), tree);
      assert.equal(await docker.run(name(), "echo", "alive"), "alive");
      assert.deepEqual(await waits(), []);
    });
  });
}
