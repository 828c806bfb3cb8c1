import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { containerd } from "../../../src/platform/engines/containerd.ts";
import type { HostFacts } from "../../../src/platform/facts.ts";
import type { ChangePlan, Plan } from "../../../src/platform/plan.ts";
import { judgeRegistry } from "../../../src/platform/registry-name.ts";
import { hostFacts } from "../hosts.ts";
import { requestsFor } from "../requests.ts";
import { fixture, siteOf } from "./file-host.ts";

const registry = "reg.test:5000";
const requests = requestsFor(registry);
const toml = `/etc/containerd/certs.d/${registry}/hosts.toml`;
const config = "/etc/containerd/config.toml";
const http = "http: server gave HTTP response to HTTPS client";

function changeOf(plan: Plan): ChangePlan {
  assert.ok(plan.kind === "change", JSON.stringify(plan));
  return plan;
}

interface Given {
  readonly files?: Readonly<Record<string, string>>;
  readonly dump?: string;
  readonly said?: string;
  readonly facts?: Partial<HostFacts>;
}

function siteWith({ files = {}, dump = "dump-2.1", said = http, facts = {} }: Given) {
  const version = "containerd github.com/containerd/containerd/v2 2.1.9+unknown\n";
  return siteOf({
    files,
    facts: { markers: new Set(["containerd"]), ...facts },
    answers: {
      "regctl-look": { stdout: version + fixture(`containerd/${dump}.toml`) },
      "regctl-probe": { stderr: said, code: 1 },
    },
  });
}

const planned = async (kind: "insecure" | "trust" | "mirror", given: Given = {}) =>
  (await containerd.plan(requests[kind], siteWith(given))).plan;
const textOf = (plan: Plan, path = toml) =>
  changeOf(plan)
    .phases.flatMap(({ edits }) => edits)
    .find((edit) => edit.path === path)?.after ?? "";
const kubernetes = { markers: new Set(["containerd", "crictl"]) };

describe("containerd", () => {
  it("is a part of Docker where nothing else uses it", () => {
    const found = (markers: readonly string[], given: Partial<HostFacts> = {}) =>
      containerd.find(hostFacts({ markers: new Set(markers), ...given }));
    assert.equal(found(["containerd"]), null);
    assert.deepEqual(found(["containerd"], { daemons: [] }), ["containerd is there"]);
    assert.deepEqual(found(["containerd", "nerdctl"]), ["containerd, nerdctl are there"]);
    assert.equal(found(["nerdctl"], { daemons: [] }), null);
  });

  const spoken: Readonly<Record<string, readonly [said: string, first: string]>> = {
    "HTTP, which is written": [http, "http://reg.test:5000"],
    "HTTPS, whose certificate is not looked at": ["x509: unknown authority", "https://reg.test:5000"],
    "nothing, so that HTTPS comes first": ["connection refused", "https://reg.test:5000"],
  };
  for (const [what, [said, first]] of Object.entries(spoken)) {
    it(`a registry speaks ${what}`, async () => {
      const plan = await planned("insecure", { said });
      assert.match(textOf(plan), new RegExp(`^server = "${first}"$`, "m"));
      assert.equal(/skip_verify/.test(textOf(plan)), first.startsWith("https"));
      assert.match(
        plan.notes.join(),
        said === "connection refused" ? /did not say whether/ : /^CRI does not/,
      );
      assert.deepEqual(changeOf(plan).phases[0]?.activation, { kind: "read" });
    });
  }

  it("trust names the authority's file, and takes the place of what was insecure", async () => {
    const files = { [toml]: textOf(await planned("insecure")) };
    const text = textOf(await planned("trust", { files, said: "connection refused" }));
    assert.match(text, /^ca = \["ca\.crt"\]$/m);
    assert.doesNotMatch(text, /http:|skip_verify/);
  });

  it("a mirror is asked before the registry itself, and without push", async () => {
    const text = textOf(await planned("mirror"), "/etc/containerd/certs.d/docker.io/hosts.toml");
    assert.match(text, /^server = "https:\/\/registry-1\.docker\.io"$/m);
    assert.match(text, /^\[host\."https:\/\/reg\.test:5000"\]\ncapabilities = \["pull", "resolve"\]$/m);
  });

  it("where CRI does not look it is made to, by a restart that has to be allowed", async () => {
    const before = fixture("containerd/config-debian.toml");
    const plan = changeOf(await planned("insecure", { files: { [config]: before }, facts: kubernetes }));
    assert.ok(textOf(plan, config).startsWith(before));
    assert.deepEqual(
      plan.consents.map(({ flag }) => flag),
      ["--allow-restart"],
    );
    const commands = [["systemctl", "restart", "containerd.service"]];
    assert.partialDeepStrictEqual(plan.phases[0]?.activation, { kind: "restart", commands, stops: 0 });
  });

  it("refuses the old way, what is not its own, networks, and a restart that nobody would do", async () => {
    const refused = (code: string, given: Given) => assert.rejects(planned("insecure", given), { code });
    await refused("CONFIG_CONFLICT", { dump: "dump-1.6-mirrors", facts: kubernetes });
    await refused("CONFIG_CONFLICT", { files: { [toml]: 'server = "https://reg.test:5000"\n' } });
    const hidden = "/etc/containerd/certs.d/reg.test_5000_/hosts.toml";
    await refused("CONFIG_CONFLICT", { files: { [hidden]: "" } });
    await refused("ENGINE_CANNOT", { facts: { ...kubernetes, init: "sysvinit" } });
    const insecure = { kind: "insecure", registry: judgeRegistry("10.0.0.0/24") } as const;
    await assert.rejects(containerd.plan(insecure, siteWith({})), { code: "ENGINE_CANNOT" });
  });

  it("what stands there is left as it is, and what is verified is asked about", async () => {
    const files = { [toml]: textOf(await planned("insecure")) };
    assert.partialDeepStrictEqual(await planned("insecure", { files }), { kind: "nothing", why: "already" });
    const plan = changeOf(await planned("insecure", { said: "not found: reg.test:5000/x: not found" }));
    assert.deepEqual(
      plan.consents.map(({ id }) => id),
      ["downgrade"],
    );
  });
});
