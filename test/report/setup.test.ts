/** Setup and undo as people read them: whole texts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { HostFacts } from "../../src/platform/facts.ts";
import { failedOutcome, type HostOutcome, outcomeOf, type SetupOutcome } from "../../src/platform/outcome.ts";
import { planInsecure } from "../../src/platform/plan-insecure.ts";
import { systemd, systemdDockerIo } from "../../src/platform/platforms/systemd.ts";
import { judgeRegistry } from "../../src/platform/registry-name.ts";
import { renderSetup, renderUndo } from "../../src/report/setup.ts";
import { widthOf } from "../../src/report/table.ts";
import { daemonProcess, engineFacts, hostFacts, hostFiles } from "../platform/hosts.ts";

const registry = "reg.test:5000";
const wide = { columns: 200, color: false, unicode: true };
const ascii = { ...wide, columns: 80, unicode: false };
const narrow = { ...ascii, columns: 60 };
const looks = { wide, ascii, narrow };

function planned(facts: HostFacts, platform = systemd): HostOutcome {
  const judged = judgeRegistry(registry);
  const evidence = ["systemd runs docker.service from /lib/systemd/system/docker.service"];
  return outcomeOf(
    planInsecure({ registry: judged, facts, platform, evidence, verifies: false, earlier: {} }),
    facts,
  );
}

function outcome(hosts: readonly HostOutcome[], given: Partial<SetupOutcome> = {}): SetupOutcome {
  return { registry, dryRun: false, hosts, notes: [], ...given };
}

const backup = "/var/lib/regctl/backups/20260101T000000000Z-1-0";
const changed = { ...planned(hostFacts({ host: "localhost" })), proved: true };
const already = planned(
  hostFacts({
    files: hostFiles({ "/etc/docker/daemon.json": `{"insecure-registries":["${registry}"]}` }),
    engine: engineFacts({ insecure: [registry] }),
  }),
);
const failed = failedOutcome("ann@web9", {
  code: "SSH_UNREACHABLE",
  message: "web9 port 22 refused the connection.",
  remedies: ["ssh ann@web9"],
});
const flagFacts = hostFacts({
  host: "web2",
  files: hostFiles({ "/etc/default/docker": 'DOCKER_OPTS="--insecure-registry a:1"\n' }),
  daemons: [daemonProcess(["dockerd", "--insecure-registry", "a:1"])],
  engine: engineFacts({ insecure: ["a:1"], running: ["c1"] }),
});

/** On 80 columns. */
const how = [
  "  Docker 20.10.24+dfsg1, systemd; /etc/docker/daemon.json; engine reloaded,",
  "  containers untouched.",
];

describe("one host", () => {
  test("changed by reload: sentences break between words, what is to be copied never", () => {
    const render = (options: typeof wide) =>
      renderSetup(outcome([{ ...changed, backup }], { defaultRegistry: registry }), options);
    const rest = [
      `  The file as it was: ${backup}`,
      "  To take it back: regctl setup undo reg.test:5000",
      "reg.test:5000 is now your default registry.",
    ];
    const done = "localhost talks to reg.test:5000 without a verified";
    const engine = "  Docker 20.10.24+dfsg1, systemd; /etc/docker/daemon.json;";
    assert.deepEqual(render(wide), [
      `✔ ${done} certificate.`,
      `${engine} engine reloaded, containers untouched.`,
      ...rest,
    ]);
    assert.deepEqual(render(ascii), [`+ ${done} certificate.`, ...how, ...rest]);
    assert.deepEqual(render(narrow), [
      `+ ${done}`,
      "  certificate.",
      engine,
      "  engine reloaded, containers untouched.",
      ...rest,
    ]);
  });

  test("over SSH the way back names the host; a warning stands below", () => {
    const there = {
      ...changed,
      host: "ann@web1",
      warnings: ["reg.test:5000 did not answer the engine: EOF"],
    };
    assert.deepEqual(renderSetup(outcome([there]), ascii), [
      "+ ann@web1 talks to reg.test:5000 without a verified certificate.",
      ...how,
      "  ! reg.test:5000 did not answer the engine: EOF",
      "  To take it back: regctl setup undo reg.test:5000 --on ann@web1",
    ]);
  });

  test("the way back can be pasted, whatever the names are", () => {
    const there = { ...changed, host: "[fd00::5]:2222" };
    const lines = renderSetup(outcome([there], { registry: "[fd00::7]:5000" }), ascii);
    assert.equal(lines.at(-1), "  To take it back: regctl setup undo '[fd00::7]:5000' --on '[fd00::5]:2222'");
  });

  test("restarted with live-restore, and with containers stopped", () => {
    const kept = { ...planned(flagFacts, systemdDockerIo), proved: true };
    assert.match(
      renderSetup(outcome([kept]), wide)[1] ?? "",
      /; engine restarted, containers kept running\.$/,
    );
    const engine = engineFacts({ insecure: ["a:1"], running: ["c1"], swarm: true });
    const stopped = { ...planned({ ...flagFacts, engine }, systemdDockerIo), proved: true };
    assert.match(
      renderSetup(outcome([stopped]), wide)[1] ?? "",
      /\/etc\/default\/docker; engine restarted\.$/,
    );
  });

  test("nothing to do, and why", () => {
    assert.deepEqual(renderSetup(outcome([already]), wide), [
      "✔ host: nothing to do: the engine already lists reg.test:5000.",
    ]);
    const why = (nothing: string, detail: string | null) =>
      renderUndo(outcome([{ ...already, nothing, detail }]), ascii);
    assert.deepEqual(why("covered", "10.0.0.0/8"), [
      "+ host: nothing to do: the engine's entry 10.0.0.0/8 covers it already.",
    ]);
    assert.deepEqual(why("loopback", "localhost:5000"), [
      "+ host: nothing to do: engines talk to localhost:5000 without a certificate by",
      "  themselves.",
    ]);
    assert.deepEqual(why("not-ours", registry), [
      "+ host: nothing to do: reg.test:5000 is listed there, but not by regctl: it",
      "  stays.",
    ]);
    assert.deepEqual(why("not-there", registry), ["+ host: nothing to do: reg.test:5000 is not listed."]);
    assert.deepEqual(why("not-there", ""), [
      "+ host: nothing to do: there is no change of regctl to take back.",
    ]);
  });

  test("undone, by name and the last change", () => {
    assert.deepEqual(renderUndo(outcome([changed]), wide), [
      "✔ localhost no longer lists reg.test:5000.",
      "  Docker 20.10.24+dfsg1, systemd; /etc/docker/daemon.json; engine reloaded, containers untouched.",
    ]);
    assert.equal(
      renderUndo(outcome([changed], { registry: "" }), wide)[0],
      "✔ localhost is as it was before the last change.",
    );
  });
});

describe("--dry-run", () => {
  test("the evidence, the very steps and a unified diff", () => {
    for (const options of Object.values(looks)) {
      assert.deepEqual(renderSetup(outcome([changed], { dryRun: true }), options), [
        "localhost: Docker 20.10.24+dfsg1, systemd",
        "  systemd runs docker.service from /lib/systemd/system/docker.service",
        "  1. write /etc/docker/daemon.json (list the registry)",
        "  2. systemctl reload docker",
        "  3. prove: the engine lists reg.test:5000",
        "",
        "--- /dev/null",
        "+++ /etc/docker/daemon.json",
        "@@ -0,0 +1,3 @@",
        "+{",
        '+  "insecure-registries": ["reg.test:5000"]',
        "+}",
        "",
        "Nothing was changed.",
      ]);
    }
  });

  test("a restart with what lets containers live through it", () => {
    const lines = renderSetup(outcome([planned(flagFacts, systemdDockerIo)], { dryRun: true }), ascii);
    const steps = lines.filter((line) => /^ {2}\d+\. /.test(line));
    assert.deepEqual(steps, [
      "  1. write /etc/docker/daemon.json (let the containers live through the restart)",
      "  2. systemctl reload docker",
      "  3. prove: live-restore is on",
      "  4. write /etc/default/docker (list the registry)",
      "  5. systemctl reset-failed docker",
      "  6. systemctl restart docker",
      "  7. prove: the engine lists reg.test:5000",
    ]);
    assert.equal(lines.filter((line) => line.startsWith("+++ ")).length, 2, "a diff for each file");
  });

  test("a restart that stops containers says how many", () => {
    const engine = engineFacts({ insecure: ["a:1"], running: ["c1"], swarm: true });
    const lines = renderSetup(
      outcome([planned({ ...flagFacts, engine }, systemdDockerIo)], { dryRun: true }),
      ascii,
    );
    assert.ok(lines.includes("  3. systemctl restart docker (stops 1 container)"), lines.join("\n"));
  });

  test("nothing to do, and a host that failed", () => {
    assert.deepEqual(renderSetup(outcome([already, failed], { dryRun: true }), ascii), [
      "host: nothing to do: the engine already lists reg.test:5000",
      "",
      "ann@web9: web9 port 22 refused the connection.",
      "  -> ssh ann@web9",
      "",
      "Nothing was changed.",
    ]);
  });
});

describe("--print", () => {
  const paste = ["sudo mkdir -p /etc/docker", "sudo systemctl reload docker"];

  test("the lines and nothing else", () => {
    assert.deepEqual(renderSetup(outcome([{ ...changed, paste }]), narrow), paste);
    assert.deepEqual(renderSetup(outcome([{ ...already, paste: [] }]), wide), [
      "# nothing to do: the engine already lists reg.test:5000",
    ]);
  });

  test("of several hosts, each below its name; everything is a comment or a command", () => {
    const several = [{ ...changed, paste }, failed];
    assert.deepEqual(renderSetup(outcome(several), wide), [
      "# on localhost",
      ...paste,
      "# on ann@web9",
      "# web9 port 22 refused the connection.",
    ]);
  });
});

describe("several hosts", () => {
  const several = outcome([{ ...changed, host: "ann@web1" }, already, failed], { ok: false });

  test("a table, then what went wrong", () => {
    assert.deepEqual(renderSetup(several, ascii), [
      "HOST      RESULT   ENGINE                  HOW",
      "ann@web1  set up   20.10.24+dfsg1 systemd  engine reloaded, containers untouched",
      "host      already  20.10.24+dfsg1 systemd",
      "ann@web9  failed",
      "x ann@web9: web9 port 22 refused the connection.",
      "  -> ssh ann@web9",
    ]);
    assert.deepEqual(renderUndo(several, wide).slice(0, 2), [
      "HOST      RESULT   ENGINE                  HOW",
      "ann@web1  undone   20.10.24+dfsg1 systemd  engine reloaded, containers untouched",
    ]);
  });

  test("the table fits its terminal", () => {
    for (const columns of [60, 80, 200]) {
      const rows = renderSetup(several, { ...wide, columns }).slice(0, 4);
      for (const row of rows) assert.ok(widthOf(row) <= columns, `${columns}: ${row}`);
    }
  });
});

test("whatever a host says, no control character comes through", () => {
  const evil = "\u001b]0;owned\u0007\u009b31m\u202e\r\n";
  const bad = (host: HostOutcome): HostOutcome => ({
    ...host,
    host: `h${evil}`,
    engine: { name: evil, version: `20${evil}` },
    path: `/etc${evil}`,
    backup: evil,
    evidence: [evil],
    notes: [evil],
    warnings: [evil],
    detail: evil,
    diff: `--- a${evil}+${evil}`,
    steps: host.steps.map((step) => ("path" in step ? { ...step, path: evil } : step)),
    ...(host.error ? { error: { code: evil, message: evil, remedies: [evil] } } : {}),
  });
  const hosts = [changed, already, failed].map(bad);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  const control = /[\u0000-\u001f\u007f-\u009f\u202e]/;
  for (const list of [[hosts[0]], [hosts[1]], hosts].map((some) =>
    some.filter((host) => host !== undefined),
  )) {
    for (const dryRun of [false, true]) {
      for (const render of [renderSetup, renderUndo]) {
        const lines = render(outcome(list, { dryRun }), ascii);
        for (const line of lines) assert.doesNotMatch(line, control);
      }
    }
  }
});

test("colour paints and changes no letter", () => {
  for (const hosts of [[changed], [already], [changed, already, failed]]) {
    for (const dryRun of [false, true]) {
      const plain = renderSetup(outcome(hosts, { dryRun }), wide);
      const painted = renderSetup(outcome(hosts, { dryRun }), { ...wide, color: true });
      assert.notDeepEqual(painted, plain);
      assert.deepEqual(
        painted.map((line) => stripVTControlCharacters(line)),
        plain,
      );
    }
  }
});
