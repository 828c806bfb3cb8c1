/** `inspect` on our own registry, and on a scripted one for what it does not take. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type InspectInput, inspect, inspectRaw } from "../../src/browse/inspect-image.ts";
import { isRegctlError } from "../../src/errors.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { refuse } from "../../src/server/response.ts";
import { amd64, type BrowseWorld, openBrowseWorld } from "../support/browse-world.ts";
import {
  joinTrees,
  type MadeTree,
  makeAttestation,
  makeContent,
  makeCosignSignature,
  makeImage,
  makeIndex,
  makeReferrer,
} from "../support/image-maker.ts";
import { type OddRegistry, startOddRegistry } from "../support/odd-registry.ts";
import { pushTree } from "../support/registry-content.ts";
import { startScriptedRegistry } from "../support/scripted-registry.ts";

const amd = makeImage({ seed: "amd", layers: [10, 20], labels: { who: "us" } });
const arm = makeImage({ seed: "arm", platform: "linux/arm/v7", layers: [30] });
const both = makeIndex([arm, amd], { attestations: [makeAttestation(amd)] });

async function look(host: string, { world }: BrowseWorld, input: Partial<InspectInput> = {}) {
  const usual = { reference: `${host}/app:1`, machine: amd64 };
  const { document, exitCode } = await inspect({ ...usual, ...input }, world);
  return { ...document, exitCode };
}

async function startWith(tree: MadeTree): Promise<OddRegistry> {
  const registry = await startOddRegistry();
  await pushTree(registry.host, "app", ["1"], tree);
  registry.requests.length = 0;
  return registry;
}

const amdPlatform = {
  platform: "linux/amd64",
  digest: amd.manifest.digest,
  mediaType: mediaTypes.ociManifest,
  size: [amd.config, ...amd.layers].reduce((sum, { bytes }) => sum + bytes.length, 0),
  created: "2026-01-02T03:04:05.000Z",
  layers: amd.layers.map(({ digest, bytes, mediaType }) => ({
    digest,
    size: bytes.length,
    mediaType,
    title: null,
  })),
  config: {
    user: null,
    workingDir: null,
    entrypoint: [],
    cmd: ["/layer-0"],
    env: ["PATH=/bin", "SEED=amd"],
    exposedPorts: [],
    volumes: [],
    stopSignal: null,
    author: null,
    labels: { who: "us" },
  },
  history: [0, 1].map((layer) => ({
    createdBy: `COPY layer-${layer} /`,
    created: "2026-01-02T03:04:05.000Z",
    comment: null,
    layer,
  })),
};

test("one image, with what refers to it", async () => {
  await using registry = await startWith(amd);
  await using browse = await openBrowseWorld();
  const sbom = makeReferrer(amd.manifest);
  await pushTree(registry.host, "app", [], sbom);
  const { digest, size } = sbom.manifest.descriptor;
  assert.deepEqual(await look(registry.host, browse), {
    reference: `${registry.host}/app:1`,
    digest: amd.manifest.digest,
    mediaType: mediaTypes.ociManifest,
    kind: "image",
    artifactType: null,
    annotations: { "test.seed": "amd" },
    subject: null,
    attestations: 0,
    platforms: [amdPlatform],
    shown: 0,
    referrers: [{ artifactType: "application/vnd.example.sbom", digest, tag: null, size, annotations: {} }],
    exitCode: 0,
  });
});

test("what cosign keeps under tags refers to it as well", async () => {
  await using registry = await startWith(amd);
  await using browse = await openBrowseWorld();
  const signature = makeCosignSignature("sig");
  const { digest, size } = signature.manifest.descriptor;
  const tag = `${amd.manifest.digest.replace(":", "-")}.sig`;
  await pushTree(registry.host, "app", [tag], signature);
  const { referrers } = await look(registry.host, browse);
  const artifactType = "application/vnd.dev.cosign.simplesigning.v1+json";
  assert.deepEqual(referrers, [{ artifactType, digest, tag, size, annotations: {} }]);
});

test("an index: every image in its order, attestations counted apart", async () => {
  await using registry = await startWith(both);
  await using browse = await openBrowseWorld();
  const { kind, attestations, platforms, shown, referrers } = await look(registry.host, browse);
  assert.deepEqual([kind, attestations, shown, referrers], ["index", 1, 1, []]);
  assert.deepEqual(
    platforms.map(({ platform }) => platform),
    ["linux/arm/v7", "linux/amd64"],
  );
  assert.deepEqual(platforms[1], amdPlatform);
});

test("without a tag it is latest; by digest it is that", async () => {
  await using registry = await startWith(both);
  await using browse = await openBrowseWorld();
  const latest = look(registry.host, browse, { reference: `${registry.host}/app` });
  await assert.rejects(
    latest,
    (error) => isRegctlError(error, "NOT_FOUND") && /app:latest$/.test(error.facts.what),
  );
  const reference = `${registry.host}/app@${amd.manifest.digest}`;
  assert.deepEqual((await look(registry.host, browse, { reference })).platforms, [amdPlatform]);
});

describe("--platform", () => {
  test("reads that variant alone", async () => {
    await using registry = await startWith(both);
    await using browse = await openBrowseWorld();
    const { platforms, digest } = await look(registry.host, browse, { platform: "linux/amd64" });
    assert.deepEqual([platforms, digest], [[amdPlatform], both.manifest.digest]);
    assert.ok(!registry.requests.includes(`GET /v2/app/manifests/${arm.manifest.digest}`));
  });

  for (const [name, tree, available] of [
    ["an index", both, ["linux/arm/v7", "linux/amd64"]],
    ["an image", amd, ["linux/amd64"]],
  ] as const) {
    test(`that ${name} does not have is PLATFORM_MISSING, also for --raw`, async () => {
      await using registry = await startWith(tree);
      await using browse = await openBrowseWorld();
      const input = { reference: `${registry.host}/app:1`, platform: "linux/s390x", machine: amd64 };
      const refuses = (error: unknown) => {
        assert.ok(isRegctlError(error, "PLATFORM_MISSING"));
        const facts = { what: `${registry.host}/app:1`, platform: "linux/s390x", available };
        assert.deepEqual(error.facts, facts);
        return true;
      };
      await assert.rejects(inspect(input, browse.world), refuses);
      await assert.rejects(inspectRaw(input, browse.world), refuses);
    });
  }
});

test("--raw: the bytes of the manifest, and with a platform those of the variant", async () => {
  await using registry = await startWith(both);
  await using browse = await openBrowseWorld();
  const usual = { reference: `${registry.host}/app:1`, machine: amd64 };
  assert.ok((await inspectRaw(usual, browse.world)).equals(both.manifest.bytes));
  const one = await inspectRaw({ ...usual, platform: "linux/arm/v7" }, browse.world);
  assert.ok(one.equals(arm.manifest.bytes));
});

test("an index in an index is followed", async () => {
  const outer = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [both.manifest.descriptor] };
  const tree = joinTrees(makeContent(Buffer.from(JSON.stringify(outer)), mediaTypes.ociIndex), [both]);
  await using registry = await startWith(tree);
  await using browse = await openBrowseWorld();
  const { platforms, exitCode } = await look(registry.host, browse);
  assert.deepEqual(
    [platforms.map(({ platform }) => platform), exitCode],
    [["linux/arm/v7", "linux/amd64"], 0],
  );
});

test("what is no image has layers with titles and no configuration", async () => {
  const layer = makeContent(Buffer.from("chart"), "application/vnd.cncf.helm.chart.content.v1.tar+gzip");
  const config = makeContent(Buffer.from("{}"), "application/vnd.cncf.helm.config.v1+json");
  const title = { "org.opencontainers.image.title": "web-1.0.0.tgz" };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: config.descriptor,
    layers: [{ ...layer.descriptor, annotations: title }],
    annotations: { "org.opencontainers.image.created": "2026-05-01T10:00:00+02:00" },
  };
  const content = makeContent(Buffer.from(JSON.stringify(manifest)), mediaTypes.ociManifest);
  const blobs = new Map([config, layer].map(({ digest, bytes }) => [digest, bytes]));
  await using registry = await startWith({
    manifest: content,
    manifests: new Map([[content.digest, content]]),
    blobs,
  });
  await using browse = await openBrowseWorld();
  const { kind, artifactType, platforms } = await look(registry.host, browse);
  assert.deepEqual([kind, artifactType], ["artifact", "application/vnd.cncf.helm.config.v1+json"]);
  const [{ created, config: none, layers, platform } = { layers: [] }] = platforms;
  assert.deepEqual(
    [created, none, platform, layers.map((each) => each.title)],
    ["2026-05-01T08:00:00.000Z", null, null, ["web-1.0.0.tgz"]],
  );
  assert.ok(!registry.requests.includes(`GET /v2/app/blobs/${config.digest}`), "it is not read");
});

describe("what is wrong", () => {
  test("a variant that is not there: its item says so, the other stands, exit 5", async () => {
    await using registry = await startWith(both);
    await using browse = await openBrowseWorld();
    registry.meet((request, answer) =>
      request.endsWith(amd.manifest.digest)
        ? Promise.resolve(refuse(404, "MANIFEST_UNKNOWN", "unknown"))
        : answer(),
    );
    const { platforms, exitCode, ok, shown } = await look(registry.host, browse);
    assert.deepEqual(
      platforms.map(({ platform, error }) => [platform, error?.code]),
      [
        ["linux/arm/v7", undefined],
        ["linux/amd64", "NOT_FOUND"],
      ],
    );
    assert.deepEqual([exitCode, ok, shown], [5, false, 0]);
  });

  test("other bytes than the digest says", async () => {
    await using registry = await startWith(amd);
    await using browse = await openBrowseWorld();
    registry.meet(async (request, answer) => {
      const answered = await answer();
      const isConfig = request.endsWith(amd.config.digest);
      return isConfig ? { ...answered, body: Buffer.alloc(amd.config.bytes.length, "x") } : answered;
    });
    await assert.rejects(look(registry.host, browse), (error) => isRegctlError(error, "DIGEST_MISMATCH"));
  });

  test("referrers that the registry does not tell are null", async () => {
    await using registry = await startWith(amd);
    await using browse = await openBrowseWorld();
    registry.meet((request, answer) =>
      request.includes("/referrers/") ? Promise.resolve(refuse(403, "DENIED", "no")) : answer(),
    );
    const { referrers, exitCode } = await look(registry.host, browse);
    assert.deepEqual([referrers, exitCode], [null, 0]);
  });

  test("a configuration that is said to be huge is not read", async () => {
    const config = { mediaType: mediaTypes.ociConfig, digest: computeDigest("huge"), size: 9 * 1024 * 1024 };
    const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [] };
    await using registry = await startScriptedRegistry([
      { request: "GET /v2/", answer: {} },
      {
        request: "GET /v2/app/manifests/1",
        answer: JSON.stringify(manifest),
        answerHeaders: { "content-type": mediaTypes.ociManifest },
      },
      { request: /^GET \/v2\/app\/(referrers|manifests)\/sha256/, status: 404, times: 5 },
    ]);
    await using browse = await openBrowseWorld();
    const tooLong = (error: unknown) =>
      isRegctlError(error, "CONTENT_BROKEN") && /9437184 bytes/.test(error.facts.problem);
    await assert.rejects(look(registry.host, browse), tooLong);
  });
});

test("schema 1: layers from the base up, their sizes asked for", async () => {
  const [top, base] = [computeDigest("top"), computeDigest("base")];
  // Written by hand after the schema 1 page of the distribution documentation.
  const compatible = {
    created: "2014-01-02T03:04:05Z",
    os: "linux",
    architecture: "amd64",
    config: { Cmd: ["sh"] },
  };
  const manifest = {
    schemaVersion: 1,
    name: "app",
    tag: "1",
    architecture: "amd64",
    fsLayers: [{ blobSum: top }, { blobSum: base }],
    history: [{ v1Compatibility: JSON.stringify(compatible) }, { v1Compatibility: "{}" }],
  };
  const size = (bytes: number) => ({ answerHeaders: { "content-length": String(bytes) } });
  await using registry = await startScriptedRegistry([
    { request: "GET /v2/", answer: {} },
    {
      request: "GET /v2/app/manifests/1",
      answer: JSON.stringify(manifest),
      answerHeaders: { "content-type": mediaTypes.dockerSchema1Signed, "docker-content-digest": top },
    },
    { request: `HEAD /v2/app/blobs/${base}`, ...size(100) },
    { request: `HEAD /v2/app/blobs/${top}`, ...size(32) },
    { request: /^GET \/v2\/app\/(referrers|manifests)\/sha256/, status: 404, times: 5 },
  ]);
  await using browse = await openBrowseWorld();
  const { kind, digest, platforms } = await look(registry.host, browse);
  const [{ platform, created, layers, config, size: bytes } = { layers: [] }] = platforms;
  assert.deepEqual([kind, digest, platform, bytes], ["schema1", top, "linux/amd64", 132]);
  assert.deepEqual([created, config?.cmd], ["2014-01-02T03:04:05.000Z", ["sh"]]);
  assert.deepEqual(
    layers.map((layer) => [layer.digest, layer.size]),
    [
      [base, 100],
      [top, 32],
    ],
  );
  registry.done();
});
