import assert from "node:assert/strict";
import { test } from "node:test";
import { mutate, seeded } from "../fuzz/mutate.ts";
import { imageOf } from "./content.ts";
import { openRegistry } from "./registry-client.ts";

const { blobs, manifest } = imageOf();
const seeds = [
  "GET /v2/team/app/manifests/latest\naccept: */*\n\n",
  `GET /v2/team/app/blobs/${blobs[0]?.digest}\nrange: bytes=0-9\nif-range: "x"\n\n`,
  "POST /v2/team/app/blobs/uploads/?mount=sha256:x&from=a\n\n",
  `POST /v2/team/app/blobs/uploads/?digest=${blobs[1]?.digest}\n\nabc`,
  "PATCH /v2/team/app/blobs/uploads/UPLOAD\ncontent-range: 0-2\n\nabc",
  `PUT /v2/team/app/blobs/uploads/UPLOAD?digest=${blobs[1]?.digest}\ncontent-range: 3-5\n\ndef`,
  `PUT /v2/team/app/manifests/v1\ncontent-type: ${manifest.mediaType}\n\n${manifest.bytes}`,
  `GET /v2/team/app/referrers/${manifest.digest}?artifactType=a&last=b\n\n`,
  "GET /v2/_catalog?n=10&last=x\norigin: http://registry.test:5000\n\n",
  "DELETE /v2/team/app/manifests/v1\nif-none-match: *\n\n",
  "GET /v1/search?q=a&n=5\n\n",
].map((seed) => Buffer.from(seed));

/** Whatever comes, the answer is one of ours: `registry-client.ts` holds each to its form. */
test("requests of any kind are answered, and none makes it fail", async () => {
  const failures: unknown[] = [];
  const client = openRegistry({ onFailure: (failure) => failures.push(failure) });
  for (const { bytes } of blobs) await client.pushBlob("team/app", bytes);
  await client.pushManifest("team/app", "latest", manifest.bytes, manifest.mediaType);
  const { headers } = await client.send("POST", "/v2/team/app/blobs/uploads/");
  const random = seeded(6);
  const statuses = new Set<number>();
  for (let count = 0; count < 3000; count += 1) {
    const seed = seeds[random(seeds.length)] ?? Buffer.alloc(0);
    const text = (count < seeds.length ? seed : mutate(seed, random, seeds)).toString("latin1");
    const [head = "", ...rest] = text.replace("UPLOAD", headers["docker-upload-uuid"] ?? "").split("\n\n");
    const [line = "", ...fields] = head.split("\n");
    const [method = "", ...target] = line.split(" ");
    const pairs = fields
      .map((field) => field.split(": ", 2))
      .filter(([name]) => /^[a-z-]+$/.test(name ?? ""));
    const answer = await client.send(method, target.join(" "), {
      headers: Object.fromEntries(pairs),
      body: Buffer.from(rest.join("\n\n"), "latin1"),
    });
    statuses.add(answer.status);
  }
  assert.deepEqual(failures, []);
  assert.ok([...statuses].every((status) => status < 500));
  // The requests went far enough to meet all of these.
  for (const status of [200, 202, 206, 400, 404, 405, 416]) assert.ok(statuses.has(status), String(status));
});
