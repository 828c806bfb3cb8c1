/** `delete` as a user types it, against Debian's docker-registry 2.8, which deletes by digest alone. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { assertTree, digestAt, pushTree } from "../support/registry-content.ts";
import { openTestClient } from "../support/registry-world.ts";
import { startCli } from "../support/run-cli.ts";
import { itemsOf, openCli, type TestCli } from "../support/test-cli.ts";
import { type LabHost, startHost, startRegistry } from "./lab.ts";

const image = makeImage({ seed: "one" });
const docker = makeImage({ seed: "two", format: "docker" });
const index = makeIndex([image, makeImage({ seed: "three", platform: "linux/arm64" })]);
const { digest } = image.manifest;

let lab: LabHost;
let cli: TestCli;
before(async () => {
  [lab, cli] = await Promise.all([startHost("systemd"), openCli()]);
});
after(async () => {
  await cli?.[Symbol.asyncDispose]();
  await lab?.stop();
});

async function startFilled(port: number, options: { readonly deletes?: boolean } = {}) {
  const registry = await startRegistry(lab, { port, ...options });
  await pushTree(registry.address, "team/app", ["v1.0", "v1.1", "same"], image);
  await pushTree(registry.address, "team/app", ["docker"], docker);
  await pushTree(registry.address, "team/app", ["multi"], index);
  return registry;
}

async function tagsOf(address: string): Promise<readonly string[]> {
  await using opened = await openTestClient(address);
  const found: string[] = [];
  for await (const { entries } of opened.client.tagPages("team/app")) found.push(...entries);
  return found.toSorted();
}

const all = ["docker", "multi", "same", "v1.0", "v1.1"];
const insecure = "--insecure";

/** Files of the registry that hold what was begun to be sent. */
async function uploadsOf(port: number): Promise<string> {
  const { stdout } = await lab.run(["find", `/tmp/lab-registry-${port}/storage`, "-path", "*_uploads/*"]);
  return stdout;
}

describe("docker-registry 2.8", () => {
  it("loses a tag and keeps its image, its other tags and everything else, byte for byte", async () => {
    const { address, stop } = await startFilled(5300);
    const name = `${address}/team/app`;
    const document = await cli.document("delete", `${name}:v1.0`, `${name}:docker`, insecure);
    assert.deepEqual(
      itemsOf(document).map(({ deleted, way, alsoTagged }) => [deleted, way, alsoTagged]),
      [
        ["tag", "dummy-manifest", ["same", "v1.1"]],
        ["tag", "dummy-manifest", []],
      ],
    );
    assert.deepEqual(await tagsOf(address), ["multi", "same", "v1.1"]);
    for (const key of ["same", "v1.1", digest]) await assertTree(address, "team/app", key, image);
    await assertTree(address, "team/app", docker.manifest.digest, docker);
    await assertTree(address, "team/app", "multi", index);
    assert.equal(await uploadsOf(5300), "");
    await stop();
  });

  it("loses the tags that fit a pattern, after a yes", async () => {
    const { address, stop } = await startFilled(5301);
    const pattern = `${address}/team/app:v1.*`;
    assert.deepEqual(await cli.failure("delete", pattern, insecure), [2, "MISSING_ANSWER"]);
    assert.deepEqual(await tagsOf(address), all);
    await cli.document("delete", pattern, insecure, "--yes");
    assert.deepEqual(await tagsOf(address), ["docker", "multi", "same"]);
    await assertTree(address, "team/app", "same", image);
    assert.deepEqual(await cli.failure("delete", pattern, insecure, "--yes"), [5, "NOT_FOUND"]);
    await stop();
  });

  it("loses a manifest with all its tags by --digest", async () => {
    const { address, stop } = await startFilled(5302);
    const name = `${address}/team/app`;
    const document = await cli.document("delete", "--digest", `${name}:v1.0`, insecure, "--yes");
    const [item] = itemsOf(document);
    assert.deepEqual([item?.deleted, item?.alsoTagged], ["manifest", ["same", "v1.1"]]);
    assert.deepEqual(await tagsOf(address), ["docker", "multi"]);
    assert.equal(await digestAt(address, "team/app", digest), null);
    await assertTree(address, "team/app", "docker", docker);
    assert.deepEqual(await cli.failure("delete", "--digest", `${name}@${digest}`, insecure, "--yes"), [
      5,
      "NOT_FOUND",
    ]);
    await stop();
  });

  it("with deletion switched off, or read-only, is left as it is: exit 3", async () => {
    const off = await startFilled(5303, { deletes: false });
    const storage =
      "mkdir -p /tmp/lab-registry-5304 && cp -a /tmp/lab-registry-5303/storage /tmp/lab-registry-5304/";
    await lab.run(["sh", "-c", storage]);
    const readOnly = await startRegistry(lab, { port: 5304, readOnly: true });
    for (const [{ address }, port] of [
      [off, 5303],
      [readOnly, 5304],
    ] as const) {
      const files = ["find", `/tmp/lab-registry-${port}/storage`, "-type", "f"];
      const stood = (await lab.run(files)).stdout;
      const name = `${address}/team/app:v1.0`;
      for (const args of [[name], [name, "--digest", "--yes"], [name, "--dry-run"]]) {
        assert.deepEqual(await cli.failure("delete", ...args, insecure), [3, "DELETE_OFF"]);
      }
      assert.deepEqual(await tagsOf(address), all);
      assert.equal((await lab.run(files)).stdout, stood);
    }
    await Promise.all([off.stop(), readOnly.stop()]);
  });

  it("after a kill -9 amid the work holds the image whole, and the next run finishes", async () => {
    const { address, stop } = await startFilled(5305);
    const removal = { method: "DELETE", path: /\/manifests\/sha256:/ };
    // The first one only asks whether deletion is on.
    const fault = { kind: "stall", side: "request", at: "head" } as const;
    await using proxy = await startFaultProxy(address, { ...removal, after: 1, fault });
    const env = { HOME: cli.home };
    const child = startCli(["delete", `${proxy.host}/team/app:v1.0`], { env });
    const exited = once(child, "exit");
    while (proxy.count("stall") === 0 && child.exitCode === null) await sleep(20);
    assert.equal(child.exitCode, null);
    child.kill("SIGKILL");
    await exited;

    const left = await digestAt(address, "team/app", "v1.0");
    assert.ok(left !== null && left !== digest, "a placeholder stands there");
    for (const key of ["same", digest]) await assertTree(address, "team/app", key, image);
    const document = await cli.document("delete", `${address}/team/app:v1.0`, insecure);
    const [item] = itemsOf(document);
    assert.deepEqual([item?.deleted, item?.digest], ["tag", digest]);
    assert.match(String(item?.notes), /Finished what an earlier run had begun/);
    assert.deepEqual(await tagsOf(address), ["docker", "multi", "same", "v1.1"]);
    assert.equal(await digestAt(address, "team/app", left), null);
    await assertTree(address, "team/app", "same", image);
    await stop();
  });

  it("after Ctrl-C amid the work has the tag as it was", async () => {
    const { address, stop } = await startFilled(5306);
    const fault = { kind: "stall", side: "request", at: "head" } as const;
    const path = /\/manifests\/sha256:/;
    await using proxy = await startFaultProxy(address, { method: "DELETE", path, after: 1, fault });
    const child = startCli(["delete", `${proxy.host}/team/app:v1.0`], { env: { HOME: cli.home } });
    const told: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => told.push(chunk));
    const closed = once(child, "close");
    while (proxy.count("stall") === 0 && child.exitCode === null) await sleep(20);
    child.kill("SIGINT");
    const [code] = await closed;
    assert.equal(code, 130);
    assert.match(Buffer.concat(told).toString(), /v1\.0 was not deleted, and is as it was/);
    assert.deepEqual(await tagsOf(address), all);
    await assertTree(address, "team/app", "v1.0", image);
    await stop();
  });
});
