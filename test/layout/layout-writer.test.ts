/** Layouts in folders: interrupted and gone on with, killed at every step, written by several at once. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, readdir, readFile, rename, utimes, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { openImageReader, openImageWriter } from "../../src/layout/open.ts";
import { isOwnerGone, makeOwnerMark } from "../../src/layout/owner-mark.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { makeBytes, makeImage } from "../support/image-maker.ts";
import { createTempHome } from "../support/temp-home.ts";
import { assertHolds, refuses, writeBlob, writeTree } from "./trees.ts";

const image = makeImage();
const program = `${import.meta.dirname}/writer-program.ts`;
const openOci = (path: string) => openImageWriter("oci", path, { overwrite: false });

interface Run {
  readonly child: ChildProcess;
  readonly lines: AsyncIterable<string>;
}

function start(path: string, name: string, seed: string, slowMs = 0, kind = "oci"): Run {
  const child = spawn(process.execPath, [program, kind, path, name, seed, String(slowMs)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { child, lines: createInterface({ input: child.stdout ?? assert.fail() }) };
}

/** Kills it when it has told `count` steps; resolves with how it ended. */
async function killAfter({ child, lines }: Run, count: number): Promise<string> {
  const over = once(child, "close");
  let told = 0;
  for await (const _line of lines) {
    told += 1;
    if (told === count) child.kill("SIGKILL");
  }
  const [code, signal] = await over;
  return String(signal ?? code);
}

async function finish(run: Run): Promise<readonly string[]> {
  const over = once(run.child, "close");
  const told: string[] = [];
  for await (const line of run.lines) told.push(line);
  assert.deepEqual(await over, [0, null]);
  return told;
}

describe("an interrupted blob", { timeout: 60_000 }, () => {
  const content = makeBytes(5000, "content");
  const digest = computeDigest(content);

  test("is gone on with, by another writer", async () => {
    await using home = await createTempHome();
    const first = await (await openOci(home.path)).openBlob(digest, 5000);
    await first.write(content.subarray(0, 3000));
    await first.abort();
    await first.abort();
    const writer = await openOci(home.path);
    assert.equal(await writer.blobSize(digest), null);
    const second = await writer.openBlob(digest, 5000);
    assert.equal(second.offset, 3000);
    await second.write(content.subarray(3000));
    await second.finish();
    await writer.close();
    assert.ok((await readFile(`${home.path}/blobs/sha256/${digest.slice(7)}`)).equals(content));
    assert.deepEqual((await readdir(home.path)).sort(), ["blobs", "index.json", "oci-layout"]);
  });

  test("that only had to be put into its place needs no more bytes", async () => {
    await using home = await createTempHome();
    const first = await (await openOci(home.path)).openBlob(digest, 5000);
    await first.write(content);
    await first.abort();
    const writer = await openOci(home.path);
    const second = await writer.openBlob(digest, 5000);
    assert.equal(second.offset, 5000);
    await assert.rejects(second.write(Buffer.from("!")), refuses("DIGEST_MISMATCH"));
    await second.abort();
    const third = await writer.openBlob(digest, 5000);
    assert.equal(third.offset, 0, "what was spoilt is gone");
    await third.write(content);
    await third.finish();
  });

  for (const [what, left, offset] of [
    ["of other bytes, yet of the whole length", makeBytes(5000, "other"), 0],
    ["longer than the blob", makeBytes(6000, "other"), 0],
    ["empty", Buffer.alloc(0), 0],
  ] as const) {
    test(`of which ${what} is there begins anew`, async () => {
      await using home = await createTempHome();
      const writer = await openOci(home.path);
      await mkdir(`${home.path}/.regctl`);
      await writeFile(`${home.path}/.regctl/sha256-${digest.slice(7)}.kept`, left);
      const blob = await writer.openBlob(digest, 5000);
      assert.equal(blob.offset, offset);
      await blob.write(content);
      await blob.finish();
      assert.equal(await writer.blobSize(digest), 5000);
    });
  }

  test("whose beginning is damaged is refused in the end, and the next one begins anew", async () => {
    await using home = await createTempHome();
    const writer = await openOci(home.path);
    await mkdir(`${home.path}/.regctl`);
    await writeFile(`${home.path}/.regctl/sha256-${digest.slice(7)}.kept`, makeBytes(100, "other"));
    const blob = await writer.openBlob(digest, 5000);
    assert.equal(blob.offset, 100);
    await blob.write(content.subarray(100));
    await assert.rejects(blob.finish(), refuses("DIGEST_MISMATCH"));
    await writeBlob(writer, digest, content);
    assert.equal(await writer.blobSize(digest), 5000);
  });

  test("of somebody who still writes, or of another machine, is left alone", async () => {
    await using home = await createTempHome();
    const writer = await openOci(home.path);
    const living = await writer.openBlob(digest, 5000);
    await living.write(content.subarray(0, 2000));
    const foreign = `${home.path}/.regctl/sha256-${digest.slice(7)}.${"0".repeat(12)}-1-1-1`;
    await writeFile(foreign, content.subarray(0, 4000));
    const second = await (await openOci(home.path)).openBlob(digest, 5000);
    assert.equal(second.offset, 0);
    await second.write(content);
    await second.finish();
    await living.write(content.subarray(2000));
    await living.finish();
    assert.ok((await readFile(`${home.path}/blobs/sha256/${digest.slice(7)}`)).equals(content));
    await writer.commit();
    assert.deepEqual((await readdir(`${home.path}/.regctl`)).length, 1, "the foreign file");
    await utimes(foreign, 0, 0);
    await writer.commit();
    assert.ok(!(await readdir(home.path)).includes(".regctl"), "and it goes when it is old");
  });

  test("owners are known by their process and its start", async () => {
    const mine = await makeOwnerMark();
    assert.equal(await isOwnerGone(mine), false);
    const [place = "", pid = "", started = ""] = mine.split("-");
    const another = `${place}-${pid}-${Number(started) + 1}-1`;
    assert.equal(await isOwnerGone(another), process.platform === "linux");
    const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
    await once(child, "close");
    assert.equal(await isOwnerGone(`${place}-${child.pid}-${started}-1`), true);
    assert.equal(await isOwnerGone("nonsense"), false);
  });
});

describe("a killed writer", { timeout: 120_000 }, () => {
  const seed = "killed";
  const made = makeImage({ seed, layers: [300_000, 1000] });

  /** Resolves with whether the second run found something to go on with. */
  async function killAndRepeat(path: string, count: number): Promise<boolean> {
    const before = await openOci(path);
    await writeTree(before, image, "old");
    await before.commit();
    assert.equal(await killAfter(start(path, "new", seed, 20), count), "SIGKILL");
    const between = await openImageReader("oci", path);
    await assertHolds(between, image);
    const names = between.entries.map((entry) => entry.names[0]);
    // On a busy machine the signal may come after the last step: what is listed then is whole.
    if (names.length > 1) await assertHolds(between, made);
    assert.ok(names.join() === "old" || names.join() === "old,new", names.join());
    const told = await finish(start(path, "new", seed));
    const reader = await openImageReader("oci", path);
    await assertHolds(reader, image);
    await assertHolds(reader, made);
    assert.equal(reader.entries.length, 2);
    assert.ok(!(await readdir(path)).includes(".regctl"), "nothing unfinished is left");
    return told.some((line) => /^open [1-9]/.test(line));
  }

  test("leaves a valid layout at every step, and the next run goes on where it was", async () => {
    await using home = await createTempHome();
    const steps = (await finish(start(`${home.path}/other`, "new", seed))).length;
    const counts = Array.from({ length: Math.floor(steps / 3) }, (_, index) => 1 + 3 * index);
    const resumed = await Promise.all(counts.map((count) => killAndRepeat(`${home.path}/${count}`, count)));
    assert.ok(resumed.includes(true), "no run went on with anything");
  });

  for (const left of [[".regctl"], ["blobs"], [".regctl", "blobs", "index.json"]]) {
    test(`that made no more than ${left.join(", ")} of a layout is gone on with`, async () => {
      await using home = await createTempHome();
      for (const name of left) {
        if (name !== "index.json") await mkdir(`${home.path}/${name}`);
        else await writeFile(`${home.path}/${name}`, `{"schemaVersion":2,"manifests":[]}`);
      }
      const writer = await openOci(home.path);
      await writeTree(writer, image, "new");
      await writer.commit();
      await assertHolds(await openImageReader("oci", home.path), image);
    });
  }

  test("of an archive leaves the old one, and its own file goes with the next run", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/image.tar`;
    await writeFile(path, "old");
    assert.equal(await killAfter(start(path, "app:1", seed, 20, "docker-archive"), 3), "SIGKILL");
    assert.equal(await readFile(path, "utf8"), "old");
    assert.equal((await readdir(home.path)).length, 2);
    await finish(start(path, "app:1", seed, 0, "docker-archive"));
    assert.deepEqual(await readdir(home.path), ["image.tar"]);
    const reader = await openImageReader("docker-archive", path);
    await assertHolds(reader, made);
    await reader.close();
  });
});

describe("several writers at once", { timeout: 120_000 }, () => {
  test("lose no entry and spoil no blob", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/layout`;
    const runs = ["a", "b", "c", "d"].map((name) => finish(start(path, name, name === "d" ? "a" : name)));
    await Promise.all(runs);
    const reader = await openImageReader("oci", path);
    assert.deepEqual(reader.entries.flatMap(({ names }) => names).sort(), ["a", "b", "c", "d"]);
    for (const seed of ["a", "b", "c"]) {
      await assertHolds(reader, makeImage({ seed, layers: [300_000, 1000] }));
    }
    await reader.close();
    assert.deepEqual((await readdir(path)).sort(), ["blobs", "index.json", "oci-layout"]);
  });

  test("who end at the same moment each keep their entry", async () => {
    await using home = await createTempHome();
    const names = Array.from({ length: 12 }, (_, index) => `name-${index}`);
    const writers = await Promise.all(
      names.map(async (name) => {
        const writer = await openOci(home.path);
        await writeTree(writer, image, name);
        return writer;
      }),
    );
    await Promise.all(writers.map((writer) => writer.commit()));
    const reader = await openImageReader("oci", home.path);
    assert.deepEqual(reader.entries.flatMap(({ names: each }) => each).sort(), names.sort());
  });
});

describe("a layout that others made", { timeout: 60_000 }, () => {
  test("keeps their entries and fields, and blobs of sha512", async () => {
    await using home = await createTempHome();
    const foreign = { mediaType: "application/x", digest: `sha512:${"a".repeat(128)}`, size: 1, odd: [1] };
    await writeFile(`${home.path}/oci-layout`, `{"imageLayoutVersion":"1.0.0"}`);
    await writeFile(
      `${home.path}/index.json`,
      JSON.stringify({ schemaVersion: 2, manifests: [foreign], also: 1 }),
    );
    const writer = await openOci(home.path);
    await writeTree(writer, image, "app");
    const content = makeBytes(100, "512");
    const digest = computeDigest(content, "sha512");
    await writeBlob(writer, digest, content);
    await writer.commit();
    const index = JSON.parse(await readFile(`${home.path}/index.json`, "utf8"));
    assert.deepEqual(index.manifests[0], foreign);
    assert.equal(index.also, 1);
    assert.equal(index.manifests.length, 2);
    const reader = await openImageReader("oci", home.path);
    assert.equal(await reader.blobSize(digest), 100);
    assert.ok((await readdir(`${home.path}/blobs`)).includes("sha512"));
  });

  test("whose index is broken is not written over", async () => {
    await using home = await createTempHome();
    await writeFile(`${home.path}/index.json`, "{");
    const writer = await openOci(home.path);
    await writeTree(writer, image, "app");
    await assert.rejects(writer.commit(), refuses("CONTENT_BROKEN", "index.json"));
    await writer.close();
    assert.equal(await readFile(`${home.path}/index.json`, "utf8"), "{");
  });

  test("is none: a folder of other things, a file, another version", async () => {
    await using home = await createTempHome();
    await writeFile(`${home.path}/notes.txt`, "mine");
    await assert.rejects(openOci(home.path), refuses("FILE_FAILED", "no OCI layout"));
    await assert.rejects(openOci(`${home.path}/notes.txt`), refuses("FILE_FAILED", "is a file"));
    await rename(`${home.path}/notes.txt`, `${home.path}/oci-layout`);
    await writeFile(`${home.path}/oci-layout`, `{"imageLayoutVersion":"2.0.0"}`);
    await assert.rejects(openOci(home.path), refuses("FILE_FAILED", "2.0.0"));
    await assert.rejects(openImageReader("oci", home.path), refuses("CONTENT_BROKEN", "2.0.0"));
    assert.deepEqual(await readdir(home.path), ["oci-layout"]);
  });

  test("two entries without a name are two, the same one again is one", async () => {
    await using home = await createTempHome();
    const other = makeImage({ seed: "other" });
    for (const tree of [image, other, image]) {
      const writer = await openOci(home.path);
      await writeTree(writer, tree, null);
      await writer.commit();
    }
    const reader = await openImageReader("oci", home.path);
    assert.deepEqual(
      reader.entries.map(({ descriptor }) => descriptor.digest),
      [other.manifest.digest, image.manifest.digest],
    );
  });

  test("a manifest that has other bytes by now is refused", async () => {
    await using home = await createTempHome();
    const writer = await openOci(home.path);
    await writeTree(writer, image, "app");
    await writer.commit();
    const path = `${home.path}/blobs/sha256/${image.manifest.digest.slice(7)}`;
    await appendFile(path, " ");
    const reader = await openImageReader("oci", home.path);
    const wrong = (error: unknown) => isRegctlError(error, "DIGEST_MISMATCH");
    await assert.rejects(reader.readManifest(image.manifest.digest), wrong);
  });
});
