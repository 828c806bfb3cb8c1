import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { deletionOff } from "../../../src/browse/delete-plan.ts";
import { isRegctlError } from "../../../src/errors.ts";
import { computeDigest } from "../../../src/registry/digest.ts";
import { parseManifest } from "../../../src/registry/manifest.ts";
import { acceptManifests } from "../../../src/registry/media-types.ts";
import { createDeleteWorld } from "../../support/delete-world.ts";
import { makeImage } from "../../support/image-maker.ts";
import { startOddRegistry } from "../../support/odd-registry.ts";
import { digestAt, pushTree } from "../../support/registry-content.ts";
import { login } from "../../support/registry-world.ts";
import { type Exchange, startScriptedRegistry } from "../../support/scripted-registry.ts";
import { ask, basic, closed, open, type QuirkTests } from "./ask.ts";

const { manifest } = makeImage();
const { digest } = manifest;
const at = (key: string) => `/v2/app/manifests/${key}`;
const fault = (code: string, message: string) => ({ errors: [{ code, message }] });
const uploads = "/v2/app/blobs/uploads/";

async function missing(status: number, answer: Exchange["answer"], headers = {}): Promise<void> {
  const exchange = { request: `GET ${at("1")}`, status, answer: answer ?? "", answerHeaders: headers };
  const got = ask([open, exchange], (client) => client.getManifest("app", "1"));
  await assert.rejects(got, (error) => isRegctlError(error, "NOT_FOUND"));
}

async function deletes(key: string, status: number, answer: Exchange["answer"]): Promise<string> {
  const exchange = { request: `DELETE ${at(key)}`, status, answer: answer ?? "" };
  return await ask([open, exchange], (client) => client.deleteManifest("app", key));
}

/** What is told where nothing can be deleted. */
async function toldInstead(registry: string): Promise<string> {
  const unsupported = fault("UNSUPPORTED", "The operation is unsupported.");
  assert.equal(await deletes(digest, 405, unsupported), "off");
  return deletionOff(registry, `${registry}/app:1`).facts.instead ?? "";
}

export const contentTests: QuirkTests = {
  "missing-manifest-unknown": () => missing(404, fault("MANIFEST_UNKNOWN", "manifest unknown")),
  "missing-name-unknown": async () => {
    const answer = fault("NAME_UNKNOWN", "The repository with name 'app' does not exist");
    const begun = ask([open, { request: `POST ${uploads}`, status: 404, answer }], (client) =>
      client.startUpload("app"),
    );
    await assert.rejects(
      begun,
      (error) => isRegctlError(error, "NOT_FOUND") && /does not exist/.test(error.facts.reason),
    );
  },
  "missing-by-words": async () => {
    await missing(400, fault("UNKNOWN", "Not Found"));
    await missing(400, fault("UNKNOWN", "artifact app:1 not found"));
  },
  "missing-plain": async () => {
    await missing(404, "404 page not found\n", { "content-type": "text/plain" });
    await missing(404, "<html><title>404 Not Found</title></html>", { "content-type": "text/html" });
  },
  "manifest-by-accept": async () => {
    const answerHeaders = { "content-type": manifest.mediaType, "docker-content-digest": digest };
    const exchange: Exchange = {
      request: `GET ${at("1")}`,
      headers: { accept: acceptManifests },
      answer: manifest.bytes,
      answerHeaders,
    };
    assert.match(acceptManifests, /oci\.image\.index.*manifest\.list.*v1\+prettyjws/);
    await ask([open, exchange], (client) => client.getManifest("app", "1"));
  },
  "manifest-as-text": async () => {
    const answerHeaders = { "content-type": "text/plain" };
    const exchange = { request: `GET ${at("1")}`, answer: manifest.bytes, answerHeaders };
    const got = await ask([open, exchange], (client) => client.getManifest("app", "1"));
    assert.equal(parseManifest(got.bytes, got.contentType, "it").mediaType, manifest.mediaType);
  },
  "head-without-digest": async () => {
    for (const head of [{ status: 200 }, { status: 405 }]) {
      const whole = { request: `GET ${at("1")}`, answer: manifest.bytes };
      const exchanges = [open, { request: `HEAD ${at("1")}`, ...head }, whole];
      assert.equal((await ask(exchanges, (client) => client.headManifest("app", "1")))?.digest, digest);
    }
  },
  "blob-elsewhere": async () => {
    const bytes = Buffer.from("a blob");
    const stored: Exchange = {
      request: "GET /bucket/x?X-Amz-Signature=s",
      headers: { authorization: null },
      answer: bytes,
    };
    await using storage = await startScriptedRegistry([stored]);
    const blob = computeDigest(bytes);
    const redirect: Exchange = {
      request: `GET /v2/app/blobs/${blob}`,
      headers: { authorization: basic("bob:secret") },
      status: 307,
      answerHeaders: { location: `${storage.url}/bucket/x?X-Amz-Signature=s` },
    };
    const got = await ask(
      [closed('Basic realm="x"'), redirect],
      async (client) => buffer((await client.getBlob("app", blob)).stream),
      { login: async () => login("bob", "secret") },
    );
    assert.ok(got.equals(bytes));
    storage.done();
  },
  "mount-done": async () => {
    const exchange = {
      request: `POST ${uploads}?mount=${encodeURIComponent(digest)}&from=base`,
      status: 201,
    };
    assert.equal(await ask([open, exchange], (client) => client.mountBlob("app", digest, "base")), "mounted");
  },
  "mount-not-done": async () => {
    const begun = {
      request: `POST ${uploads}?mount=${encodeURIComponent(digest)}&from=base`,
      status: 202,
      answerHeaders: { location: `${uploads}id?_state=x` },
    };
    const cancelled = { request: `DELETE ${uploads}id?_state=x`, status: 204 };
    await ask([open, begun, cancelled], async (client) => {
      const upload = await client.mountBlob("app", digest, "base");
      assert.ok(upload !== "mounted");
      await client.cancelUpload(upload);
    });
  },
  "upload-elsewhere": async () => {
    const bytes = Buffer.from("a blob");
    const blob = computeDigest(bytes);
    const sent: Exchange = {
      request: `PUT /bucket/y?sig=s&digest=${encodeURIComponent(blob)}`,
      headers: { authorization: null },
      body: bytes,
      status: 201,
    };
    await using storage = await startScriptedRegistry([sent]);
    const begun: Exchange = {
      request: `POST ${uploads}`,
      headers: { authorization: basic("bob:secret") },
      status: 202,
      answerHeaders: { location: `${storage.url}/bucket/y?sig=s` },
    };
    await ask(
      [closed('Basic realm="x"'), begun],
      async (client) => client.putUpload(await client.startUpload("app"), blob, bytes),
      { login: async () => login("bob", "secret") },
    );
    storage.done();
  },
  "chunk-created": async () => {
    const at = (state: string) => ({ location: `${uploads}id?_state=${state}` });
    const exchanges: readonly Exchange[] = [
      open,
      { request: `POST ${uploads}`, status: 202, answerHeaders: at("a") },
      { request: `PATCH ${uploads}id?_state=a`, status: 201, answerHeaders: { ...at("b"), range: "0-3" } },
    ];
    const upload = await ask(exchanges, async (client) =>
      client.patchUpload(await client.startUpload("app"), Buffer.from("four"), true),
    );
    assert.deepEqual([upload.offset, new URL(upload.url).search], [4, "?_state=b"]);
  },
  "delete-by-tag": async () => {
    assert.equal(await deletes("1", 202, ""), "deleted");
    assert.equal(await deletes("1", 404, fault("MANIFEST_UNKNOWN", "manifest unknown")), "not-there");
  },
  "delete-tag-invalid": async () => {
    const answer = fault("DIGEST_INVALID", "provided digest did not match uploaded content");
    assert.equal(await deletes("1", 400, answer), "not-by-tag");
  },
  "delete-tag-unsupported": async () => {
    assert.equal(await deletes("1", 400, fault("UNSUPPORTED", "the operation is unsupported")), "not-by-tag");
    // By 405 a tag is refused as well as a digest: whether it is the tag alone is found out by a digest.
    assert.equal(await deletes("1", 405, fault("UNSUPPORTED", "the operation is unsupported")), "off");
    assert.equal(await deletes(digest, 202, ""), "deleted");
  },
  "delete-switched-off": async () => {
    assert.equal(await deletes(digest, 405, fault("UNSUPPORTED", "The operation is unsupported.")), "off");
  },
  "delete-read-only": async () => {
    assert.equal(await deletes(digest, 405, "Method not allowed\n"), "off");
  },
  "delete-ghcr": async () => assert.match(await toldInstead("ghcr.io"), /gh api --method DELETE/),
  "delete-hub": async () => assert.match(await toldInstead("docker.io"), /hub\.docker\.com/),
  "delete-with-tag": async () => {
    const answer = fault("GOOGLE_MANIFEST_DANGLING_TAG", "Manifest is still referenced by tag: 1");
    const head = {
      status: 200,
      answerHeaders: { "docker-content-digest": digest, "content-type": manifest.mediaType },
    };
    const exchanges: readonly Exchange[] = [
      open,
      { request: "GET /v2/app/tags/list?n=1000", answer: { tags: ["1"] } },
      { request: `HEAD ${at("1")}`, ...head, times: 2 },
      { request: `GET ${at("1")}`, answer: manifest.bytes },
      { request: /^DELETE \/v2\/app\/manifests\/sha256:/, status: 404 },
      { request: `DELETE ${at(digest)}`, status: 400, answer },
      { request: `DELETE ${at("1")}`, status: 202 },
      { request: `DELETE ${at(digest)}`, status: 202 },
      { request: `HEAD ${at(digest)}`, status: 404 },
      { request: `HEAD ${at("1")}`, status: 404 },
    ];
    await using registry = await startScriptedRegistry(exchanges);
    const { outcome } = await createDeleteWorld().remove([`${registry.host}/app:1`], {
      digest: true,
      yes: true,
    });
    assert.equal(outcome.items[0]?.deleted, "manifest");
    registry.done();
  },
  "delete-takes-siblings": async () => {
    await using registry = await startOddRegistry("with-siblings");
    await pushTree(registry.host, "app", ["1", "same"], makeImage());
    await createDeleteWorld().remove([`${registry.host}/app:1`]);
    assert.deepEqual(
      [await digestAt(registry.host, "app", "1"), await digestAt(registry.host, "app", "same")],
      [null, digest],
    );
  },
};
