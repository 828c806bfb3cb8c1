/** `publish`, `pull` and `images` through Podman's socket, which speaks Docker's API with gaps of its own. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { itemsOf, openCli, type TestCli } from "../support/test-cli.ts";
import { must } from "./conduct.ts";
import { shell } from "./engine-state.ts";
import { type ImageClient, openImageClient } from "./image-clients.ts";
import { type LabHost, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import type { LabRegistry } from "./registry.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

describe("Podman", { skip, concurrency: 1, timeout: 300_000 }, () => {
  let host: LabHost;
  let registry: LabRegistry;
  let cli: TestCli;
  let podman: ImageClient;

  before(async () => {
    host = await startHost("sid-store");
    registry = await startRegistry(host);
    cli = await openCli({ DOCKER_HOST: `unix://${host.root}/run/podman/podman.sock` });
    podman = openImageClient(host, "podman");
    await shell(
      host,
      `set -e; systemctl start podman.socket; mkdir -p /root/base/bin /root/base/data; cd /root/base
cp /bin/busybox bin/; echo base >data/base; tar -c . | podman import -q -c 'CMD ["/bin/busybox","true"]' - base:1`,
    );
  });
  after(async () => {
    await host?.stop();
    await cli?.[Symbol.asyncDispose]();
  });

  const at = (name: string) => `${registry.address}/${name}`;
  const item = async (...words: readonly string[]) => {
    const [first] = itemsOf(await cli.document(...words, "--insecure"));
    assert.ok(first !== undefined);
    return first;
  };
  /** `from` with one more layer, of bytes that do not compress. */
  const build = (from: string, name: string, bytes: number) =>
    shell(
      host,
      `set -e; mkdir -p /root/build; cd /root/build; head -c ${bytes} /dev/urandom >added
printf '%s\\n' 'FROM ${from}' 'COPY added /data/added' >Dockerfile
podman build -q --isolation chroot --pull=never -t ${name} . >/dev/null`,
    );
  const state = async (name: string) => {
    const items = itemsOf(await cli.document("images", "--insecure", "--registry", registry.address));
    return items.find(({ repository, tag }) => `${repository}:${tag}` === name)?.published;
  };

  it("publishes into a registry that it does not trust, also when little is missing there", async () => {
    const id = await podman.idOf("base:1");
    const first = await item("publish", "base:1", at("app:1"));
    assert.partialDeepStrictEqual(first, { via: "direct", imageId: id, layers: { sent: 1 }, tagged: true });
    assert.equal(await podman.idOf(at("app:1")), id);
    await build("base:1", "top:1", 3000);
    const second = await item("publish", "top:1", at("app:2"));
    assert.partialDeepStrictEqual(second, { via: "direct", layers: { sent: 1, reused: 1 } });
    const again = await item("publish", "top:1", at("app:2"));
    assert.deepEqual([again.bytesSent, again.changed], [0, false]);
  });

  it("images says what the registry has", async () => {
    await build("base:1", at("app:1"), 2000);
    assert.deepEqual(
      [await state(at("app:2")), await state(at("app:1")), await state("localhost/top:1")],
      ["yes", "older", "no"],
    );
  });

  it("pulls from it directly, remembers the digest, and the second time nothing", async () => {
    const tree = await podman.treeOf(at("app:2"));
    const id = await podman.idOf(at("app:2"));
    await podman.forget();
    const pulled = await item("pull", at("app:2"));
    assert.partialDeepStrictEqual(pulled, { via: "direct", imageId: id, digestKnown: true, changed: true });
    assert.equal(await podman.treeOf(at("app:2")), tree);
    const again = await item("pull", at("app:2"));
    assert.deepEqual([again.bytesReceived, again.changed], [0, false]);
    const named = await item("pull", at("app:2"), "--as", "mine:1");
    assert.deepEqual([named.bytesReceived, named.changed], [0, true]);
    assert.equal(await podman.run("mine:1", "cat", "/data/base"), "base");
  });

  it("is told of its refusal when it has to push or pull by itself", async () => {
    for (const words of [
      ["publish", at("app:2"), at("no:1")],
      ["pull", at("app:2")],
    ]) {
      assert.deepEqual(await cli.failure(...words, "--insecure", "--via", "engine"), [1, "ENGINE_ERROR"]);
    }
  });

  it("pushes and pulls by itself once it trusts the registry, and what it does not tell is found out", async () => {
    const config = `[[registry]]\nlocation = "${registry.address}"\ninsecure = true\n`;
    await host.run(["sh", "-c", "cat >/etc/containers/registries.conf.d/lab.conf"], { input: config });
    // It reads that when it starts, which the socket sees to.
    await must(host, "systemctl", "stop", "podman.service");
    await build(at("app:2"), "large:1", 2_000_000);
    const pushed = await item("publish", "large:1", at("app:3"), "--via", "engine");
    assert.partialDeepStrictEqual(pushed, { via: "engine", layers: { sent: 1, reused: 2, mounted: 0 } });
    assert.ok(Number(pushed.bytesSent) >= 2_000_000 && Number(pushed.bytesSent) < 2_100_000);
    const id = await podman.idOf(at("app:3"));
    await podman.forget();
    const pulled = await item("pull", at("app:3"), "--via", "engine");
    assert.partialDeepStrictEqual(pulled, { imageId: id, digest: pushed.digest, changed: true });
    assert.deepEqual(pulled.layers, { received: 3, reused: 0 });
    const again = await item("pull", at("app:3"), "--via", "engine");
    assert.deepEqual([again.changed, again.layers], [false, { received: 0, reused: 3 }]);
    assert.equal(await podman.run(at("app:3"), "cat", "/data/base"), "base");
    assert.deepEqual(await cli.failure("pull", at("gone:1"), "--insecure", "--via", "engine"), [
      5,
      "NOT_FOUND",
    ]);
    assert.equal((await must(host, "podman", "images", "-q")).trim().split("\n").length, 1);
  });
});
