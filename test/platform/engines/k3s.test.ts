import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import {
  type K3sInput,
  planK3sInsecure,
  planK3sMirror,
  planK3sTrust,
} from "../../../src/platform/engines/k3s-plan.ts";
import { inForceOf, type K3sSite, optionsOf, parseServices } from "../../../src/platform/engines/k3s-site.ts";
import { engineKinds } from "../../../src/platform/engines/table.ts";
import { readRegistriesYaml } from "../../../src/platform/formats/registries-yaml.ts";
import { removeLeaves } from "../../../src/platform/formats/yaml-leaves.ts";
import type { Plan } from "../../../src/platform/plan.ts";
import { judgeRegistry } from "../../../src/platform/registry-name.ts";
import { freezeDeep, hostFacts, hostFile } from "../hosts.ts";
import { edits, refusal } from "../planning.ts";
import { certificate, requestsFor } from "../requests.ts";

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/platform/engines/k3s/${name}`, import.meta.url), "utf8");

const path = "/etc/rancher/k3s/registries.yaml";

function input(text: string | null, given: Partial<K3sSite> = {}): K3sInput {
  const look: K3sSite = {
    distribution: {
      ...{ name: "k3s", title: "k3s", program: "k3s", services: ["k3s", "k3s-agent"] },
      ...{ folder: "/etc/rancher/k3s", data: "/var/lib/rancher/k3s", crictl: () => ["k3s", "crictl"] },
    },
    facts: hostFacts({ files: { [path]: hostFile(path, text) } }),
    path,
    data: "/var/lib/rancher/k3s",
    version: "1.33.1+k3s1",
    service: { name: "k3s", active: true, manager: "systemd" },
    configured: readRegistriesYaml(text),
    inForce: { insecure: [], mirrors: {} },
    ...given,
  };
  return freezeDeep({ look, evidence: ["seen"], before: null, standing: [] });
}

function changeOf(plan: Plan) {
  assert.ok(plan.kind === "change", JSON.stringify(plan));
  const [[, after = null] = []] = edits(plan);
  return { ...plan, after };
}

describe("a node of k3s", () => {
  it("is read from what its services say", () => {
    const { version, services } = parseServices(fixture("look.txt"));
    assert.equal(version, "1.33.1+k3s1");
    assert.deepEqual(
      services.map(({ name, active, manager }) => [name, active, manager]),
      [
        ["k3s", true, "systemd"],
        ["k3s-agent", false, "systemd"],
      ],
    );
    assert.deepEqual(optionsOf(services[0]?.command ?? "", "data-dir: /other\ndocker: true\n"), {
      registries: "/etc/k3s-registries.yaml",
      data: "/srv/k3s",
      docker: true,
    });
    assert.deepEqual(optionsOf("", "private-registry: /r.yaml\n"), {
      registries: "/r.yaml",
      data: undefined,
      docker: false,
    });
  });

  it("has in force what its containerd was given, by either kind of file", () => {
    const folder = "/var/lib/rancher/k3s/agent/etc/containerd";
    const files = [
      { path: `${folder}/certs.d/reg.test:5000/hosts.toml`, text: fixture("hosts.toml") },
      { path: `${folder}/config.toml`, text: fixture("config.toml") },
      { path: `${folder}/certs.d/broken/hosts.toml`, text: "server = " },
    ];
    assert.deepEqual(inForceOf(files), {
      insecure: ["reg.test:5000", "old.test"],
      mirrors: { "reg.test:5000": ["https://mirror.test/"], "docker.io": ["http://mirror.test:5000/"] },
    });
  });

  it("is known by its command, before engines that come along with it", () => {
    const facts = hostFacts({
      markers: new Set(["k3s", "rke2", "containerd"]),
      engine: null,
      daemons: [],
      socketExists: false,
    });
    const found = engineKinds.filter((kind) => kind.find(facts) !== null).map(({ name }) => name);
    assert.deepEqual(found.slice(0, 2), ["k3s", "rke2"]);
  });
});

describe("plans for k3s", () => {
  const requests = requestsFor("reg.test:5000");
  const text = fixture("registries.yaml");

  it("adds to somebody's file, and asks for the restart", () => {
    const plan = changeOf(planK3sInsecure(requests.insecure, input(text)));
    assert.deepEqual(
      plan.consents.map(({ id, flag }) => [id, flag]),
      [["restart", "--allow-restart"]],
    );
    const { endpoints, tls } = readRegistriesYaml(plan.after);
    assert.deepEqual(endpoints["reg.test:5000"], ["https://reg.test:5000", "http://reg.test:5000"]);
    assert.deepEqual(tls["reg.test:5000"], { insecure_skip_verify: true });
    const [edit] = plan.phases[0]?.edits ?? [];
    assert.ok(edit?.change && edit.mode === "644");
    assert.equal(removeLeaves(edit.after ?? "", edit.change.note), text);
  });

  it("a new file is for root's eyes, since logins stand in it", () => {
    const plan = changeOf(planK3sInsecure(requests.insecure, input(null)));
    assert.equal(plan.phases[0]?.edits[0]?.mode, "600");
  });

  it("what stands there and is not in force needs the restart alone", () => {
    const { after } = changeOf(planK3sInsecure(requests.insecure, input(text)));
    const waiting = changeOf(planK3sInsecure(requests.insecure, input(after)));
    assert.deepEqual([waiting.phases[0]?.edits, waiting.phases[0]?.activation.kind], [[], "restart"]);
    const inForce = { insecure: ["reg.test:5000"], mirrors: {} };
    const done = planK3sInsecure(requests.insecure, input(after, { inForce }));
    assert.partialDeepStrictEqual(done, { kind: "nothing", why: "already" });
  });

  it("a node that does not run is written, and nothing is said to be proved", () => {
    const plan = changeOf(planK3sInsecure(requests.insecure, input(text, { service: null })));
    assert.match(plan.unproved ?? "", /reads .* when it starts/);
    assert.deepEqual(plan.phases[0]?.activation, { kind: "none" });
    assert.deepEqual(plan.consents, []);
  });

  it("a mirror comes after those that are there, and is said to", () => {
    const plan = changeOf(planK3sMirror(requests.mirror, input(text)));
    assert.match(plan.after ?? "", /"https:\/\/mirror.test" {3}# first\n {6}- "https:\/\/reg.test:5000"\n/);
    assert.match(plan.notes.join(), /asked before it: https:\/\/mirror\.test/);
  });

  it("certificates stand beside the file, and an OpenRC service is restarted by its own words", () => {
    const service = { name: "k3s-agent", active: true, manager: "openrc" } as const;
    const plan = changeOf(planK3sTrust(requests.trust, input(text, { service })));
    assert.deepEqual(
      edits(plan).map(([name]) => name),
      ["/etc/rancher/k3s/certs.d/reg.test:5000/ca.crt", path],
    );
    const [, [, after = null] = []] = edits(plan);
    assert.deepEqual(readRegistriesYaml(after).tls["reg.test:5000"], {
      ca_file: "/etc/rancher/k3s/certs.d/reg.test:5000/ca.crt",
    });
    const activation = plan.phases[0]?.activation;
    assert.deepEqual(activation?.kind === "restart" && activation.commands, [
      ["rc-service", "k3s-agent", "restart"],
    ]);
  });

  it("names the certificate that is shown, and its key", () => {
    const client = { certificate: "C", key: "K" };
    const request = { ...requests.trust, client };
    const plan = changeOf(planK3sTrust(request, input(text)));
    const after = edits(plan).find(([name]) => name === path)?.[1] ?? null;
    const folder = "/etc/rancher/k3s/certs.d/reg.test:5000";
    assert.deepEqual(readRegistriesYaml(after).tls["reg.test:5000"], {
      ca_file: `${folder}/ca.crt`,
      cert_file: `${folder}/client.cert`,
      key_file: `${folder}/client.key`,
    });
  });

  it("refuses what would end somebody else's choice, and says where it stands", () => {
    const insecure = (name: string, given: string) =>
      refusal("CONFIG_CONFLICT", () => planK3sInsecure(requestsFor(name).insecure, input(given)));
    assert.match(insecure("strict.test", text).problem, /insecure_skip_verify is false/);
    assert.match(
      insecure("a.test", "mirrors: &all\n  b: {}\nconfigs: *all\n").problem,
      /nothing can be added/,
    );
    const trust = refusal("CONFIG_CONFLICT", () =>
      planK3sTrust(requestsFor("theirs.test", certificate()).trust, input(text)),
    );
    assert.match(trust.problem, /it says that theirs\.test is insecure/);
    const network = refusal("ENGINE_CANNOT", () =>
      planK3sInsecure({ kind: "insecure", registry: judgeRegistry("10.0.0.0/24") }, input(text)),
    );
    assert.match(network.why, /knows no networks/);
  });

  it("asks before it stops verifying what is verified", () => {
    const plan = changeOf(planK3sInsecure(requests.insecure, { ...input(text), before: "trusted" }));
    assert.deepEqual(
      plan.consents.map(({ id }) => id),
      ["downgrade", "restart"],
    );
  });
});
