/** What people are told to type for engines that setup leaves to them: the lines are run by a shell where they can be. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { isRegctlError } from "../../../src/errors.ts";
import { builderLines } from "../../../src/platform/engines/buildx-lines.ts";
import type { EngineKind, EngineSite } from "../../../src/platform/engines/engine-kind.ts";
import { kind, nodeLines } from "../../../src/platform/engines/kind.ts";
import { minikube, minikubeLines } from "../../../src/platform/engines/minikube.ts";
import { readBuildkitdToml } from "../../../src/platform/formats/buildkitd-toml.ts";
import { readHostsToml } from "../../../src/platform/formats/hosts-toml.ts";
import type { Host } from "../../../src/ports.ts";
import { hostFacts } from "../hosts.ts";
import { requestsFor } from "../requests.ts";

const requests = requestsFor("reg.test:5000");
const all = [requests.insecure, requests.trust, requests.mirror, requests.undo] as const;

/** What stands before the first pipe or redirection prints the text. */
const printed = (line: string | undefined) =>
  execFileSync("sh", ["-c", (line ?? "").replace(/ (\||>>?) .*$/s, "")], { encoding: "utf8" });

/** A host whose commands print this, one answer after the other. */
function siteOf(...answers: readonly string[]): EngineSite {
  const left = [...answers];
  const run: Host["run"] = async () => ({
    code: 0,
    stdout: Buffer.from(left.shift() ?? ""),
    stderr: Buffer.alloc(0),
  });
  const never = () => assert.fail("nothing but commands");
  const host: Host = { name: "host", local: true, run, open: never, dial: never };
  return { host, root: host, facts: hostFacts(), engine: null, close: async () => {} };
}

async function linesOf(engine: EngineKind, site: EngineSite, request: (typeof all)[number]) {
  try {
    await engine.plan(request, site);
  } catch (error) {
    if (isRegctlError(error, "PLATFORM_NOT_WRITTEN")) return error.facts.paste;
    throw error;
  }
  return assert.fail("it was planned");
}

describe("engines that are left to people", () => {
  it("kind: each node gets a hosts.toml that containerd takes", () => {
    const lines = nodeLines(requests.insecure, "kind-worker");
    assert.match(lines[0] ?? "", /^docker exec kind-worker mkdir -p \S*\/certs\.d\/reg\.test:5000$/);
    const insecure = readHostsToml(printed(lines.at(-1)));
    assert.deepEqual(
      insecure?.hosts.map(({ url }) => url),
      ["https://reg.test:5000", "http://reg.test:5000"],
    );
    const trust = nodeLines(requests.trust, "kind-worker");
    assert.equal(printed(trust[1]), requests.trust.authority.certificates[0]?.pem);
    assert.deepEqual(readHostsToml(printed(trust.at(-1)))?.hosts[0]?.ca, ["ca.crt"]);
    const mirror = nodeLines(requests.mirror, "kind-worker");
    assert.match(mirror[0] ?? "", /certs\.d\/docker\.io$/);
  });

  it("kind: where no node runs, how the next cluster is made so that it looks into the folder", async () => {
    const lines = (await linesOf(kind, siteOf(), requests.insecure)).join("\n");
    assert.match(lines, /docker exec NODE mkdir[\s\S]*before 0\.27[\s\S]*config_path = [\s\S]*> kind\.yaml/);
    const local = nodeLines(requestsFor("localhost:5000").insecure, "n");
    assert.match(local[0] ?? "", /the node itself/);
    assert.match((await linesOf(kind, siteOf(), requests.undo)).join(), /exec NODE rm -r .*reg\.test:5000/);
  });

  it("minikube: the list is given when the cluster is made, a certificate at any start", async () => {
    assert.match(
      minikubeLines(requests.insecure).join("\n"),
      /minikube delete\nminikube start --insecure-registry=reg/,
    );
    assert.match(minikubeLines(requests.mirror).join("\n"), /--registry-mirror=https:\/\/reg\.test:5000\//);
    const trust = minikubeLines(requests.trust);
    assert.doesNotMatch(trust.join("\n"), /delete/);
    assert.equal(trust.at(-1), "minikube start");
    for (const request of all) assert.ok((await linesOf(minikube, siteOf(), request)).length > 0);
  });

  it("buildx: the builder is made again with the tables it needs, and keeps its cache", () => {
    const lines = builderLines(requests.insecure, "mine");
    const text = printed(lines.find((line) => line.startsWith("printf")));
    assert.partialDeepStrictEqual(readBuildkitdToml(text).tables, [
      { registry: "reg.test:5000", http: true, insecure: true },
    ]);
    assert.match(
      lines.join("\n"),
      /buildx rm --keep-state mine\n.*create --name mine .* --config buildkitd-mine\.toml/,
    );
    const trust = builderLines(requests.trust, "mine");
    assert.match(trust[0] ?? "", /> ca-reg\.test_5000\.pem$/);
    for (const request of all) assert.ok(builderLines(request, "mine").length > 0);
  });

  it("their status says that nothing is known of them", async () => {
    assert.match((await kind.status?.(siteOf(), null))?.problem ?? "", /does not read/);
    assert.equal(kind.told(siteOf()), null);
  });
});
