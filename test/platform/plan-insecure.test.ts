/** Who owns a list, and what is planned for it: one row for each case. Planning is pure. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ErrorCode, isRegctlError } from "../../src/errors.ts";
import type { HostFacts } from "../../src/platform/facts.ts";
import { insecureRegistries } from "../../src/platform/formats/format.ts";
import { findOwner } from "../../src/platform/owner.ts";
import { appliedBy, type ChangePlan, type Plan } from "../../src/platform/plan.ts";
import { type InsecureInput, planInsecure } from "../../src/platform/plan-insecure.ts";
import type { WrittenPlatform } from "../../src/platform/platform.ts";
import { bare } from "../../src/platform/platforms/bare.ts";
import { boot2docker } from "../../src/platform/platforms/boot2docker.ts";
import { systemd, systemdDockerIo } from "../../src/platform/platforms/systemd.ts";
import { debianSysvinit } from "../../src/platform/platforms/sysvinit.ts";
import { judgeRegistry } from "../../src/platform/registry-name.ts";
import {
  bootTime,
  daemonProcess,
  engineFacts,
  fixtureFacts,
  freezeDeep,
  hostFacts,
  hostFile,
  hostFiles,
} from "./hosts.ts";

const registry = "reg.test:5000";
const json = "/etc/docker/daemon.json";
const defaults = "/etc/default/docker";
const noContainers = engineFacts();

/** Plans with everything frozen, twice: the same input gives the same plan. */
function plan(
  platform: WrittenPlatform,
  facts: HostFacts,
  given: Partial<InsecureInput> & { name?: string } = {},
): Plan {
  const { name = registry, ...more } = given;
  const judged = judgeRegistry(name);
  const input = freezeDeep({
    registry: judged,
    facts,
    platform,
    evidence: ["seen"],
    verifies: false,
    earlier: {},
    ...more,
  });
  const first = planInsecure(input);
  assert.deepEqual(planInsecure(input), first);
  return first;
}

function change(...args: Parameters<typeof plan>): ChangePlan {
  const made = plan(...args);
  assert.ok(made.kind === "change", JSON.stringify(made));
  return made;
}

function nothing(...args: Parameters<typeof plan>): readonly [why: string, detail: string] {
  const made = plan(...args);
  assert.ok(made.kind === "nothing", JSON.stringify(made));
  return [made.why, made.detail];
}

function refusal<C extends ErrorCode>(code: C, act: () => unknown) {
  try {
    act();
  } catch (error) {
    if (isRegctlError(error, code)) return error.facts;
    throw error;
  }
  return assert.fail(`${code} was not thrown`);
}

const flagsOf = (...entries: readonly string[]) =>
  daemonProcess(["dockerd", ...entries.flatMap((entry) => ["--insecure-registry", entry])]);

function edits(made: ChangePlan): readonly (readonly [path: string, after: string | null])[] {
  return made.phases.flatMap((phase) => phase.edits.map((edit) => [edit.path, edit.after] as const));
}

describe("who owns the list", () => {
  const dropIn = "/etc/systemd/system/docker.service.d/10-machine.conf";
  const started = `[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H fd:// --insecure-registry old.test:5000\n`;
  const withDropIn = (given: Partial<HostFacts> = {}): HostFacts => {
    const { unit } = hostFacts();
    return hostFacts({
      unit: unit && { ...unit, environmentFiles: [], dropInPaths: [dropIn] },
      files: hostFiles({ [dropIn]: started }),
      daemons: [flagsOf("old.test:5000")],
      engine: engineFacts({ insecure: ["127.0.0.0/8", "old.test:5000"] }),
      ...given,
    });
  };
  const cases: Readonly<Record<string, readonly [WrittenPlatform, HostFacts, owner: string, path: string]>> =
    {
      "nobody: daemon.json is where it goes": [systemd, hostFacts(), "none", json],
      "the file": [
        systemd,
        hostFacts({ files: hostFiles({ [json]: '{"insecure-registries":[]}' }) }),
        "file",
        json,
      ],
      "the file, although the environment file sets other flags": [
        systemdDockerIo,
        hostFacts({ files: hostFiles({ [defaults]: 'DOCKER_OPTS="--debug"\n' }) }),
        "none",
        json,
      ],
      "flags of a drop-in": [systemd, withDropIn(), "flags", dropIn],
      "flags of the environment file, in force": [
        systemdDockerIo,
        hostFacts({
          files: hostFiles({ [defaults]: 'DOCKER_OPTS="--insecure-registry a:1"\n' }),
          daemons: [flagsOf("a:1")],
        }),
        "flags",
        defaults,
      ],
      "flags of the environment file, not loaded yet": [
        systemdDockerIo,
        hostFacts({ files: hostFiles({ [defaults]: 'DOCKER_OPTS="--insecure-registry a:1"\n' }) }),
        "flags",
        defaults,
      ],
      "an engine before 1.13 is told by flags": [
        debianSysvinit,
        hostFacts({ init: "sysvinit", engine: engineFacts({ version: "1.12.6" }) }),
        "none",
        defaults,
      ],
      "1.13 is the first that reloads the file": [
        debianSysvinit,
        hostFacts({ init: "sysvinit", engine: engineFacts({ version: "1.13.0" }) }),
        "none",
        json,
      ],
      "boot2docker whose /etc/docker a reboot loses": [
        boot2docker,
        fixtureFacts("boot2docker-1.9"),
        "none",
        "/var/lib/boot2docker/profile",
      ],
      "boot2docker 17.03 without the link of /etc/docker": [
        boot2docker,
        hostFacts({ engine: engineFacts({ version: "17.03.1-ce" }), files: hostFiles({ [json]: null }) }),
        "none",
        "/var/lib/boot2docker/profile",
      ],
      "boot2docker whose /etc/docker persists": [
        boot2docker,
        fixtureFacts("boot2docker-19.03"),
        "none",
        json,
      ],
      "a second engine's own file": [bare, fixtureFacts("second-engine"), "none", "/etc/second/daemon.json"],
    };
  for (const [name, [platform, facts, owner, path]] of Object.entries(cases)) {
    test(name, () => {
      const found = findOwner(freezeDeep(facts), platform, insecureRegistries);
      assert.deepEqual([found.owner, found.source.path], [owner, path]);
    });
  }

  test("the file and a flag are never both set", () => {
    const facts = withDropIn({
      files: hostFiles({ [dropIn]: started, [json]: '{"insecure-registries": []}' }),
    });
    const { problem, remedy } = refusal("CONFIG_CONFLICT", () => plan(systemd, facts));
    assert.match(
      problem,
      /stands in \/etc\/docker\/daemon\.json and as --insecure-registry in .*10-machine\.conf/,
    );
    assert.match(remedy, /remove one of the two/);
  });

  test("flags in force that stand in no file of ours are told, not doubled", () => {
    const { problem } = refusal("CONFIG_CONFLICT", () =>
      plan(systemd, hostFacts({ daemons: [flagsOf("x:1", "y:2")] })),
    );
    assert.match(problem, /--insecure-registry x:1 --insecure-registry y:2, and no file/);
  });

  test("the later drop-in holds the flags when two are there, and the unit of the package is never written", () => {
    const later = "/etc/systemd/system/docker.service.d/50-more.conf";
    const facts = withDropIn();
    const unit = facts.unit && {
      ...facts.unit,
      dropInPaths: [dropIn, later, "/run/systemd/generator/x.conf"],
    };
    const more = {
      ...facts,
      unit,
      files: hostFiles({ [dropIn]: started.replace("old.test:5000", "first:1"), [later]: started }),
    };
    assert.equal(findOwner(more, systemd, insecureRegistries).source.path, later);
    const paths = systemd.flagSources(more).map(({ path }) => path);
    assert.deepEqual(paths, [later, dropIn]);
  });

  test("a drop-in is followed by daemon-reload, then a restart that is asked for", () => {
    const facts = withDropIn({
      engine: engineFacts({ insecure: ["old.test:5000"], running: ["a", "b"], swarm: true }),
    });
    const made = change(systemd, facts);
    const activation = made.phases[0]?.activation;
    assert.ok(activation?.kind === "restart");
    assert.deepEqual(activation.commands[0], ["systemctl", "daemon-reload"]);
    assert.deepEqual(activation.commands.at(-1), ["systemctl", "restart", "docker"]);
    assert.deepEqual(edits(made), [[dropIn, `${started.trimEnd()} --insecure-registry reg.test:5000\n`]]);
    assert.deepEqual(
      made.consents.map(({ question, flag }) => [question, flag]),
      [["Restart the engine of host? That stops 2 containers.", "--allow-restart"]],
    );
  });
});

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
    assert.deepEqual(change(systemd, hostFacts({ engine: noContainers })).notes, []);
  });
});
