import assert from "node:assert/strict";
import { test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { parseImageConfig } from "../../src/registry/config.ts";
import { computeDigest } from "../../src/registry/digest.ts";

const parse = (value: unknown) => parseImageConfig(JSON.stringify(value), "the config");

test("everything that an image says of itself", () => {
  const diffId = computeDigest("layer");
  const parsed = parse({
    created: "2026-01-02T03:04:05.123456789+01:00",
    author: "joe",
    os: "linux",
    architecture: "arm64",
    variant: "v8",
    config: {
      Env: ["PATH=/bin", "A=b"],
      Entrypoint: ["/run"],
      Cmd: ["a", "b"],
      WorkingDir: "/srv",
      User: "1000",
      ExposedPorts: { "80/tcp": {}, "53/udp": {} },
      Volumes: { "/data": {} },
      Labels: { version: "1", "": "x" },
      StopSignal: "SIGINT",
    },
    rootfs: { type: "layers", diff_ids: [diffId, "tarsum"] },
    history: [
      { created: "2026-01-02T03:04:05Z", created_by: "COPY . /", comment: "buildkit" },
      { created_by: "CMD x", empty_layer: true },
    ],
  });
  assert.deepEqual(parsed, {
    platform: { os: "linux", architecture: "arm64" },
    created: "2026-01-02T02:04:05.123Z",
    author: "joe",
    env: ["PATH=/bin", "A=b"],
    entrypoint: ["/run"],
    cmd: ["a", "b"],
    workingDir: "/srv",
    user: "1000",
    exposedPorts: ["80/tcp", "53/udp"],
    volumes: ["/data"],
    labels: { version: "1", "": "x" },
    stopSignal: "SIGINT",
    diffIds: [diffId],
    history: [
      { created: "2026-01-02T03:04:05.000Z", createdBy: "COPY . /", comment: "buildkit", emptyLayer: false },
      { createdBy: "CMD x", emptyLayer: true },
    ],
  });
});

test("nothing is nothing, whether it is left out, null or of another type", () => {
  const nothing = {
    platform: null,
    env: [],
    entrypoint: [],
    cmd: [],
    exposedPorts: [],
    volumes: [],
    labels: {},
    history: [],
    diffIds: [],
  };
  for (const value of [
    {},
    { config: null, history: null, rootfs: null, created: null },
    { config: { Env: null, Cmd: null, Labels: null, ExposedPorts: null, User: "", WorkingDir: "" } },
    { config: [], history: {}, rootfs: 1, os: "linux", created: 5 },
  ]) {
    assert.deepEqual(parse(value), nothing, JSON.stringify(value));
  }
});

test("a time that says nothing is none", () => {
  for (const created of ["0001-01-01T00:00:00Z", "yesterday", "2026-13-45T00:00:00Z", "2026", "", "1"]) {
    assert.equal(parse({ created }).created, undefined, created);
  }
  assert.equal(parse({ created: "1970-01-01T00:00:00Z" }).created, "1970-01-01T00:00:00.000Z");
});

test("a command of one text, and a step that is none", () => {
  assert.deepEqual(parse({ config: { Cmd: "sh -c x" } }).cmd, ["sh -c x"]);
  assert.deepEqual(parse({ history: [null] }).history, [{ emptyLayer: false }]);
});

test("what is no JSON object is said to be broken", () => {
  for (const text of ["", "[]", "null", '"x"', "{"]) {
    assert.throws(
      () => parseImageConfig(text, "the config"),
      (error) => isRegctlError(error, "CONTENT_BROKEN") && error.facts.what === "the config",
    );
  }
  assert.throws(() => parseImageConfig(" ".repeat(9 * 1024 * 1024), "x"), /far too long/);
});
