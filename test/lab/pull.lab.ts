/** `pull` and `images` with a real engine and Debian's docker-registry, which the engine trusts by one of its names only. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { pushTree } from "../support/registry-content.ts";
import { startCli } from "../support/run-cli.ts";
import { itemsOf, openCli, type TestCli } from "../support/test-cli.ts";
import { type LabHost, type LabKind, runContainer, startHost, startRegistry } from "./lab.ts";
import type { LabRegistry } from "./registry.ts";

const app = makeIndex([
  makeImage({ seed: "amd", layers: [2000, 300_000] }),
  makeImage({ seed: "arm", platform: "linux/arm64", layers: [2000] }),
]);

/** Engine 20.10, and 28 with each of its two stores. */
const kinds: readonly LabKind[] = ["systemd", "sid", "sid-store"];

let lab: LabHost;
let registry: LabRegistry;
let cli: TestCli;

/** The same registry, as the engine trusts it: by the loopback of its own host. */
const trusted = (): string => `127.0.0.1:${registry.address.split(":")[1]}`;

async function docker(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.run(["docker", ...args]);
  assert.equal(code, 0, `docker ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

const idOf = (name: string) => docker("image", "inspect", "-f", "{{.Id}}", name);

/** An image that runs, made of the sleeper with more layers on top, pushed under a name; then the engine forgets it. */
async function publishRunnable(name: string, added: readonly string[]): Promise<string> {
  let from = "lab/sleeper:1";
  for (const [index, text] of added.entries()) {
    await docker("create", "--name", "builder", from, "/bin/busybox", "true");
    await lab.run(["sh", "-c", `printf '%s' '${text}' >/root/added`]);
    await docker("cp", "/root/added", `builder:/added-${index}`);
    from = `lab/built-${index}:1`;
    await docker("commit", "builder", from);
    await docker("rm", "builder");
  }
  const full = `${trusted()}/${name}`;
  await docker("tag", from, full);
  await docker("push", full);
  const id = await idOf(full);
  const built = added.map((_, index) => `lab/built-${index}:1`);
  await docker("rmi", full, ...built.reverse());
  return id;
}

/** Of all files in it; bytes. */
async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

const run = (image: string, ...command: readonly string[]) =>
  docker("run", "--rm", "--network", "none", image, "/bin/busybox", ...command);

async function pull(...words: readonly string[]) {
  const [item] = itemsOf(await cli.document("pull", "--insecure", ...words));
  assert.ok(item !== undefined);
  return item;
}

for (const kind of kinds) {
  // It calls an image by its manifest, keeps digests, and takes whole tars alone.
  const store = kind === "sid-store";

  describe(`pull and images on ${kind}`, () => {
    before(async () => {
      lab = await startHost(kind);
      [registry, cli] = await Promise.all([
        startRegistry(lab),
        openCli({ DOCKER_HOST: `unix://${lab.root}/run/docker.sock` }),
      ]);
      await runContainer(lab, "maker");
      await pushTree(registry.address, "app", ["1", "2"], app);
    });
    after(async () => {
      await lab?.stop();
      await cli?.[Symbol.asyncDispose]();
    });

    it("into an engine that does not trust the registry: the same image, and it runs", async () => {
      const id = await publishRunnable("team/web:1", ["one", "two"]);
      const item = await pull(`${registry.address}/team/web:1`);
      assert.deepEqual([item.via, item.imageId], ["direct", id]);
      assert.match(String(item.why), /does not take plain HTTP/);
      assert.equal(await idOf(`${registry.address}/team/web:1`), id);
      assert.equal(await run(`${registry.address}/team/web:1`, "cat", "/added-0", "/added-1"), "onetwo");
      assert.equal(item.digestKnown, store);
    });

    it("leaves out the layers that the engine has, however it came by them", async () => {
      const item = await pull(`${registry.address}/team/web:1`);
      assert.deepEqual([item.bytesReceived, item.changed], [0, false]);
      const id = await publishRunnable("team/web:2", ["one", "other"]);
      const second = await pull(`${registry.address}/team/web:2`);
      // The sleeper's own layer stands below all of them.
      assert.deepEqual(second.layers, store ? { received: 3, reused: 0 } : { received: 2, reused: 1 });
      assert.equal(second.imageId, id);
      assert.equal(await run(`${registry.address}/team/web:2`, "cat", "/added-1"), "other");
    });

    it("under other names, taking them from the image that had them", async () => {
      await docker("tag", "lab/sleeper:1", "web:local");
      const item = await pull(`${registry.address}/team/web:1`, "--as", "web:local", "--as", "mine/web");
      assert.equal(await idOf("web:local"), item.imageId);
      assert.equal(await idOf("mine/web:latest"), item.imageId);
    });

    it("the engine's platform of several, or another one when it is asked for", async () => {
      assert.equal((await pull(`${registry.address}/app:1`)).platform, "linux/amd64");
      assert.equal(
        await docker("image", "inspect", "-f", "{{.Architecture}}", `${registry.address}/app:1`),
        "amd64",
      );
      const other = await pull(`${registry.address}/app:2`, "--platform", "linux/arm64");
      assert.equal(other.platform, "linux/arm64");
      assert.equal(
        await docker("image", "inspect", "-f", "{{.Architecture}}", `${registry.address}/app:2`),
        "arm64",
      );
      const refused = ["pull", "--insecure", `${registry.address}/app:1`, "--platform", "linux/mips64le"];
      assert.deepEqual(await cli.failure(...refused), [5, "PLATFORM_MISSING"]);
    });

    it("by its digest, without a name, and with one", async () => {
      const reference = `${registry.address}/app@${app.manifest.digest}`;
      const item = await pull(reference, "--as", "by-digest:1");
      assert.equal(await idOf("by-digest:1"), item.imageId);
    });

    it("through the engine where it trusts the registry, with everything that the engine says", async () => {
      const id = await publishRunnable("team/api:1", ["api"]);
      // From here the address of the lab host's loopback is our own, and no registry: only the engine can have pulled.
      const item = await pull(`${trusted()}/team/api:1`, "--via", "engine", "--as", "api:mine");
      assert.deepEqual([item.via, item.imageId, item.digestKnown], ["engine", id, true]);
      assert.equal(await idOf("api:mine"), id);
      assert.match(
        await docker("image", "inspect", "-f", "{{.RepoDigests}}", id),
        new RegExp(String(item.digest)),
      );
      const again = await pull(`${trusted()}/team/api:1`, "--via", "engine");
      assert.deepEqual([again.changed, again.bytesReceived], [false, 0]);
      assert.deepEqual(await cli.failure("pull", `${trusted()}/gone:1`, "--via", "engine"), [5, "NOT_FOUND"]);
      const forced = await cli.run(["pull", `${registry.address}/team/api:1`, "--via", "engine"]);
      assert.equal(forced.code, 1);
      assert.match(forced.stderr, /regctl setup insecure/);
    });

    it("chooses the engine by itself once it has been told", async () => {
      const text = JSON.stringify({ "insecure-registries": [registry.address] });
      await lab.run(["sh", "-c", "cat >/etc/docker/daemon.json && systemctl reload docker"], { input: text });
      const item = await pull(`${registry.address}/team/api:1`);
      assert.equal(item.via, "engine");
      await lab.run([
        "sh",
        "-c",
        "echo '{\"insecure-registries\": []}' >/etc/docker/daemon.json && systemctl reload docker",
      ]);
    });

    it("goes on where it was killed", async () => {
      const big = makeImage({ seed: "big", layers: [20_000_000, 10_000_000] });
      await pushTree(registry.address, "big", ["1"], big);
      const words = ["pull", "--insecure", `${registry.address}/big:1`, "--progress", "none"];
      const env = { HOME: cli.home, DOCKER_HOST: `unix://${lab.root}/run/docker.sock` };
      const child = startCli(words, { env });
      const ended = once(child, "close");
      // What was fetched stays there until the engine has unpacked it, which takes longer than fetching.
      const folder = join(cli.home, ".cache/regctl/pull");
      while (child.exitCode === null && (await sizeOf(folder)) < 1_000_000) await sleep(2);
      child.kill("SIGKILL");
      await ended;
      const left = await sizeOf(folder);
      assert.ok(left >= 1_000_000, `${left} bytes were left`);
      assert.equal((await lab.run(["docker", "image", "inspect", `${registry.address}/big:1`])).code, 1);
      const item = await pull(`${registry.address}/big:1`);
      assert.equal(item.imageId, store ? big.manifest.digest : big.config.digest);
      const total = big.layers.reduce((sum, { bytes }) => sum + bytes.length, 0);
      assert.deepEqual([item.bytesReceived, item.bytesReused], [total - left, left]);
      assert.equal(await sizeOf(folder), 0);
    });

    // The script is the same everywhere; the oldest engine is the pickiest.
    it("every check of test/acceptance/pull.sh holds", {
      skip: kind === "systemd" ? false : "runs on 20.10 alone: it takes half a minute",
    }, async (context) => {
      const layout = `oci:${lab.root}/root/layout`;
      const { address } = registry;
      await pushTree(address, "single", ["1"], makeImage({ seed: "single" }));
      await cli.document("copy", "--insecure", `${address}/app:1`, `${layout}:multi`);
      await cli.document("copy", "--insecure", `${address}/single:1`, `${layout}:single`);
      const own = await startRegistry(lab, { port: 5001 });
      const env = {
        HOME: "/root/accept",
        REGCTL: "/opt/regctl/node_modules/.bin/node /opt/regctl/bin/run.js",
        DOCKER: "docker",
        LAYOUT: "/root/layout",
        REGISTRY: own.address,
        TRUSTED: "127.0.0.1:5001",
      };
      await lab.run(["mkdir", "-p", env.HOME]);
      const script = ["sh", "/opt/regctl/test/acceptance/pull.sh"];
      const { code, stdout, stderr } = await lab.run(script, { env, timeoutMs: 240_000 });
      await own.stop();
      for (const line of stdout.split("\n").filter((each) => each.startsWith("FAIL")))
        context.diagnostic(line);
      assert.equal(code, 0, `${stdout}\n${stderr}`);
      assert.match(stdout, /^\d{2,} checks, 0 failed$/m);
    });

    it("images says what the registry has", async () => {
      await docker("tag", `${registry.address}/team/web:1`, "team/web:1");
      await docker("tag", `${registry.address}/team/web:1`, "team/web:2");
      await docker("tag", `${registry.address}/team/web:1`, "team/web:new");
      const words = ["images", "team/web", "--insecure", "--registry", registry.address];
      const items = itemsOf(await cli.document(...words));
      const found = new Map(
        items.map(({ repository, tag, published }) => [`${repository}:${tag}`, published]),
      );
      assert.equal(found.get("team/web:1"), "yes");
      assert.equal(found.get(`${registry.address}/team/web:1`), "yes");
      assert.equal(found.get("team/web:2"), "older");
      assert.equal(found.get("team/web:new"), "no");
      assert.equal(found.get(`${registry.address}/team/web:2`), "yes");
      const left = itemsOf(await cli.document(...words, "--unpublished")).map(({ tag }) => tag);
      assert.deepEqual(left.sort(), ["2", "new"]);
      // Pulled by the engine, it is known by its digest, under whichever name.
      const api = itemsOf(await cli.document("images", "api", "--insecure", "--registry", registry.address));
      assert.ok(
        api.some(
          ({ repository, published }) => repository === `${trusted()}/team/api` && published === "yes",
        ),
      );
    });
  });
}
