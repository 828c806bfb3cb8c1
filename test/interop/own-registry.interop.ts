/** Our own registry as other people's clients see it. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { type OwnRegistry, startOwnRegistry } from "../support/own-registry.ts";
import { assertTree, digestAt, pushTree } from "../support/registry-content.ts";
import { createTempHome, type TempHome } from "../support/temp-home.ts";
import { clients, digestBy, runPeer } from "./clients.ts";
import { withoutGo } from "./peers.ts";

const many = makeIndex([
  makeImage({ seed: "own a", layers: [3000, 2_000_000] }),
  makeImage({ seed: "own b", platform: "linux/arm64" }),
]);
const dockers = makeIndex(
  [makeImage({ format: "docker", seed: "own c" }), makeImage({ format: "docker", platform: "linux/arm64" })],
  { format: "docker" },
);

describe("our own registry", { skip: withoutGo }, () => {
  let registry: OwnRegistry;
  let home: TempHome;
  before(async () => {
    [registry, home] = await Promise.all([startOwnRegistry(), createTempHome()]);
    await pushTree(registry.host, "team/app", ["1", "2"], many);
  });
  after(async () => {
    await registry?.[Symbol.asyncDispose]();
    await home?.[Symbol.asyncDispose]();
  });

  for (const client of clients) {
    it(`${client.name} pulls, pushes and copies: every byte`, async () => {
      const { host } = registry;
      assert.equal(await digestBy(client, `${host}/team/app:1`), many.manifest.digest);
      const folder = join(home.path, client.name);
      await runPeer(client.name, client.toLayout(`${host}/team/app:1`, folder, "1"));
      await runPeer(client.name, client.fromLayout(folder, "1", `${host}/pushed/${client.name}:1`));
      await assertTree(host, `pushed/${client.name}`, "1", many);
      await runPeer(client.name, client.copy(`${host}/team/app:1`, `${host}/copied/${client.name}:1`));
      await assertTree(host, `copied/${client.name}`, "1", many);
    });

    it(`${client.name} copies Docker's formats as they are`, async () => {
      const { host } = registry;
      await pushTree(host, `docker/${client.name}`, ["1"], dockers);
      const words = client.copy(`${host}/docker/${client.name}:1`, `${host}/dockers/${client.name}:1`);
      await runPeer(client.name, words);
      await assertTree(host, `dockers/${client.name}`, "1", dockers);
    });
  }

  it("crane lists repositories and tags, and finds an image whole", async () => {
    const names = (await runPeer("crane", ["catalog", registry.host])).trim().split("\n");
    assert.ok(names.includes("team/app"));
    assert.equal(await runPeer("crane", ["ls", `${registry.host}/team/app`]), "1\n2\n");
    for (const platform of ["linux/amd64", "linux/arm64"]) {
      await runPeer("crane", [
        ...["validate", "--platform", platform, "--remote", `${registry.host}/team/app:1`],
      ]);
    }
  });

  it("oras attaches and discovers; regclient deletes a tag alone", async () => {
    const { host } = registry;
    await writeFile(join(home.path, "note.txt"), "well done");
    const words = ["attach", "--plain-http", "--no-tty", "--artifact-type", "application/vnd.test.note"];
    await runPeer("oras", [...words, `${host}/team/app:1`, "note.txt"], { cwd: home.path });
    const found = await runPeer("oras", [
      ...["discover", "--plain-http", "--format", "json", `${host}/team/app:1`],
    ]);
    assert.equal(JSON.parse(found).referrers.length, 1);
    await runPeer("regclient", ["tag", "delete", "--host", `reg=${host},tls=disabled`, `${host}/team/app:2`]);
    assert.equal(await digestAt(host, "team/app", "2"), null);
    assert.equal(await digestAt(host, "team/app", "1"), many.manifest.digest);
  });
});
