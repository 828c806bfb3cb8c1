/** Entries that are written otherwise and mean the same to the engine: `http://h:5000`, a network with host bits. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { EngineFacts } from "../../src/platform/facts.ts";
import { daemonJson } from "../../src/platform/formats/daemon-json.ts";
import { insecureRegistries } from "../../src/platform/formats/format.ts";
import type { JournalEntry } from "../../src/platform/journal.ts";
import { outcomeOf } from "../../src/platform/outcome.ts";
import type { FileEdit } from "../../src/platform/plan.ts";
import { planUndo } from "../../src/platform/plan-undo.ts";
import { systemd } from "../../src/platform/platforms/systemd.ts";
import { bootTime, daemonProcess, engineFacts, hostFacts, hostFile, hostFiles } from "./hosts.ts";
import { change, json, nothing } from "./planning.ts";

const written = '{"insecure-registries":["http://h.test:5000","10.9.0.7/24"]}';
const inForce = { insecure: ["10.9.0.0/24", "h.test:5000"] } satisfies Partial<EngineFacts>;

/** The journal of a run that added one entry to daemon.json. */
function added(before: string | null, registry: string): { text: string; entry: JournalEntry } {
  const { text, note } = daemonJson.add(before, insecureRegistries, registry);
  const change = { purpose: "list" as const, format: "daemon.json", entry: registry, note };
  const edit = {
    path: json,
    target: json,
    beforeSha: null,
    afterSha: null,
    backup: null,
    mode: "644",
    uid: 0,
    gid: 0,
    change,
  };
  const about = {
    version: 1,
    id: "1",
    at: "2026-01-01T00:00:00Z",
    by: "me@here",
    action: "insecure",
  } as const;
  return { text, entry: { ...about, registry, state: "done", edits: [edit] } };
}

const undo = (registry: string, facts: ReturnType<typeof hostFacts>, entries: readonly JournalEntry[]) =>
  planUndo({ registry, facts, platform: systemd, evidence: [], entries });

describe("what is there in another spelling", () => {
  const facts = hostFacts({ files: hostFiles({ [json]: written }), engine: engineFacts(inForce) });

  test("setup says already", () => {
    assert.deepEqual(nothing(systemd, facts, { name: "h.test:5000" }), ["already", "h.test:5000"]);
    assert.deepEqual(nothing(systemd, facts, { name: "10.9.0.0/24" }), ["already", "10.9.0.0/24"]);
  });

  test("setup only loads it where the engine has not", () => {
    const unloaded = hostFacts({ files: hostFiles({ [json]: written }), engine: engineFacts() });
    const made = change(systemd, unloaded, { name: "h.test:5000" });
    assert.deepEqual(
      made.phases.flatMap((phase) => phase.edits),
      [],
    );
  });

  test("undo takes our spelling away and does not wait for the engine to forget the other", () => {
    const { text, entry } = added('{"insecure-registries":["http://h.test:5000"]}', "h.test:5000");
    const files = hostFiles({ [json]: text });
    const plan = undo(
      "h.test:5000",
      hostFacts({ files, engine: engineFacts({ insecure: ["h.test:5000"] }) }),
      [entry],
    );
    assert.ok(plan.kind === "change");
    assert.deepEqual(
      plan.phases.map(({ edits, activation, expect }) => [edits[0]?.after, activation.kind, expect.listed]),
      [['{"insecure-registries":["http://h.test:5000"]}', "none", { "h.test:5000": false }]],
    );
  });
});

describe("nothing to take back", () => {
  const why = (registry: string, given: Parameters<typeof hostFacts>[0]) => {
    const plan = undo(registry, hostFacts(given), []);
    return plan.kind === "nothing" ? plan.why : plan.kind;
  };

  test("what others listed is not ours, in any spelling; what only sounds alike is not there", () => {
    assert.equal(why("h.test:5000", { engine: engineFacts(inForce) }), "not-ours");
    const daemons = [daemonProcess(["dockerd", "--insecure-registry=http://ba:5000"])];
    assert.equal(why("ba:5000", { daemons }), "not-ours");
    assert.equal(why("a:5000", { daemons }), "not-there");
  });

  test("no change at all is no registry's", () => {
    assert.equal(why("", { engine: engineFacts(inForce) }), "not-there");
  });
});

test("undo tells of an edit that its reload brings into force", () => {
  const { text, entry } = added('{"debug":true}', "h.test:5000");
  const files = { [json]: hostFile(json, text, { modified: bootTime + 500 }) };
  const plan = undo("h.test:5000", hostFacts({ files, engine: engineFacts({ insecure: ["h.test:5000"] }) }), [
    entry,
  ]);
  assert.match(plan.notes.join("\n"), /daemon\.json was edited at .* come into force too/);
});

test("a file that a plan makes and removes again is in no diff", () => {
  const facts = hostFacts();
  const edit = (before: string | null, after: string | null): FileEdit => ({
    path: json,
    target: json,
    before,
    after,
    mode: "644",
    uid: 0,
    gid: 0,
  });
  const phase = (one: FileEdit) => ({
    why: "",
    edits: [one],
    activation: { kind: "none" } as const,
    expect: { listed: {} },
  });
  const base = {
    host: "h",
    platform: "systemd",
    evidence: [],
    engineVersion: null,
    owner: "file",
    path: json,
    notes: [],
  } as const;
  const plan = {
    ...base,
    kind: "change",
    phases: [phase(edit(null, "{}\n")), phase(edit("{}\n", null))],
    consents: [],
  } as const;
  assert.equal(outcomeOf(plan, facts).diff, "");
});

test("where a flag decides on live-restore, the file is left alone and a restart is asked for", () => {
  const daemons = [daemonProcess(["dockerd", "--live-restore=false", "--insecure-registry=old:5000"])];
  const dropIn = "/etc/systemd/system/docker.service.d/a.conf";
  const files = hostFiles({
    [dropIn]:
      "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --live-restore=false --insecure-registry=old:5000\n",
  });
  const unit = {
    name: "docker.service",
    mainPid: 500,
    activeState: "active",
    fragmentPath: "/lib/systemd/system/docker.service",
    dropInPaths: [dropIn],
    environmentFiles: [],
    execStart: "",
    canReload: true,
  };
  const engine = engineFacts({ insecure: ["old:5000"], running: ["a", "b"] });
  const made = change(systemd, hostFacts({ daemons, files, unit, engine }));
  assert.deepEqual(
    made.phases.map((phase) => phase.edits.map(({ path }) => path)),
    [[dropIn]],
  );
  assert.deepEqual(
    made.consents.map(({ flag }) => flag),
    ["--allow-restart"],
  );
});
