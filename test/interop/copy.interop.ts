/** Images that went through `regctl copy`, read by other people's clients, and the other way round. */
import assert from "node:assert/strict";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { computeDigest } from "../../src/registry/digest.ts";
import { type ImageFormat, type MadeTree, makeImage, makeIndex } from "../support/image-maker.ts";
import { assertTree, pushTree } from "../support/registry-content.ts";
import { type Distribution, startDistribution } from "../support/start-distribution.ts";
import { createTempHome } from "../support/temp-home.ts";
import { itemsOf, openCli, type TestCli } from "../support/test-cli.ts";
import { clients, digestBy, runPeer } from "./clients.ts";
import { withoutGo } from "./peers.ts";
import { type PeerRegistry, registryNames, startPeerRegistry } from "./registries.ts";

const platforms = ["linux/amd64", "linux/arm64", "linux/arm/v7"];

function makeMany(format: ImageFormat, seed: string): MadeTree {
  const images = platforms.map((platform) =>
    makeImage({ format, platform, seed: `${seed} ${platform}`, layers: [3000, 300_000] }),
  );
  return makeIndex(images, { format });
}

/** Every file of a layout is what its name says, and its one entry is that manifest. */
async function assertLayout(folder: string, tree: MadeTree): Promise<void> {
  const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8"));
  assert.deepEqual(
    index.manifests.map(({ digest }: { digest: string }) => digest),
    [tree.manifest.digest],
  );
  const names = await readdir(join(folder, "blobs", "sha256"));
  for (const name of names) {
    assert.equal(computeDigest(await readFile(join(folder, "blobs", "sha256", name))), `sha256:${name}`);
  }
  const wanted = [...tree.manifests.keys(), ...tree.blobs.keys()].map((digest) => digest.slice(7));
  assert.deepEqual(
    wanted.filter((name) => !names.includes(name)),
    [],
  );
}

describe("copy, beside other clients", { skip: withoutGo }, () => {
  let from: Distribution;
  let to: Distribution;
  let cli: TestCli;
  before(async () => {
    [from, to, cli] = await Promise.all([startDistribution(), startDistribution(), openCli()]);
  });
  after(async () => {
    for (const part of [from, to, cli]) await part?.[Symbol.asyncDispose]();
  });

  for (const format of ["oci", "docker"] as const) {
    it(`registry → registry, ${format}: every byte, and every client sees the same digest`, async () => {
      const tree = makeMany(format, `many ${format}`);
      const name = `team/${format}`;
      await pushTree(from.host, name, ["1"], tree);
      const [item] = itemsOf(await cli.document("copy", `${from.host}/${name}:1`, `${to.host}/${name}:1`));
      assert.equal(item?.digest, tree.manifest.digest);
      await assertTree(to.host, name, "1", tree);
      for (const client of clients) {
        assert.equal(await digestBy(client, `${to.host}/${name}:1`), tree.manifest.digest, client.name);
      }
      for (const platform of platforms) {
        await runPeer("crane", ["validate", "--platform", platform, "--remote", `${to.host}/${name}:1`]);
      }
      const [again] = itemsOf(await cli.document("copy", `${from.host}/${name}:1`, `${to.host}/${name}:1`));
      assert.equal(again?.bytesMoved, 0);
    });
  }

  for (const client of clients) {
    it(`registry → ${client.name} → layout → regctl → registry, and back`, async () => {
      const tree = makeMany("oci", `layout ${client.name}`);
      const name = `layout/${client.name}`;
      await pushTree(from.host, name, ["1"], tree);
      const theirs = join(cli.home, `theirs-${client.name}`);
      await runPeer(client.name, client.toLayout(`${from.host}/${name}:1`, theirs, "1"));
      const layout = client.nameless === true ? `oci:${theirs}` : `oci:${theirs}:1`;
      await cli.document("copy", layout, `${to.host}/${name}:1`);
      await assertTree(to.host, name, "1", tree);

      const ours = join(cli.home, `ours-${client.name}`);
      await cli.document("copy", `${to.host}/${name}:1`, `oci:${ours}:1`);
      await assertLayout(ours, tree);
      await runPeer(client.name, client.fromLayout(ours, "1", `${to.host}/${name}:back`));
      await assertTree(to.host, name, "back", tree);
    });
  }

  it("oci-archive: skopeo and oras read ours, we read skopeo's", async () => {
    const tree = makeMany("oci", "archive");
    await pushTree(from.host, "archive", ["1"], tree);
    const ours = join(cli.home, "ours.tar");
    await cli.document("copy", `${from.host}/archive:1`, `oci-archive:${ours}:1`);
    const skopeo = ["copy", "--insecure-policy", "--all", "--preserve-digests", "--quiet"];
    const destination = `docker://${to.host}/archive:skopeo`;
    await runPeer("skopeo", [...skopeo, "--dest-tls-verify=false", `oci-archive:${ours}:1`, destination]);
    await assertTree(to.host, "archive", "skopeo", tree);
    await runPeer("oras", [
      ...["cp", "--no-tty", "--from-oci-layout", `${ours}:1`, "--to-plain-http", `${to.host}/archive:oras`],
    ]);
    await assertTree(to.host, "archive", "oras", tree);

    const theirs = join(cli.home, "theirs.tar");
    const source = `docker://${from.host}/archive:1`;
    await runPeer("skopeo", [...skopeo, "--src-tls-verify=false", source, `oci-archive:${theirs}:1`]);
    await cli.document("copy", `oci-archive:${theirs}:1`, `${to.host}/archive:ours`);
    await assertTree(to.host, "archive", "ours", tree);
  });

  it("docker-archive: crane and skopeo read ours, we read theirs: the image's id stays", async () => {
    const image = makeImage({ format: "docker", seed: "saved" });
    await pushTree(from.host, "saved", ["1"], image);
    const id = async (tag: string) =>
      JSON.parse(await runPeer("crane", ["manifest", `${to.host}/saved:${tag}`])).config.digest;
    const ours = join(cli.home, "saved.tar");
    await cli.document("copy", `${from.host}/saved:1`, `docker-archive:${ours}:saved:1`);
    await runPeer("crane", ["push", ours, `${to.host}/saved:crane`]);
    await runPeer("crane", ["validate", "--remote", `${to.host}/saved:crane`]);
    assert.equal(await id("crane"), image.config.digest);
    const skopeo = ["copy", "--insecure-policy", "--quiet", "--dest-tls-verify=false"];
    await runPeer("skopeo", [...skopeo, `docker-archive:${ours}`, `docker://${to.host}/saved:skopeo`]);
    assert.equal(await id("skopeo"), image.config.digest);

    for (const peer of ["crane", "skopeo"] as const) {
      const theirs = join(cli.home, `${peer}-saved.tar`);
      const write = {
        crane: ["pull", `${from.host}/saved:1`, theirs],
        skopeo: [
          ...["copy", "--insecure-policy", "--quiet", "--src-tls-verify=false"],
          ...[`docker://${from.host}/saved:1`, `docker-archive:${theirs}:saved:1`],
        ],
      };
      await runPeer(peer, write[peer]);
      await cli.document("copy", `docker-archive:${theirs}`, `${to.host}/saved:from-${peer}`);
      assert.equal(await id(`from-${peer}`), image.config.digest);
      // Its `validate` knows no layers that are not packed; its `export` does, and checks every digest.
      const exported = join(cli.home, "exported.tar");
      await runPeer("crane", ["export", `${to.host}/saved:from-${peer}`, exported]);
      assert.ok((await stat(exported)).size > 3000);
    }
  });

  it("--platform takes one variant, as itself", async () => {
    const images = platforms.map((platform) => makeImage({ platform, seed: `one ${platform}` }));
    const [, second] = images;
    assert.ok(second !== undefined);
    await pushTree(from.host, "one", ["1"], makeIndex(images));
    await cli.document("copy", "--platform", "linux/arm64", `${from.host}/one:1`, `${to.host}/one:1`);
    await assertTree(to.host, "one", "1", second);
  });

  it("--all-tags takes every tag", async () => {
    const trees = ["a", "b", "c"].map((tag) => ({ tag, tree: makeImage({ seed: `all ${tag}` }) }));
    for (const { tag, tree } of trees) await pushTree(from.host, "all", [tag], tree);
    await cli.document("copy", "--all-tags", `${from.host}/all`, `${to.host}/all`);
    for (const { tag, tree } of trees) await assertTree(to.host, "all", tag, tree);
  });
});

describe("copy to and from other registries", { skip: withoutGo }, () => {
  for (const name of registryNames) {
    it(`${name}: with what oras attached`, async () => {
      await using from = await startPeerRegistry(name);
      await using to = await startPeerRegistry(name);
      await using cli = await openCli();
      const tree = makeIndex([makeImage({ seed: name }), makeImage({ seed: name, platform: "linux/arm64" })]);
      await pushTree(from.host, "team/app", ["1"], tree);
      for (const note of ["one", "two"]) await attach(from, "team/app:1", note);
      await cli.document("copy", "--referrers", `${from.host}/team/app:1`, `${to.host}/team/app:1`);
      await assertTree(to.host, "team/app", "1", tree);
      const discovered = await discover(to, "team/app:1");
      assert.deepEqual(discovered, await discover(from, "team/app:1"));
      assert.equal(discovered.length, 2);
      // Their content has come along.
      for (const digest of discovered) {
        await runPeer("oras", ["pull", "--plain-http", "-o", cli.home, `${to.host}/team/app@${digest}`]);
      }
    });
  }
});

async function attach({ host }: PeerRegistry, name: string, note: string): Promise<void> {
  await using folder = await createTempHome();
  await writeFile(join(folder.path, "note.txt"), note);
  const words = ["attach", "--plain-http", "--no-tty", "--artifact-type", "application/vnd.test.note"];
  await runPeer("oras", [...words, `${host}/${name}`, "note.txt"], { cwd: folder.path });
}

async function discover({ host }: PeerRegistry, name: string): Promise<readonly string[]> {
  const found = JSON.parse(
    await runPeer("oras", ["discover", "--plain-http", "--format", "json", `${host}/${name}`]),
  );
  const list: readonly { readonly digest: string }[] = found.referrers ?? found.manifests;
  return list.map(({ digest }) => digest).sort();
}
