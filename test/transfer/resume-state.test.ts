/** Uploads that another run can go on with. */
import assert from "node:assert/strict";
import { readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createUploadNotes, readNote } from "../../src/transfer/resume-state.ts";
import { createTempHome } from "../support/temp-home.ts";

const key = { registry: "r.test", repository: "app", digest: `sha256:${"a".repeat(64)}`, size: 100 } as const;
const upload = {
  repository: "app",
  url: "http://r.test/v2/app/blobs/uploads/1?_state=s",
  offset: 40,
  leastChunk: null,
};

async function setUp() {
  const home = await createTempHome();
  const folder = join(home.path, "uploads");
  const open = () => createUploadNotes(folder, () => new Date());
  return { folder, open, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

test("what one run leaves the next one gets, once; nobody else may read it", async () => {
  await using world = await setUp();
  const first = await world.open().claim(key);
  assert.equal(first.left, null);
  first.save({ ...upload, offset: 10 });
  first.save(upload);
  await first.release();
  const [name = ""] = await readdir(world.folder);
  assert.equal((await stat(join(world.folder, name))).mode & 0o777, 0o600);
  const second = await world.open().claim(key);
  assert.deepEqual(second.left, upload);
  await second.forget();
  assert.deepEqual(await readdir(world.folder), []);
  assert.equal((await world.open().claim(key)).left, null);
});

test("another blob, repository or registry is another upload", async () => {
  await using world = await setUp();
  const note = await world.open().claim(key);
  note.save(upload);
  await note.release();
  for (const change of [
    { registry: "s.test" },
    { repository: "b" },
    { digest: `sha256:${"b".repeat(64)}` as const },
  ]) {
    assert.equal((await world.open().claim({ ...key, ...change })).left, null);
  }
});

test("what a process that runs holds is left to it; what a dead one held is taken", async () => {
  await using world = await setUp();
  const note = await world.open().claim(key);
  note.save(upload);
  await note.release();
  const [free = ""] = await readdir(world.folder);
  const text = await readFile(join(world.folder, free), "utf8");
  const stem = free.split(".")[0];
  await world
    .open()
    .claim(key)
    .then((claimed) => claimed.forget());
  // Process 1 always runs; a number that high is nobody's.
  await writeFile(join(world.folder, `${stem}.1.json`), text);
  assert.equal((await world.open().claim(key)).left, null);
  await writeFile(join(world.folder, `${stem}.4194304999.json`), text);
  assert.deepEqual((await world.open().claim(key)).left, upload);
});

test("of two who want it at once, one gets it", async () => {
  await using world = await setUp();
  const note = await world.open().claim(key);
  note.save(upload);
  await note.release();
  const notes = world.open();
  const claimed = await Promise.all([notes.claim(key), notes.claim(key)]);
  assert.equal(claimed.filter(({ left }) => left !== null).length, 1);
});

test("after a week it is gone", async () => {
  await using world = await setUp();
  const note = await world.open().claim(key);
  note.save(upload);
  await note.release();
  const [name = ""] = await readdir(world.folder);
  const old = new Date(Date.now() - 8 * 24 * 3600 * 1000);
  await utimes(join(world.folder, name), old, old);
  assert.equal((await world.open().claim(key)).left, null);
  assert.deepEqual(await readdir(world.folder), []);
});

for (const [name, text] of [
  ["no JSON", "{"],
  ["another size", JSON.stringify({ ...key, size: 99, upload })],
  ["no address", JSON.stringify({ ...key, upload: { ...upload, url: "x" } })],
  ["no offset", JSON.stringify({ ...key, upload: { url: upload.url } })],
] as const) {
  test(`a note with ${name} is none`, () => assert.equal(readNote(text, key), null));
}
