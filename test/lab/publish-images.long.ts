/**
 * Images of every shape, published from real engines into Debian's docker-registry and read back by docker, podman and
 * skopeo on clean stores: the same configuration, the same files, and they run. Of zstd as well, by all who read it.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseManifest } from "../../src/registry/manifest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { assertTree, pushTree } from "../support/registry-content.ts";
import { readHeld } from "../support/registry-walk.ts";
import { openTestClient } from "../support/registry-world.ts";
import { itemsOf, openCli, type TestCli } from "../support/test-cli.ts";
import { must } from "./conduct.ts";
import { shell } from "./engine-state.ts";
import { type ClientName, type ImageClient, openImageClient, skopeoInspects } from "./image-clients.ts";
import { type LabHost, type LabKind, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import type { LabRegistry } from "./registry.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

interface Source {
  readonly kind: LabKind;
  readonly engine: "docker" | "podman";
  readonly readers: readonly ClientName[];
  /** Images are kept as they travel: their layers are not packed anew. */
  readonly packed: boolean;
}

const sources: readonly Source[] = [
  { kind: "systemd", engine: "docker", readers: ["docker"], packed: false },
  { kind: "sid", engine: "docker", readers: ["docker", "podman", "skopeo"], packed: false },
  { kind: "sid-store", engine: "docker", readers: ["docker", "podman", "skopeo"], packed: true },
  { kind: "sid-store", engine: "podman", readers: ["docker", "podman", "skopeo"], packed: false },
];

/**
 * How an image is built. In containerd's store the old builder and `commit` mix the media types of Docker and the OCI in one
 * manifest, which skopeo and Podman take amiss; the new builder makes a layer of nothing by itself.
 */
const oldBuilder = `build() { DOCKER_BUILDKIT=0 docker build -q -t "$1" .; }
add_nothing() { docker create --name nothing "$1" && docker commit nothing "$2" && docker rm nothing; }`;
const newBuilder = `build() { DOCKER_BUILDKIT=1 docker build -q --provenance=false --network none -t "$1" .; }
add_nothing() { docker tag "$1" "$2"; }`;
const builderOf = (kind: LabKind) => (kind === "sid-store" ? newBuilder : oldBuilder);

/** Each made by docker; `runs` when busybox is in it. Names of more than 100 and 255 characters are in the first. */
const recipes: Readonly<Record<string, { readonly script: string; readonly runs: boolean }>> = {
  "odd:1": {
    runs: true,
    script: `mkdir -p data/dir bin; cp /bin/busybox bin/; cp /bin/busybox data/setuid
echo one >'data/a b'; ln 'data/a b' data/hard; ln -s hard data/soft; ln -s /nowhere data/dangling
echo u >'data/ü ä'; echo n >"$(printf 'data/new\\nline')"; : >data/empty; truncate -s 3000000 data/sparse
deep=data/dir/$(printf 'd%.0s' $(seq 90))/$(printf 'e%.0s' $(seq 90))/$(printf 'f%.0s' $(seq 90))
mkdir -p $deep; echo deep >$deep/$(printf 'l%.0s' $(seq 200))
mknod data/null c 1 3; mknod data/block b 7 200; mkfifo data/fifo
chmod 1777 data/dir; chmod 4755 data/setuid; chown 1234:567890 'data/ü ä'; chmod 000 data/empty
setcap cap_net_raw+ep data/setuid
tar --xattrs --xattrs-include='*' -c . | docker import -c 'CMD ["/bin/busybox","true"]' - odd:1`,
  },
  // A layer twice, steps without one, one that takes files away, and one of nothing at all.
  "layers:1": {
    runs: true,
    script: `echo same >same; printf '%s\\n' 'FROM odd:1' 'ADD same /data/same' 'LABEL a=b' 'ADD same /data/same' \\
'ENV C=d' 'RUN ["/bin/busybox","rm","-r","/data/sparse","/data/dir"]' >Dockerfile
build before:1; add_nothing before:1 layers:1`,
  },
  "scratch:1": {
    runs: false,
    script: `echo alone >one; printf '%s\\n' 'FROM scratch' 'ADD one /data/one' >Dockerfile
build scratch:1`,
  },
};

const images = Object.keys(recipes);
const names = Array.from({ length: 12 }, (_, index) => `1.${index}`);

for (const source of sources) describeSource(source);

function describeSource({ kind, engine, readers, packed }: Source): void {
  describe(`${engine} on ${kind}`, { skip, concurrency: 1, timeout: 300_000 }, () => {
    let host: LabHost;
    let registry: LabRegistry;
    let port: number;
    let cli: TestCli;
    let from: ImageClient;
    const whyNoZstd =
      kind === "systemd"
        ? "20.10 does not read it, as publish.lab.ts proves"
        : packed && "they are packed already";
    const trees = new Map<string, string>();
    /** What was published, by its name at the registry. */
    const published = new Map<string, { readonly image: string; readonly digest: string }>();

    before(async () => {
      host = await startHost(kind);
      registry = await startRegistry(host);
      port = Number(registry.address.split(":")[1]);
      const socket = engine === "docker" ? "/run/docker.sock" : "/run/podman/podman.sock";
      cli = await openCli({ DOCKER_HOST: `unix://${host.root}${socket}` });
      from = openImageClient(host, engine);
      for (const { script } of Object.values(recipes)) {
        await shell(
          host,
          `set -e; ${builderOf(kind)}; rm -rf /root/make; mkdir /root/make; cd /root/make; { ${script}
} >/dev/null`,
        );
      }
      if (engine === "podman") {
        await shell(
          host,
          `systemctl start podman.socket; docker save ${images.join(" ")} | podman load -q >/dev/null`,
        );
      }
      for (const image of images) trees.set(image, await from.treeOf(image));
    });
    after(async () => {
      await host?.stop();
      await cli?.[Symbol.asyncDispose]();
    });

    const publish = async (image: string, name: string, ...flags: readonly string[]) => {
      const words = [
        "publish",
        image,
        `${registry.address}/${name}`,
        "--insecure",
        "--via",
        "direct",
        "--no-tag",
      ];
      const [item] = itemsOf(await cli.document(...words, ...flags));
      assert.ok(item !== undefined);
      published.set(name, { image, digest: String(item.digest) });
      return item;
    };

    it("publishes them directly, what they share once", async () => {
      for (const image of images) {
        const item = await publish(image, `gzip/${image}`);
        const id = await from.idOf(image);
        assert.equal(item.imageId, id);
        const { digest, config } = await heldAt(registry, `gzip/${image}`);
        assert.deepEqual([digest, packed ? digest : config], [item.digest, id]);
      }
      const base = await readHeld(registry.address, "gzip/odd", "1");
      const top = await readHeld(registry.address, "gzip/layers", "1");
      const shared = [...base.blobs.keys()].filter((blob) => top.blobs.has(blob));
      assert.equal(shared.length, 1);
    });

    it("publishes them with zstd", { skip: whyNoZstd }, async () => {
      for (const image of images) await publish(image, `zstd/${image}`, "--compression", "zstd");
      const { layers } = await heldAt(registry, "zstd/layers:1");
      assert.ok(layers.length >= 4);
      for (const { mediaType } of layers) assert.equal(mediaType, mediaTypes.ociLayerZstd);
    });

    it("many names, and sixty layers", async () => {
      const lines = Array.from({ length: 59 }, (_, index) => `ADD f${index % 50} /data/f${index}`);
      await shell(
        host,
        `set -e; ${builderOf(kind)}; mkdir /root/many; cd /root/many; for i in $(seq 0 49); do echo $i >f$i; done
printf '%s\\n' 'FROM odd:1' ${lines.map((line) => `'${line}'`).join(" ")} >Dockerfile
build many:1 >/dev/null
${engine === "podman" ? "docker save many:1 | podman load -q >/dev/null" : ""}`,
      );
      trees.set("many:1", await from.treeOf("many:1"));
      const words = names.map((tag) => `${registry.address}/many/names:${tag}`);
      const items = itemsOf(
        await cli.document("publish", "many:1", ...words, "--insecure", "--via", "direct", "--no-tag"),
      );
      const digests = new Set(
        await Promise.all(names.map((tag) => heldAt(registry, `many/names:${tag}`))).then((all) =>
          all.map(({ digest }) => digest),
        ),
      );
      assert.deepEqual([...digests], [items[0]?.digest]);
      published.set("many/names:1.7", { image: "many:1", digest: String(items[0]?.digest) });
    });

    if (packed) {
      it("an index of several platforms keeps its digest", async () => {
        const index = makeIndex([
          makeImage({ seed: "amd", layers: [2000, 1_500_000] }),
          makeImage({ seed: "arm", platform: "linux/arm64", layers: [3_000_000] }),
        ]);
        await pushTree(registry.address, "source/index", ["1"], index);
        const archive = "/root/index.tar";
        const there = `oci-archive:${host.root}${archive}:${registry.address}/index:1`;
        await cli.document("copy", "--insecure", `${registry.address}/source/index:1`, there);
        await must(host, "docker", "load", "-i", archive);
        const [image] = (
          await must(host, "docker", "images", "-q", "--no-trunc", `${registry.address}/index`)
        ).split("\n");
        assert.equal(image, index.manifest.digest);
        await publish(String(image), "target/index:1");
        published.delete("target/index:1");
        await assertTree(registry.address, "target/index", "1", index);
      });
    }

    for (const name of readers) {
      it(`${name} reads them back: the same image, the same files, and it runs`, async () => {
        const reader = openImageClient(host, name);
        for (const [there, { image, digest }] of published) {
          await reader.forget();
          const local = await reader.pull(port, there);
          const { config } = await heldAt(registry, there);
          assert.equal(
            await reader.idOf(local),
            name === "docker" && kind === "sid-store" ? digest : config,
            there,
          );
          assert.equal(await reader.treeOf(local), trees.get(image), there);
          if (recipes[image]?.runs === false) continue;
          assert.equal(
            await reader.run(local, "cat", "/data/a b", "/data/hard", "/data/soft"),
            "one\none\none",
          );
          if (image === "many:1") assert.equal(await reader.run(local, "cat", "/data/f58"), "8");
        }
        if (name !== "skopeo") return;
        for (const [there, { digest }] of published) {
          const { config } = await heldAt(registry, there);
          assert.deepEqual(await skopeoInspects(host, port, there), { digest, config }, there);
        }
      });
    }
  });
}

/** Of a tag that leads to one image. */
async function heldAt({ address }: LabRegistry, name: string) {
  await using opened = await openTestClient(address);
  const [repository = "", tag = ""] = name.split(":");
  const { bytes, contentType, digest } = await opened.client.getManifest(repository, tag);
  const manifest = parseManifest(bytes, contentType, name);
  assert.ok(manifest.kind === "image");
  return { digest, config: manifest.config.digest, layers: manifest.layers };
}
