import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readEngineTrust } from "../../src/access/engine-trust.ts";
import { parseVersion } from "../../src/engine/engine-info.ts";
import type { ProbeAnswer } from "../../src/engine/probe.ts";

function engine(components: readonly string[], answer: ProbeAnswer) {
  const asked: string[] = [];
  return {
    asked,
    version: async () => parseVersion({ Components: components.map((Name) => ({ Name })) }),
    probeRegistry: async (reference: string) => {
      asked.push(reference);
      return answer;
    },
  };
}

const unknownManifest = { status: 404, message: "manifest unknown: manifest unknown" };

describe("whether an engine trusts a registry", () => {
  it("is what it says when it is made to ask there", async () => {
    const docker = engine(["Engine", "containerd"], unknownManifest);
    assert.equal((await readEngineTrust(docker, "reg.test:5000")).verdict, "trusted");
    assert.deepEqual(docker.asked, ["reg.test:5000/regctl-probe:latest"]);
    const refusal = { status: 500, message: "http: server gave HTTP response to HTTPS client" };
    assert.equal((await readEngineTrust(engine(["Engine"], refusal), "reg.test:5000")).verdict, "protocol");
  });

  it("is not to be had from Podman, whose 404 means nothing", async () => {
    const podman = engine(["Podman Engine", "Conmon"], { status: 404, message: "Not Found" });
    assert.equal((await readEngineTrust(podman, "reg.test:5000")).verdict, "unsupported");
    assert.deepEqual(podman.asked, []);
  });

  it("is never asked about Docker Hub", async () => {
    const docker = engine(["Engine"], { status: 500, message: "toomanyrequests" });
    assert.equal((await readEngineTrust(docker, "docker.io")).verdict, "trusted");
    assert.deepEqual(docker.asked, []);
  });
});
