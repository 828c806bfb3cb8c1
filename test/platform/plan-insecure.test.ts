/** What is planned for a host: one row for each case. Planning is pure. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HostFacts } from "../../src/platform/facts.ts";
import { appliedBy, type ChangePlan } from "../../src/platform/plan.ts";
import { bare } from "../../src/platform/platforms/bare.ts";
import { systemd, systemdDockerIo } from "../../src/platform/platforms/systemd.ts";
import { bootTime, engineFacts, fixtureFacts, hostFacts, hostFile, hostFiles } from "./hosts.ts";
import { change, defaults, edits, flagsOf, json, nothing, plan, refusal, registry } from "./planning.ts";

describe("what is planned", () => {
  test("a new daemon.json and a reload; nothing asked, nothing stopped", () => {
    const made = change(systemd, hostFacts({ engine: engineFacts({ running: ["a"] }) }));
    assert.deepEqual(edits(made), [[json, '{\n  "insecure-registries": ["reg.test:5000"]\n}\n']]);
    assert.deepEqual(
      made.phases.map(({ activation, expect }) => [activation, expect]),
      [[{ kind: "reload", command: ["systemctl", "reload", "docker"] }, { listed: { [registry]: true } }]],
    );
    assert.deepEqual(
      [made.consents, made.notes, made.evidence, appliedBy(made)],
      [[], [], ["seen"], "reload"],
    );
    const [edit] = made.phases[0]?.edits ?? [];
    assert.deepEqual([edit?.before, edit?.mode, edit?.uid, edit?.gid], [null, "644", 0, 0]);
  });

  test("mode, owner and link of the old file are kept", () => {
    const target = "/srv/conf/daemon.json";
    const file = hostFile(json, "{}\n", { target, mode: "600", uid: 7, gid: 8 });
    const [edit] = change(systemd, hostFacts({ files: { [json]: file } })).phases[0]?.edits ?? [];
    assert.deepEqual(
      [edit?.path, edit?.target, edit?.mode, edit?.uid, edit?.gid],
      [json, target, "600", 7, 8],
    );
  });

  test("already: in the file and in the engine", () => {
    const files = hostFiles({ [json]: `{"insecure-registries":["${registry}"]}` });
    assert.deepEqual(nothing(systemd, hostFacts({ files, engine: engineFacts({ insecure: [registry] }) })), [
      "already",
      registry,
    ]);
  });

  test("in the file and not in the engine: only a reload", () => {
    const made = change(
      systemd,
      hostFacts({ files: hostFiles({ [json]: `{"insecure-registries":["${registry}"]}` }) }),
    );
    assert.deepEqual([edits(made), appliedBy(made)], [[], "reload"]);
    assert.match(made.phases[0]?.why ?? "", /not read it yet/);
  });

  test("in the engine and not in the file: it is written, for a restart would lose it", () => {
    const made = change(systemd, hostFacts({ engine: engineFacts({ insecure: [registry] }) }));
    assert.equal(edits(made).length, 1);
  });

  test("covered by a network of the engine, for addresses and networks and not for names", () => {
    const facts = hostFacts({ engine: engineFacts({ insecure: ["10.0.0.0/8", "fd00::/16"] }) });
    assert.deepEqual(nothing(systemd, facts, { name: "10.1.2.3:5000" }), ["covered", "10.0.0.0/8"]);
    assert.deepEqual(nothing(systemd, facts, { name: "10.9.0.0/16" }), ["covered", "10.0.0.0/8"]);
    assert.deepEqual(nothing(systemd, facts, { name: "[fd00::5]:5000" }), ["covered", "fd00::/16"]);
    assert.equal(change(systemd, facts, { name: "11.0.0.1:5000" }).kind, "change");
    assert.equal(change(systemd, facts).kind, "change");
  });

  test("an entry with another port, or none, covers nothing", () => {
    const facts = hostFacts({ engine: engineFacts({ insecure: ["reg.test", "reg.test:5001"] }) });
    assert.equal(change(systemd, facts).kind, "change");
  });

  test("a verified certificate is not given up unasked, and the flag is --yes", () => {
    const [consent] = change(systemd, hostFacts(), { verifies: true }).consents;
    assert.deepEqual([consent?.id, consent?.flag], ["downgrade", "--yes"]);
    const listed = hostFacts({ engine: engineFacts({ insecure: [registry] }) });
    assert.deepEqual(change(systemd, listed, { verifies: true }).consents, []);
  });

  test("no plan without an engine that answers", () => {
    const facts = hostFacts({ engine: null, engineProblem: "connection refused" });
    assert.equal(refusal("ENGINE_UNREACHABLE", () => plan(systemd, facts)).reason, "connection refused");
  });
});

describe("restarts", () => {
  const flags = hostFiles({ [defaults]: 'DOCKER_OPTS="--insecure-registry a:1"\n' });
  const facts = (engine: Parameters<typeof engineFacts>[0], files = flags): HostFacts =>
    hostFacts({ files, daemons: [flagsOf("a:1")], engine: engineFacts({ insecure: ["a:1"], ...engine }) });
  const kinds = (made: ChangePlan) => made.phases.map(({ activation }) => activation.kind);
  const stops = (made: ChangePlan) =>
    made.phases.map(({ activation }) => (activation.kind === "restart" ? activation.stops : 0));

  test("without containers: a restart unasked", () => {
    const made = change(systemdDockerIo, facts({}));
    assert.deepEqual([kinds(made), stops(made), made.consents], [["restart"], [0], []]);
    assert.deepEqual(edits(made), [
      [defaults, 'DOCKER_OPTS="--insecure-registry a:1 --insecure-registry reg.test:5000"\n'],
    ]);
  });

  test("with containers: live-restore by reload first, then the restart, and nobody is asked", () => {
    const made = change(systemdDockerIo, facts({ running: ["c1"] }));
    assert.deepEqual([kinds(made), stops(made), made.consents], [["reload", "restart"], [0, 0], []]);
    assert.deepEqual(edits(made)[0], [json, '{\n  "live-restore": true\n}\n']);
    assert.deepEqual(made.phases[0]?.expect, { listed: {}, liveRestore: true });
    assert.equal(made.phases[0]?.edits[0]?.change?.purpose, "live-restore");
  });

  test("live-restore that is on already needs no phase", () => {
    const made = change(systemdDockerIo, facts({ running: ["c1"], liveRestore: true }));
    assert.deepEqual([kinds(made), stops(made), made.consents], [["restart"], [0], []]);
  });

  test("live-restore in the file and not loaded: a reload without an edit", () => {
    const files = { ...flags, ...hostFiles({ [json]: '{"live-restore": true}' }) };
    const made = change(systemdDockerIo, facts({ running: ["c1"] }, files));
    assert.deepEqual([kinds(made), made.phases[0]?.edits], [["reload", "restart"], []]);
  });

  test("never in a swarm, never before 1.12: then it is asked for", () => {
    for (const engine of [{ swarm: true }, { version: "1.11.2" }]) {
      const made = change(systemdDockerIo, facts({ running: ["c1", "c2", "c3"], ...engine }));
      assert.deepEqual(
        [kinds(made), stops(made), made.consents.map(({ flag }) => flag)],
        [["restart"], [3], ["--allow-restart"]],
      );
    }
  });

  test("a broken daemon.json stops even a run that would only switch live-restore in it", () => {
    const files = { ...flags, ...hostFiles({ [json]: '{"a": 1,}' }) };
    const { line, column } = refusal("CONFIG_BROKEN", () =>
      plan(systemdDockerIo, facts({ running: ["c1"] }, files)),
    );
    assert.deepEqual([line, column], [1, 9]);
  });

  test("live-restore that is no switch stops the run with its place, not as a fault of ours", () => {
    const files = { ...flags, ...hostFiles({ [json]: '{"live-restore": "yes"}' }) };
    refusal("CONFIG_BROKEN", () => plan(systemdDockerIo, facts({ running: ["c1"] }, files)));
  });

  test("a dockerd that nobody would start again is not restarted", () => {
    const old = hostFacts({ unit: null, init: "none", engine: engineFacts({ version: "1.12.6" }) });
    const { paste } = refusal("PLATFORM_NOT_WRITTEN", () => plan(bare, old));
    assert.match(paste.join(" "), /--insecure-registry/);
  });
});

describe("files that must not be touched", () => {
  const broken: Readonly<
    Record<string, readonly [text: string, line: number, column: number, problem: RegExp]>
  > = {
    "not JSON": ['{\n  "a": 1,\n}', 3, 1, /comma/],
    "the singular key": ['{\n "insecure-registry": ["a"]}', 2, 2, /does nothing/],
    "a key twice": ['{"insecure-registries": [],\n "insecure-registries": []}', 2, 2, /twice/],
    "no list": ['{"insecure-registries": "a"}', 1, 25, /no list/],
    "an entry that the engine refuses": [
      '{"insecure-registries": ["http://h:5000/"]}',
      1,
      26,
      /refuses the entry/,
    ],
    empty: ["", 1, 1, /empty/],
  };
  for (const [name, [text, line, column, problem]] of Object.entries(broken)) {
    test(`${name}: the line and the column`, () => {
      const facts = refusal("CONFIG_BROKEN", () =>
        plan(systemd, hostFacts({ files: hostFiles({ [json]: text }) })),
      );
      assert.deepEqual([facts.path, facts.line, facts.column], [json, line, column]);
      assert.match(facts.problem, problem);
    });
  }

  test("bytes that are no UTF-8", () => {
    const decoded = Buffer.from([0x7b, 0xff, 0x7d]).toString("utf8");
    const files = { [json]: hostFile(json, decoded, { sha256: "0".repeat(64) }) };
    assert.match(refusal("CONFIG_BROKEN", () => plan(systemd, hostFacts({ files }))).problem, /not UTF-8/);
  });

  test("a file that our rights do not reach asks for rights, and is not taken for absent", () => {
    const files = { [json]: hostFile(json, null, { unreadable: true, mode: "600" }) };
    assert.match(
      refusal("NO_RIGHTS", () => plan(systemd, hostFacts({ files }))).reason,
      /daemon\.json cannot be read/,
    );
  });

  test("an environment file that does not parse stops a run only when flags are in it", () => {
    const open = 'DOCKER_OPTS="--debug\n';
    assert.equal(change(systemdDockerIo, hostFacts({ files: hostFiles({ [defaults]: open }) })).path, json);
    const files = hostFiles({ [defaults]: 'DOCKER_OPTS="--insecure-registry a:1\n' });
    assert.equal(refusal("CONFIG_BROKEN", () => plan(systemdDockerIo, hostFacts({ files }))).path, defaults);
  });
});

describe("what a person is told", () => {
  test("docker-machine will write its own flags again", () => {
    const made = change(systemd, fixtureFacts("docker-machine-ubuntu"));
    assert.match(made.notes.join(" "), /docker-machine provision/);
    assert.doesNotMatch(change(systemd, hostFacts()).notes.join(" "), /docker-machine/);
  });

  test("a reload also applies what was edited before and not loaded", () => {
    const edited = hostFile(json, "{}\n", { modified: bootTime + 500 });
    const facts = hostFacts({ files: { [json]: edited } });
    assert.match(
      change(systemd, facts).notes.join(" "),
      /was edited at 2023-11-14T22:21:40Z and the engine last read it at 2023-11-14T22:13:30Z/,
    );
    const loaded = { ...facts, engine: engineFacts({ lastReload: bootTime + 600 }) };
    assert.deepEqual(change(systemd, loaded).notes, []);
  });

  test("IPv6: what older engines make of it is told, or refused where it would cost the whole list", () => {
    const notes = (version: string, name: string) =>
      change(systemd, hostFacts({ engine: engineFacts({ version }) }), { name }).notes;
    assert.match(notes("20.10.24", "[fd00::5]:5000").join(" "), /older engines take no image name/);
    assert.deepEqual(notes("28.5.2", "[fd00::5]:5000"), []);
    const old = hostFacts({ engine: engineFacts({ version: "24.0.9" }) });
    const { problem } = refusal("BAD_REGISTRY", () => plan(systemd, old, { name: "[fd00::5]" }));
    assert.match(problem, /engine 24\.0\.9: older engines refuse an entry in brackets/);
    assert.equal(
      change(systemd, hostFacts({ engine: engineFacts({ version: "25.0.0" }) }), { name: "[fd00::5]" }).kind,
      "change",
    );
  });

  test("nothing is noted where nothing needs a word", () => {
    assert.deepEqual(change(systemd, hostFacts({ engine: engineFacts() })).notes, []);
  });
});
