/** `inspect` as people read it: whole texts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { InspectedPlatform, InspectOutcome } from "../../src/browse/inspect-outcome.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { renderInspect } from "../../src/report/inspect.ts";
import { widthOf } from "../../src/report/table.ts";

const wide = { columns: 1000, color: false, unicode: true };
const now = new Date("2026-01-10T00:00:00Z");
const digest = (text: string) => computeDigest(text);
const short = (text: string) => digest(text).slice(7, 19);

const amd: InspectedPlatform = {
  platform: "linux/amd64",
  digest: digest("amd"),
  mediaType: mediaTypes.ociManifest,
  size: 5000,
  created: "2026-01-08T00:00:00.000Z",
  layers: ["base", "app"].map((name, index) => ({
    digest: digest(name),
    size: 2048 * (index + 1),
    mediaType: mediaTypes.ociLayerGzip,
    title: null,
  })),
  config: {
    user: "app",
    workingDir: "/srv",
    entrypoint: ["/bin/tini", "--"],
    cmd: ["run", "a b"],
    env: ["PATH=/bin", "A=\u001b[31m"],
    exposedPorts: ["80/tcp", "53/udp"],
    volumes: ["/data"],
    stopSignal: "SIGQUIT",
    author: null,
    labels: { who: "us", text: "word ".repeat(20).trim() },
  },
  history: [
    { createdBy: "/bin/sh -c #(nop) ADD file:1 in / ", created: null, comment: null, layer: 0 },
    { createdBy: "/bin/sh -c #(nop)  ENV A=b", created: null, comment: null, layer: null },
    { createdBy: "RUN /bin/sh -c make   install # buildkit", created: null, comment: null, layer: 1 },
    { createdBy: null, created: null, comment: "squashed", layer: null },
  ],
};
const arm: InspectedPlatform = {
  ...amd,
  platform: "linux/arm64",
  digest: digest("arm"),
  size: null,
  created: null,
  layers: [],
  config: null,
  history: [],
  error: { code: "NOT_FOUND", message: "It is not there.", remedies: ["look"] },
};
const index: InspectOutcome = {
  reference: "r.test/app:1",
  digest: digest("index"),
  mediaType: mediaTypes.ociIndex,
  kind: "index",
  artifactType: null,
  annotations: {},
  subject: null,
  platforms: [arm, amd],
  shown: 1,
  attestations: 2,
  referrers: [
    { artifactType: "application/spdx+json", digest: digest("sbom"), tag: null, size: 700, annotations: {} },
    { artifactType: null, digest: digest("other"), tag: null, size: 1, annotations: {} },
  ],
};
const render = (change: Partial<InspectOutcome>, options = wide) =>
  renderInspect({ ...index, ...change }, options, now);

describe("an index", () => {
  const lines = render({});
  test("its platforms, one that is not there among them", () => {
    assert.deepEqual(lines.slice(0, 8), [
      "r.test/app:1",
      `  digest      ${digest("index")}`,
      "  kind        index of 2 platforms and 2 attestations (application/vnd.oci.image.index.v1+json)",
      "",
      "PLATFORM     SIZE     LAYERS  CREATED  DIGEST",
      `linux/arm64  –        –       –        ${short("arm")}`,
      `linux/amd64  4.9 KiB  2       2d ago   ${short("amd")}`,
      "✖ linux/arm64: It is not there.",
    ]);
  });

  test("one variant in detail", () => {
    assert.deepEqual(lines.slice(8, 24), [
      "",
      "linux/amd64",
      `  digest      ${digest("amd")}`,
      "  created     2026-01-08T00:00:00Z (2d ago)",
      "  size        4.9 KiB in 2 layers",
      "  user        app",
      "  workdir     /srv",
      "  entrypoint  /bin/tini --",
      "  cmd         run 'a b'",
      "  env         PATH=/bin",
      "              A=\\u001b[31m",
      "  ports       80/tcp, 53/udp",
      "  volumes     /data",
      "  stop signal SIGQUIT",
      "  labels      who=us",
      `              text=${"word ".repeat(20).trim()}`,
    ]);
  });

  test("each layer beside what made it, and what refers to it", () => {
    assert.deepEqual(lines.slice(24), [
      "",
      "SIZE   LAYER         INSTRUCTION",
      `2 KiB  ${short("base")}  ADD file:1 in /`,
      "–      –             ENV A=b",
      `4 KiB  ${short("app")}  RUN make install`,
      "–      –             squashed",
      "",
      "REFERRER               SIZE   DIGEST",
      `application/spdx+json  700 B  ${short("sbom")}`,
      `–                      1 B    ${short("other")}`,
    ]);
  });
});

test("one image has no table of platforms", () => {
  const lines = render({
    kind: "image",
    platforms: [amd],
    shown: 0,
    digest: amd.digest,
    referrers: [],
    attestations: 0,
  });
  assert.equal(lines[2], "  kind        image (application/vnd.oci.image.index.v1+json)");
  assert.deepEqual(lines.slice(3, 6), ["", "linux/amd64", "  created     2026-01-08T00:00:00Z (2d ago)"]);
  assert.ok(!lines.some((line) => /PLATFORM|REFERRER/.test(line)));
});

test("a history that does not count up to the layers leaves them alone", () => {
  const history = amd.history.map((step) => ({ ...step, layer: null }));
  const lines = render({ platforms: [{ ...amd, history }], shown: 0, referrers: null });
  assert.deepEqual(lines.slice(-6), [
    "",
    "SIZE   LAYER         TYPE",
    `2 KiB  ${short("base")}  ${mediaTypes.ociLayerGzip}`,
    `4 KiB  ${short("app")}  ${mediaTypes.ociLayerGzip}`,
    "",
    "The registry does not tell what refers to it.",
  ]);
});

test("an artifact: what it is, about what, and its files", () => {
  const file = { digest: digest("file"), size: 9, mediaType: "text/plain", title: "notes\u0007.txt" };
  const platform = { ...amd, platform: null, config: null, history: [], layers: [file] };
  const lines = render({
    kind: "artifact",
    artifactType: "application/x.notes",
    subject: digest("image"),
    annotations: { made: "by hand" },
    platforms: [platform],
    shown: 0,
    attestations: 0,
    referrers: [],
  });
  assert.deepEqual(lines.slice(3), [
    "  artifact    application/x.notes",
    `  subject     ${digest("image")}`,
    "  annotations made=by hand",
    "",
    "  created     2026-01-08T00:00:00Z (2d ago)",
    "  size        4.9 KiB in 1 layer",
    "",
    "SIZE  LAYER         CONTENT",
    `9 B   ${short("file")}  notes\\u0007.txt`,
  ]);
});

for (const columns of [60, 80]) {
  test(`at ${columns} columns everything but a digest fits`, () => {
    const lines = render({}, { columns, color: false, unicode: false });
    const long = lines.filter((line) => widthOf(line) > columns);
    assert.ok(
      long.every((line) => line.includes("sha256:")),
      long.join("\n"),
    );
    assert.ok(lines.includes(`${" ".repeat(14)}text=${"word ".repeat(columns === 60 ? 8 : 12).trim()}`));
  });
}

test("a label that is a document is shortened where it is read, not where it is kept", () => {
  const config = amd.config === null ? null : { ...amd.config, labels: { big: "x".repeat(5000) } };
  const change = { platforms: [{ ...amd, config }], shown: 0 };
  const screen = render(change, { ...wide, columns: 80 }).join("\n");
  assert.match(screen, /big=x{392}\.\.\.\n +\(5004 characters\)/);
  assert.match(render(change).join("\n"), /big=x{5000}\n/);
});
