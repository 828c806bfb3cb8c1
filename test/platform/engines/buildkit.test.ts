import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { withoutOwn } from "../../../src/platform/engines/buildkit.ts";
import {
  type BuildkitInput,
  planBuildkitInsecure,
  planBuildkitMirror,
  planBuildkitTrust,
} from "../../../src/platform/engines/buildkit-plan.ts";
import { type BuildkitSite, parseLook } from "../../../src/platform/engines/buildkit-site.ts";
import { readBuildkitdToml } from "../../../src/platform/formats/buildkitd-toml.ts";
import type { JournalEdit, JournalEntry } from "../../../src/platform/journal.ts";
import { judgeMirror } from "../../../src/platform/mirror-name.ts";
import type { Plan } from "../../../src/platform/plan.ts";
import { judgeRegistry } from "../../../src/platform/registry-name.ts";
import { freezeDeep, hostFacts, hostFile } from "../hosts.ts";
import { edits, refusal } from "../planning.ts";
import { requestsFor } from "../requests.ts";

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/platform/engines/buildkit/${name}`, import.meta.url), "utf8");

const path = "/etc/buildkit/buildkitd.toml";
const [daemon, ofLogin] = parseLook(fixture("look.txt")).daemons;
const requests = requestsFor("reg.test:5000");

function input(text: string | null, given: Partial<BuildkitSite> = {}): BuildkitInput {
  const look: BuildkitSite = {
    facts: hostFacts({ files: { [path]: hostFile(path, text) } }),
    version: "0.34.2",
    daemon: daemon ?? null,
    asLogin: false,
    uid: 0,
    gid: 0,
    path,
    address: "unix:///run/buildkit/buildkitd.sock",
    configured: readBuildkitdToml(text ?? ""),
    isRead: true,
    ...given,
  };
  const engine = { name: "buildkit", title: "BuildKit" };
  return freezeDeep({ engine, look, evidence: ["seen"], before: null, standing: [] });
}

function changeOf(plan: Plan) {
  assert.ok(plan.kind === "change", JSON.stringify(plan));
  const after = edits(plan).find(([name]) => name.endsWith(".toml"))?.[1] ?? null;
  return { ...plan, after };
}

/** As the journal has it. */
const entryOf = (action: JournalEntry["action"], registry: string): JournalEntry => ({
  ...{ version: 1, id: "1", at: "", by: "", action, registry, state: "done", edits: [] },
});

/** What the undo of a plan's file leaves. */
function back(plan: Plan, action: JournalEntry["action"], registry: string, now?: string) {
  const { phases, after } = changeOf(plan);
  const edit = phases.flatMap((phase) => phase.edits).find((each) => each.path === path);
  return withoutOwn(now ?? after ?? "", entryOf(action, registry), edit as unknown as JournalEdit);
}

describe("a buildkitd of the host", () => {
  it("is found by its process, with the unit that would start it again", () => {
    assert.deepEqual(parseLook(fixture("look.txt")).login, {
      uid: 1000,
      gid: 1000,
      config: "/home/ana/.config",
    });
    assert.partialDeepStrictEqual(daemon, { pid: 412, uid: 0, started: 1_700_000_020 });
    assert.deepEqual(daemon?.unit, { name: "buildkit.service", user: false });
    assert.deepEqual(ofLogin?.unit, { name: "buildkit.service", user: true });
    assert.equal(parseLook(fixture("look.txt")).version, "0.34.2");
    assert.equal(parseLook("daemon 3 0 0 5 \nword buildkitd\n").daemons[0]?.unit, null);
  });

  const text = fixture("buildkitd.toml");

  it("gets a block behind what is there, which goes again", () => {
    const plan = planBuildkitInsecure(requests.insecure, input(text));
    assert.ok(changeOf(plan).after?.startsWith(`${text}\n# Written by regctl`));
    assert.equal(back(plan, "insecure", "reg.test:5000"), text);
    assert.equal(
      back(planBuildkitInsecure(requests.insecure, input(null)), "insecure", "reg.test:5000"),
      null,
    );
  });

  it("is restarted by its own systemd when that is asked for", () => {
    const commandsOf = (given: Partial<BuildkitSite>) => {
      const plan = changeOf(planBuildkitInsecure(requests.insecure, input(text, given)));
      assert.deepEqual(
        plan.consents.map(({ flag }) => flag),
        ["--allow-restart"],
      );
      const activation = plan.phases[0]?.activation;
      return activation?.kind === "restart" ? activation.commands.map((words) => words.join(" ")) : [];
    };
    assert.deepEqual(commandsOf({}), ["systemctl restart buildkit.service"]);
    assert.deepEqual(commandsOf({ daemon: ofLogin ?? null, asLogin: true }), [
      "env XDG_RUNTIME_DIR=/run/user/1000 systemctl --user restart buildkit.service",
    ]);
  });

  it("nobody starts one again that no service manager runs", () => {
    const bare = { ...(daemon ?? assert.fail()), unit: null };
    const facts = refusal("PLATFORM_NOT_WRITTEN", () =>
      planBuildkitInsecure(requests.insecure, input(text, { daemon: bare })),
    );
    assert.match(facts.paste.join(), /start it with: \/usr\/local\/bin\/buildkitd/);
  });

  it("one that does not run is written, and nothing is said to be proved", () => {
    const plan = changeOf(
      planBuildkitInsecure(requests.insecure, input(text, { daemon: null, isRead: false })),
    );
    assert.match(plan.unproved ?? "", /does not run here/);
    assert.equal(plan.phases[0]?.activation.kind, "none");
  });

  it("refuses a second table, networks, and the system's store without root", () => {
    const conflict = refusal("CONFIG_CONFLICT", () => planBuildkitMirror(requests.mirror, input(text)));
    assert.match(conflict.problem, /\[registry\."docker\.io"\] table that regctl did not write/);
    const inline = refusal("CONFIG_CONFLICT", () =>
      planBuildkitInsecure(requests.insecure, input('registry = { "a.test" = { http = true } }\n')),
    );
    assert.match(inline.problem, /no table can be added/);
    refusal("ENGINE_CANNOT", () =>
      planBuildkitInsecure({ kind: "insecure", registry: judgeRegistry("10.0.0.0/24") }, input(text)),
    );
    const system = { ...requests.trust, system: true };
    refusal("ENGINE_CANNOT", () => planBuildkitTrust(system, input(text, { asLogin: true })));
  });

  it("a mirror of HTTP has a table of its own, which stays as long as the mirror is asked", () => {
    const request = { ...requests.mirror, mirror: judgeMirror("http://reg.test:5000") };
    const plan = planBuildkitMirror(request, input(null));
    const { after } = changeOf(plan);
    assert.deepEqual(
      readBuildkitdToml(after ?? "").tables.map(({ registry, http, mirrors }) => [registry, http, mirrors]),
      [
        ["docker.io", false, ["reg.test:5000"]],
        ["reg.test:5000", true, []],
      ],
    );
    assert.equal(back(plan, "mirror", "reg.test:5000"), null);
    const both = changeOf(planBuildkitInsecure(requests.insecure, input(after))).after ?? "";
    assert.equal(back(plan, "insecure", "reg.test:5000", both), after);
    const left = readBuildkitdToml(back(plan, "mirror", "reg.test:5000", both) ?? "").tables;
    assert.partialDeepStrictEqual(left, [{ registry: "reg.test:5000", http: true, insecure: true }]);
  });

  it("names the certificate that is shown, and its key", () => {
    const request = { ...requests.trust, client: { certificate: "C", key: "K" } };
    const { after } = changeOf(planBuildkitTrust(request, input(text)));
    const folder = "/etc/buildkit/certs.d/reg.test:5000";
    const table = readBuildkitdToml(after ?? "").tables.find(({ registry }) => registry === "reg.test:5000");
    assert.deepEqual(table?.keypairs, [[`${folder}/client.cert`, `${folder}/client.key`]]);
  });

  it("trust takes the place of an insecure entry of our own", () => {
    const { after } = changeOf(planBuildkitInsecure(requests.insecure, input(text)));
    const plan = changeOf(planBuildkitTrust(requests.trust, input(after)));
    const table = readBuildkitdToml(plan.after ?? "").tables.find(
      ({ registry }) => registry === "reg.test:5000",
    );
    assert.partialDeepStrictEqual(table, { http: false, insecure: false });
    assert.deepEqual(table?.ca, ["/etc/buildkit/certs.d/reg.test:5000/ca.crt"]);
    assert.equal(back(plan, "trust", "reg.test:5000"), text);
  });
});
