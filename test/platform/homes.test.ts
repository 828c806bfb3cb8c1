/** Docker's engine where it is not root's own below /etc/docker: what is planned there, by whom, and what is refused. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ChangeRequest } from "../../src/platform/change-request.ts";
import { detectPlatform } from "../../src/platform/detect.ts";
import { docker } from "../../src/platform/engines/docker.ts";
import type { EngineSite } from "../../src/platform/engines/engine-kind.ts";
import type { HostFacts } from "../../src/platform/facts.ts";
import { pastedOutcome } from "../../src/platform/outcome.ts";
import { renderPaste } from "../../src/platform/paste.ts";
import type { ChangePlan } from "../../src/platform/plan.ts";
import { namedOnly } from "../../src/platform/platforms/named-only.ts";
import type { CommandResult, Host } from "../../src/ports.ts";
import { daemonProcess, engineFacts, fixtureFacts, frame, hostFile } from "./hosts.ts";
import { refusal } from "./planning.ts";
import { certificate, requestsFor } from "./requests.ts";

const asks = requestsFor("10.9.8.7:5000");

/** A login that may be asked who it is, and has no files but those among the facts. */
function siteOf(facts: HostFacts, { uid = 1000, gid = 1001 } = {}): EngineSite {
  const run = async (argv: readonly string[]): Promise<CommandResult> => {
    const stdout = argv.includes("id -u; id -g") ? Buffer.from(`${uid}\n${gid}\n`) : frame("end", "ok");
    return { code: 0, stdout, stderr: Buffer.alloc(0) };
  };
  const nothing = async () => assert.fail("nobody opens or dials here");
  const host: Host = { name: facts.host, local: false, run, open: nothing, dial: nothing };
  return { host, root: null, facts, engine: null, close: async () => {} };
}

async function planFor(request: ChangeRequest, facts: HostFacts, who = {}): Promise<ChangePlan> {
  const { plan } = await docker.plan(request, siteOf(facts, who));
  assert.ok(plan.kind === "change", JSON.stringify(plan));
  return plan;
}

const commandsOf = (plan: ChangePlan): readonly string[] =>
  plan.phases.flatMap(({ activation }) => {
    if (activation.kind === "reload") return [activation.command.join(" ")];
    return "commands" in activation ? activation.commands.map((command) => command.join(" ")) : [];
  });

/** Of a fixture: what is done to what for `setup insecure`. */
const told: Readonly<Record<string, readonly [path: string, command: RegExp, after: RegExp]>> = {
  "rhel-6": [
    "/etc/sysconfig/docker",
    /^service docker restart$/,
    /^other_args="\$other_args --insecure-registry 10\.9\.8\.7:5000" # added by regctl$/m,
  ],
  "rhel-7": ["/etc/docker/daemon.json", /^systemctl reload docker$/, /10\.9\.8\.7:5000/],
  "amazon-linux-1": ["/etc/docker/daemon.json", /kill -HUP/, /10\.9\.8\.7:5000/],
  "amazon-linux-2": ["/etc/docker/daemon.json", /^systemctl reload docker$/, /10\.9\.8\.7:5000/],
  flatcar: ["/etc/docker/daemon.json", /^systemctl reload docker$/, /10\.9\.8\.7:5000/],
  "alpine-openrc": ["/etc/docker/daemon.json", /kill -HUP/, /10\.9\.8\.7:5000/],
  rootless: ["/home/me/.config/docker/daemon.json", /kill -HUP 3100$/, /"log-level": "warn".*10\.9/],
  snap: [
    "/var/snap/docker/current/config/daemon.json",
    /kill -HUP 1500$/,
    /"log-level": "error"[\s\S]*10\.9/,
  ],
  "docker-desktop": ["/home/me/.docker/daemon.json", /^docker desktop restart$/, /"builder"[\s\S]*10\.9/],
  orbstack: ["/home/me/.orbstack/config/docker.json", /^orb restart docker$/, /10\.9\.8\.7:5000/],
  colima: [
    "/home/me/.colima/default/colima.yaml",
    /^colima restart default$/,
    /\n {2}# ours\n {2}features: \{buildkit: true\}\n {2}insecure-registries:\n {4}- "10\.9\.8\.7:5000"\n\nmounts: /,
  ],
};

/** Of those, the ones that are a person's own. */
const ofLogin = ["rootless", "docker-desktop", "orbstack", "colima"];

describe("setup insecure", () => {
  for (const [fixture, [path, command, after]] of Object.entries(told)) {
    test(`on ${fixture}: ${path}`, async () => {
      const plan = await planFor(asks.insecure, fixtureFacts(fixture));
      const [edit, ...more] = plan.phases.flatMap(({ edits }) => edits);
      assert.deepEqual([edit?.path, more], [path, []]);
      assert.match(edit?.after ?? "", after);
      assert.match(commandsOf(plan).join("; "), command);
      assert.equal(plan.asLogin, ofLogin.includes(fixture) ? true : undefined);
      const lines = renderPaste(plan, (argv) => argv.join(" "));
      assert.equal(
        lines.every((line) => line.includes("sudo")),
        !ofLogin.includes(fixture),
        lines.join("\n"),
      );
    });
  }

  test("a new file of a person's own belongs to them", async () => {
    const plan = await planFor(asks.insecure, fixtureFacts("orbstack"));
    const [edit] = plan.phases.flatMap(({ edits }) => edits);
    assert.deepEqual([edit?.uid, edit?.gid], [1000, 1001]);
  });

  test("a virtual machine is started anew, which is asked for when containers run", async () => {
    const facts = fixtureFacts("docker-desktop");
    const engine = facts.engine && { ...facts.engine, running: ["a", "b"] };
    const { consents, phases } = await planFor(asks.insecure, { ...facts, engine });
    assert.deepEqual(
      consents.map(({ flag }) => flag),
      ["--allow-restart"],
    );
    assert.deepEqual(
      phases.map(({ activation }) => activation.kind),
      ["restart"],
    );
  });

  test("an engine of this machine beside Desktop has no say in it", async () => {
    const theirs = [daemonProcess(["dockerd", "--insecure-registry", "x:1"], { ownsSocket: "unknown" })];
    const plan = await planFor(asks.insecure, fixtureFacts("docker-desktop", { daemons: theirs }));
    assert.deepEqual([plan.owner, plan.path], ["none", "/home/me/.docker/daemon.json"]);
  });

  for (const [fixture, uid, whose] of [
    ["rootless", 0, /user 1000/],
    ["rootless", 1001, /user 1000/],
    ["docker-desktop", 0, /the person who runs it/],
  ] as const) {
    test(`user ${uid} does not write into the home of who runs ${fixture}`, async () => {
      const planned = docker.plan(asks.insecure, siteOf(fixtureFacts(fixture), { uid }));
      await assert.rejects(
        planned,
        (error: Error) => /ENGINE_CANNOT/.test(error.message) && whose.test(error.message),
      );
    });
  }

  test("Colima's machine of another profile has a file and a name of its own", async () => {
    const facts = fixtureFacts("colima", { engine: engineFacts({ name: "colima-build" }) });
    const path = "/home/me/.config/colima/build/colima.yaml";
    const files = { ...facts.files, [path]: hostFile(path, "docker: {}\n") };
    const plan = await planFor(asks.mirror, { ...facts, files });
    const [edit] = plan.phases.flatMap(({ edits }) => edits);
    assert.deepEqual(
      [edit?.path, edit?.after, commandsOf(plan)],
      [path, 'docker: {"registry-mirrors": ["https://10.9.8.7:5000/"]}\n', ["colima restart build"]],
    );
    await assert.rejects(docker.plan(asks.insecure, siteOf(facts)), /CONFIG_BROKEN.*build.*COLIMA_HOME/);
  });

  test("Colima's file that cannot be added to is left alone", async () => {
    const path = "/home/me/.colima/default/colima.yaml";
    for (const text of [
      "docker: [a]\n",
      "docker:\n  insecure-registries: x\n",
      "docker: &d\n  a: 1\nenv: *d\n",
      "a: [\n",
    ]) {
      const files = { [path]: hostFile(path, text) };
      const planned = docker.plan(asks.insecure, siteOf(fixtureFacts("colima", { files })));
      await assert.rejects(planned, /CONFIG_BROKEN/, text);
    }
  });

  test("RHEL 6 takes back the very text from before", async () => {
    const facts = fixtureFacts("rhel-6");
    const [edit] = (await planFor(asks.insecure, facts)).phases.flatMap(({ edits }) => edits);
    const { platform } = detectPlatform(facts, undefined);
    assert.ok(platform.kind === "written" && edit?.change?.purpose === "list");
    const [source] = platform.flagSources(facts);
    const { setting: _, entry, note } = edit.change;
    const listSetting = {
      key: "insecure-registries",
      flag: "--insecure-registry",
      reloadedSince: "1.13.0",
    } as const;
    assert.equal(source?.format.remove(edit.after ?? "", listSetting, entry, note), edit.before);
  });

  test("OpenRC asks its service where a supervisor's pid stands in the pid file", () => {
    const script = '#!/sbin/openrc-run\nsupervisor=supervise-daemon\nextra_started_commands="reload"\n';
    const facts = fixtureFacts("alpine-openrc");
    const init = facts.files["/etc/init.d/docker"];
    assert.ok(init);
    const files = { ...facts.files, "/etc/init.d/docker": { ...init, text: script } };
    const { platform } = detectPlatform({ ...facts, files, pidFile: 77 }, undefined);
    assert.ok(platform.kind === "written");
    assert.equal(platform.name, "openrc");
    const service = platform.service({ ...facts, files, pidFile: 77 });
    assert.deepEqual(service.reload, ["rc-service", "docker", "reload"]);
    // Without one, a daemon that is not the service's was started by hand.
    assert.equal(detectPlatform({ ...facts, pidFile: 77 }, undefined).platform.name, "dockerd");
  });

  test("the snap that runs from another revision than the current one is told in its own folder", async () => {
    const facts = fixtureFacts("snap");
    const argv = (facts.daemons[0]?.argv ?? []).map((word) => word.replace("/2964/", "/2900/"));
    const plan = await planFor(asks.insecure, {
      ...facts,
      daemons: [daemonProcess(argv, { sameRoot: false })],
    });
    assert.equal(plan.path, "/var/snap/docker/2900/config/daemon.json");
  });

  test("the snap's socket in a container is elsewhere all the same", () => {
    const facts = fixtureFacts("snap");
    const daemons = facts.daemons.map((daemon) => ({ ...daemon, sameRoot: false }));
    assert.equal(detectPlatform({ ...facts, daemons }, undefined).platform.name, "snap");
    const inside = { ...facts, daemons, markers: new Set(["container"]) };
    refusal("ENGINE_ELSEWHERE", () => detectPlatform(inside, undefined));
  });
});

/** Where certificates go, and whether the engine has to be started for them. */
const trusting: Readonly<Record<string, readonly [folder: string, commands: readonly string[]]>> = {
  rootless: ["/home/me/.config/docker/certs.d", []],
  snap: ["/var/snap/docker/common/etc/certs.d", []],
  "docker-desktop": ["/home/me/.docker/certs.d", ["docker desktop restart"]],
  colima: ["/home/me/.docker/certs.d", ["colima restart default"]],
  "alpine-openrc": ["/etc/docker/certs.d", []],
};

describe("setup trust", () => {
  for (const [fixture, [folder, commands]] of Object.entries(trusting)) {
    test(`on ${fixture}: ${folder}`, async () => {
      const plan = await planFor(asks.trust, fixtureFacts(fixture));
      const [edit] = plan.phases.flatMap(({ edits }) => edits);
      assert.equal(edit?.path, `${folder}/10.9.8.7:5000/ca.crt`);
      assert.deepEqual(commandsOf(plan), commands);
      assert.equal(edit?.uid, ofLogin.includes(fixture) ? 1000 : 0);
    });
  }

  test("OrbStack: said why not, with lines to paste", async () => {
    const planned = docker.plan(asks.trust, siteOf(fixtureFacts("orbstack")));
    await assert.rejects(
      planned,
      /PLATFORM_NOT_WRITTEN.*not in files that regctl may write.*its virtual machine/,
    );
  });

  test("the system's store is not a person's own", async () => {
    const planned = docker.plan({ ...asks.trust, system: true }, siteOf(fixtureFacts("rootless")));
    await assert.rejects(planned, /ENGINE_CANNOT.*--system/);
  });
});

/** Of each: what stands in the lines for insecure, mirror, trust, and for taking all of it back. */
const pasted: Readonly<Record<string, readonly RegExp[]>> = {
  windows: [
    /insecure-registries.*C:\\ProgramData\\docker\\config\\daemon\.json[\s\S]*Restart-Service docker/,
    /registry-mirrors.*https:\/\/10\.9\.8\.7:5000\//,
    /certs\.d\\10\.9\.8\.75000\\ca\.crt' -Value '-----BEGIN CERTIFICATE-----','AAAA'/,
    /Remove-Item.*10\.9\.8\.75000[\s\S]*take "10\.9\.8\.7:5000" out/,
  ],
  "gitlab-dind": [
    /command: \["--insecure-registry=10\.9\.8\.7:5000"\]/,
    /command: \["--registry-mirror=https:\/\/10\.9\.8\.7:5000\/"\]/,
    /regctl setup trust 10\.9\.8\.7:5000[\s\S]*\/etc\/docker\/certs\.d:\/etc\/docker\/certs\.d:ro/,
    /undo 10\.9\.8\.7:5000 --kind trust[\s\S]*take "--insecure-registry=10\.9\.8\.7:5000" out/,
  ],
  "github-actions": [
    /"insecure-registries" \+= \["10\.9\.8\.7:5000"\][\s\S]*\[registry\."10\.9\.8\.7:5000"\]\n\s+http = true/,
    /"registry-mirrors"[\s\S]*mirrors = \["10\.9\.8\.7:5000"\]/,
    /-----BEGIN CERTIFICATE-----[\s\S]*tee \/etc\/docker\/certs\.d\/10\.9\.8\.7:5000\/ca\.crt[\s\S]*ca = \[/,
    /take what names 10\.9\.8\.7:5000 out of the workflow/,
  ],
};

describe("platforms that only a name tells", () => {
  test("all are in the table, and none is ever recognised", () => {
    assert.deepEqual(namedOnly.map(({ name }) => name).sort(), Object.keys(pasted).sort());
    for (const { recognise } of namedOnly) assert.equal(recognise(fixtureFacts("systemd-docker-ce")), null);
  });

  for (const [name, [insecure, mirror, trust, undo]] of Object.entries(pasted)) {
    test(`${name}: lines for each change, and back`, () => {
      const platform = namedOnly.find((each) => each.name === name) ?? assert.fail();
      const lines = (request: ChangeRequest) => platform.paste(request).join("\n");
      assert.match(lines(asks.insecure), insecure ?? /^$/);
      assert.match(lines(asks.mirror), mirror ?? /^$/);
      assert.match(
        lines({ ...asks.trust, authority: { ...asks.trust.authority, certificates: [certificate()] } }),
        trust ?? /^$/,
      );
      assert.match(lines({ ...asks.undo, kinds: ["insecure", "trust"] }), undo ?? /^$/);
    });
  }

  test("--print shows them as lines, with the reason, and no error", async () => {
    const site = { ...siteOf(fixtureFacts("no-engine")), platform: "gitlab-dind" };
    const facts = await docker.plan(asks.insecure, site).then(
      () => assert.fail("it is not written"),
      (error: unknown) =>
        refusal("PLATFORM_NOT_WRITTEN", () => {
          throw error;
        }),
    );
    const outcome = pastedOutcome(facts);
    assert.partialDeepStrictEqual(outcome, { platform: "gitlab-dind", changed: false, proved: false });
    assert.match(outcome.notes.join(), /does not change by itself: it is there for one job/);
    assert.equal(outcome.paste?.at(-1), '    command: ["--insecure-registry=10.9.8.7:5000"]');
  });
});
