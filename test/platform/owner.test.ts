/** Who decides on a list: the file, flags, or nobody yet. One row for each case. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HostFacts } from "../../src/platform/facts.ts";
import { insecureRegistries } from "../../src/platform/formats/format.ts";
import { findOwner } from "../../src/platform/owner.ts";
import type { WrittenPlatform } from "../../src/platform/platform.ts";
import { bare } from "../../src/platform/platforms/bare.ts";
import { boot2docker } from "../../src/platform/platforms/boot2docker.ts";
import { systemd, systemdDockerIo } from "../../src/platform/platforms/systemd.ts";
import { debianSysvinit } from "../../src/platform/platforms/sysvinit.ts";
import { engineFacts, fixtureFacts, freezeDeep, hostFacts, hostFiles } from "./hosts.ts";
import { change, defaults, edits, flagsOf, json, plan, refusal } from "./planning.ts";

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
