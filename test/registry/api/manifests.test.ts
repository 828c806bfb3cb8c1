import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ErrorCode, isRegctlError } from "../../../src/errors.ts";
import type { RegistryClient } from "../../../src/registry/client.ts";
import { computeDigest } from "../../../src/registry/digest.ts";
import { mediaTypes } from "../../../src/registry/media-types.ts";
import { openTestClient } from "../../support/registry-world.ts";
import { type Exchange, startScriptedRegistry } from "../../support/scripted-registry.ts";

const bytes = Buffer.from('{"schemaVersion":2}');
const digest = computeDigest(bytes);
const other = computeDigest("other");
const path = (key: string) => `/v2/app/manifests/${key}`;
const typed = { "content-type": mediaTypes.ociManifest };

async function ask<T>(
  exchanges: readonly Exchange[],
  action: (client: RegistryClient) => Promise<T>,
): Promise<T> {
  await using registry = await startScriptedRegistry([{ request: "GET /v2/", answer: {} }, ...exchanges]);
  await using opened = await openTestClient(registry.host);
  const result = await action(opened.client);
  registry.done();
  return result;
}

const fails = (code: ErrorCode) => (error: unknown) =>
  isRegctlError(error, code) || assert.fail(String(error));

describe("getManifest", () => {
  test("asks for every kind, and computes the digest itself", async () => {
    const exchange: Exchange = {
      request: `GET ${path("1")}`,
      headers: { accept: /oci\.image\.index.*manifest\.v2\+json/ },
      answer: bytes,
      answerHeaders: typed,
    };
    const found = await ask([exchange], (client) => client.getManifest("app", "1"));
    assert.deepEqual(found, { bytes, contentType: mediaTypes.ociManifest, digest });
  });

  test("bytes that are not those of the digest are refused", async () => {
    const wrong = { request: `GET ${path(other)}`, answer: bytes };
    await assert.rejects(
      ask([wrong], (client) => client.getManifest("app", other)),
      fails("DIGEST_MISMATCH"),
    );
    const answerHeaders = { "docker-content-digest": other };
    const lying = { request: `GET ${path("1")}`, answer: bytes, answerHeaders };
    await assert.rejects(
      ask([lying], (client) => client.getManifest("app", "1")),
      fails("DIGEST_MISMATCH"),
    );
  });

  test("a sha256 told for a sha512 asked says nothing (Distribution 2.8)", async () => {
    const long = computeDigest(bytes, "sha512");
    const answerHeaders = { "docker-content-digest": digest };
    const found = await ask([{ request: `GET ${path(long)}`, answer: bytes, answerHeaders }], (client) =>
      client.getManifest("app", long),
    );
    assert.equal(found.digest, long);
  });

  test("one that is too long is refused", async () => {
    const answer = Buffer.alloc(9 * 1024 * 1024, " ");
    await assert.rejects(
      ask([{ request: `GET ${path("1")}`, answer }], (client) => client.getManifest("app", "1")),
      fails("REGISTRY_ERROR"),
    );
  });
});

describe("headManifest", () => {
  const head = (client: RegistryClient) => client.headManifest("app", "1");
  const request = `HEAD ${path("1")}`;

  test("takes what the registry says", async () => {
    const answerHeaders = { ...typed, "docker-content-digest": digest, "content-length": "19" };
    const found = await ask([{ request, answerHeaders }], head);
    assert.deepEqual(found, { contentType: mediaTypes.ociManifest, digest, size: 19 });
  });

  test("is null for what is not there", async () => {
    assert.equal(await ask([{ request, status: 404 }], head), null);
  });

  for (const [name, exchange] of [
    ["without a digest", { request, answerHeaders: typed }],
    ["not allowed", { request, status: 405 }],
  ] as const) {
    test(`${name}: the manifest is read`, async () => {
      const whole = { request: `GET ${path("1")}`, answer: bytes, answerHeaders: typed };
      const found = await ask([exchange, whole], head);
      assert.deepEqual(found, { contentType: mediaTypes.ociManifest, digest, size: bytes.length });
    });
  }
});

describe("putManifest", () => {
  const put = (client: RegistryClient) =>
    client.putManifest("app", "1", { bytes, mediaType: mediaTypes.ociManifest });
  const request = `PUT ${path("1")}`;

  test("sends it with its type, and tells who keeps the referrers", async () => {
    const answerHeaders = { "docker-content-digest": digest, "oci-subject": other };
    const exchange: Exchange = { request, headers: typed, body: bytes, status: 201, answerHeaders };
    assert.deepEqual(await ask([exchange], put), { digest, subject: other });
  });

  test("a registry that says it got something else is not believed", async () => {
    const answerHeaders = { "docker-content-digest": other };
    await assert.rejects(ask([{ request, status: 201, answerHeaders }], put), fails("DIGEST_MISMATCH"));
  });
});

describe("deleteManifest", () => {
  for (const [name, key, exchange, expected] of [
    ["accepted", digest, { status: 202 }, "deleted"],
    ["a tag, accepted", "1", { status: 202 }, "deleted"],
    ["not there", digest, { status: 404 }, "not-there"],
    [
      "no such repository (zot)",
      digest,
      { status: 400, answer: { errors: [{ code: "NAME_UNKNOWN", message: "repository name not known" }] } },
      "not-there",
    ],
    ["switched off (Distribution, GHCR)", digest, { status: 405 }, "off"],
    [
      "by tag (Distribution 2.8)",
      "1",
      {
        status: 400,
        answer: { errors: [{ code: "DIGEST_INVALID", message: "provided digest did not match" }] },
      },
      "not-by-tag",
    ],
  ] as const) {
    test(`${name}: ${expected}`, async () => {
      const request = `DELETE ${path(key)}`;
      assert.equal(
        await ask([{ request, ...exchange }], (client) => client.deleteManifest("app", key)),
        expected,
      );
    });
  }

  test("without the right it is DENIED", async () => {
    const answer = { errors: [{ code: "DENIED", message: "not yours" }] };
    await assert.rejects(
      ask([{ request: `DELETE ${path("1")}`, status: 403, answer }], (client) =>
        client.deleteManifest("app", "1"),
      ),
      fails("DENIED"),
    );
  });
});

describe("listReferrers", () => {
  const entry = (name: string, artifactType: string) => ({
    mediaType: mediaTypes.ociManifest,
    digest: computeDigest(name),
    size: 1,
    artifactType,
  });
  const index = (...manifests: readonly object[]) => ({
    answer: JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }),
    answerHeaders: { "content-type": mediaTypes.ociIndex },
  });
  const request = `GET /v2/app/referrers/${digest}`;
  const tag = `sha256-${digest.slice("sha256:".length)}`;
  const types = ({ descriptors }: { descriptors: readonly { artifactType?: string }[] }) =>
    descriptors.map(({ artifactType }) => artifactType);

  test("the registry's own list, page by page, filtered here as well", async () => {
    const first = index(entry("a", "sbom"), entry("b", "sig"));
    const link = '</next>; rel="next"';
    const exchanges = [
      { request: `${request}?artifactType=sig`, ...first, answerHeaders: { ...first.answerHeaders, link } },
      { request: "GET /next", ...index(entry("c", "sig")) },
    ];
    const found = await ask(exchanges, (client) => client.listReferrers("app", digest, "sig"));
    assert.deepEqual([found.from, types(found)], ["registry", ["sig", "sig"]]);
  });

  test("else what clients keep under a tag", async () => {
    const exchanges = [
      { request, status: 404, answer: "404 page not found" },
      { request: `GET ${path(tag)}`, ...index(entry("a", "sig")) },
    ];
    const found = await ask(exchanges, (client) => client.listReferrers("app", digest));
    assert.deepEqual([found.from, types(found)], ["tag", ["sig"]]);
  });

  test("neither: none", async () => {
    const exchanges = [
      { request, answer: "<html>", answerHeaders: { "content-type": "text/html" } },
      { request: `GET ${path(tag)}`, status: 404 },
    ];
    const found = await ask(exchanges, (client) => client.listReferrers("app", digest));
    assert.deepEqual(found, { from: "tag", descriptors: [] });
  });
});
