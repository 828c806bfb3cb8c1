/**
 * regctl ended at every step by SIGKILL, by Ctrl-C, by the end of its connection: the host is whole each time (old
 * file or new one, engine up, containers alive, lock free), and the same command run again finishes.
 */
import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { applySteps } from "../../src/platform/apply.ts";
import { must } from "./conduct.ts";
import {
  containerPid,
  cutSessions,
  daemonJson,
  defaultFile,
  engineAnswers,
  enginePid,
  isLocked,
  journalOf,
  listed,
  liveRestoreOf,
  loadText,
  readText,
  strays,
  untilUnlocked,
  writeText,
} from "./fault-host.ts";
import { runDriver, signalCli, startDriver } from "./fault-run.ts";
import { type LabHost, runContainer, startHost } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf, hostOf, openPerson, type Person } from "./regctl-over-ssh.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;
const inOrder = { concurrency: 1 };

type Texts = Readonly<Record<string, string | null>>;

/** One way of setting up a registry, with every text that its files may ever show. */
interface Scene {
  readonly host: LabHost;
  readonly person: Person;
  readonly registry: string;
  readonly container: string;
  readonly applied: "reload" | "restart";
  readonly before: Texts;
  readonly after: Texts;
  /** Texts in between, on the way back. */
  readonly between: Texts;
}

const commandOf = (scene: Scene, action: "insecure" | "undo") => [
  ...["setup", action, scene.registry],
  ...["--on", scene.host.name, "--json"],
];

async function finish(scene: Scene, action: "insecure" | "undo") {
  return hostOf(await scene.person.regctl(commandOf(scene, action)));
}

function textsOf(scene: Scene): Texts {
  return Object.fromEntries(Object.keys(scene.before).map((path) => [path, readText(scene.host, path)]));
}

async function endAt(scene: Scene, action: "insecure" | "undo", at: string | null) {
  const { registry, host, person } = scene;
  return await runDriver(person, { action, registry, on: host.name, ssh: "node", at });
}

/** Where a run of this kind can end: its steps, and amid its writes and restarts. Every step must come. */
async function pointsOf(scene: Scene, action: "insecure" | "undo"): Promise<readonly string[]> {
  const { exitCode, steps } = await endAt(scene, action, null);
  assert.equal(exitCode, 0);
  for (const step of applySteps) assert.ok(steps.includes(`${step}:1`), `${step} never happened`);
  const ours = steps.filter((point) => (applySteps as readonly string[]).includes(point.split(":")[0] ?? ""));
  const texts = Object.entries(scene.after).filter(([path, text]) => text !== scene.before[path]);
  const halves = texts.map((_, index) => `half:${index + 1}`);
  return [...ours, ...halves, ...(scene.applied === "restart" ? ["restarting"] : [])];
}

async function assertWhole(scene: Scene, alive: number, engine: string): Promise<void> {
  const { host, before, after, between, container } = scene;
  for (const [path, text] of Object.entries(textsOf(scene))) {
    assert.ok([before[path], after[path], between[path]].includes(text), `${path} holds ${text}`);
  }
  await engineAnswers(host);
  assert.equal(await containerPid(host, container), alive, "the container lives on");
  if (scene.applied === "reload") assert.equal(await enginePid(host), engine, "the engine lives on");
  await untilUnlocked(host);
}

async function assertDone(scene: Scene): Promise<void> {
  assert.deepEqual(textsOf(scene), scene.after);
  assert.ok((await listed(scene.host)).includes(scene.registry));
  assert.deepEqual(strays(scene.host, ...Object.keys(scene.before)), []);
}

async function assertUndone(scene: Scene): Promise<void> {
  assert.deepEqual(textsOf(scene), scene.before);
  assert.ok(!(await listed(scene.host)).includes(scene.registry));
  assert.equal(await liveRestoreOf(scene.host), false);
  assert.deepEqual(strays(scene.host, ...Object.keys(scene.before)), []);
  const standing = journalOf(scene.host).filter(
    ({ action, state }) => action === "insecure" && state === "done",
  );
  assert.deepEqual(standing, [], "nothing stands in the journal that was undone");
}

/** Kills `setup insecure` at each point, and runs it again; then takes everything back. */
async function killSetup(t: TestContext, scene: Scene): Promise<void> {
  const points = await pointsOf(scene, "insecure");
  await finish(scene, "undo");
  await assertUndone(scene);
  for (const point of points) {
    await t.test(`killed at ${point}`, async () => {
      const alive = await containerPid(scene.host, scene.container);
      const engine = await enginePid(scene.host);
      assert.equal((await endAt(scene, "insecure", point)).signal, "SIGKILL");
      await assertWhole(scene, alive, engine);
      const written = textsOf(scene);
      const effective = (await listed(scene.host)).includes(scene.registry);
      const again = await finish(scene, "insecure");
      assert.equal(again.proved, true);
      const wasDone = effective && JSON.stringify(written) === JSON.stringify(scene.after);
      assert.equal(again.changed, !wasDone, `changed, applied by ${again.applied}`);
      if (!wasDone) assert.equal(again.applied, scene.applied);
      await assertWhole(scene, alive, engine);
      await assertDone(scene);
      await finish(scene, "undo");
      await assertWhole(scene, alive, engine);
      await assertUndone(scene);
    });
  }
}

/** Kills `setup undo` at each point, and runs it again. */
async function killUndo(t: TestContext, scene: Scene): Promise<void> {
  await finish(scene, "insecure");
  await assertDone(scene);
  const points = await pointsOf(scene, "undo");
  await assertUndone(scene);
  for (const point of points) {
    await t.test(`undo killed at ${point}`, async () => {
      await finish(scene, "insecure");
      const alive = await containerPid(scene.host, scene.container);
      const engine = await enginePid(scene.host);
      assert.equal((await endAt(scene, "undo", point)).signal, "SIGKILL");
      await assertWhole(scene, alive, engine);
      assert.equal((await finish(scene, "undo")).proved, true);
      await assertWhole(scene, alive, engine);
      await assertUndone(scene);
    });
  }
}

describe("setup is ended in the middle", { skip, concurrency: true, timeout: 400_000 }, () => {
  describe("by SIGKILL, where the engine reloads", inOrder, () => {
    let [host, person, container]: [LabHost?, Person?, string?] = [];
    const sceneOf = (before: string | null, after: string, between: string | null): Scene => {
      assert.ok(host && person && container);
      const texts = (text: string | null) => ({ [daemonJson]: text });
      const about = { host, person, container, registry: registryOf(host), applied: "reload" as const };
      return { ...about, before: texts(before), after: texts(after), between: texts(between) };
    };
    before(async () => {
      host = await startHost("systemd");
      person = await openPerson(host);
      container = await runContainer(host, "survivor");
    });
    after(async () => {
      await person?.leave();
      await host?.stop();
    });
    const noFile = () => {
      const name = registryOf(host);
      return sceneOf(
        null,
        `{\n  "insecure-registries": ["${name}"]\n}\n`,
        '{\n  "insecure-registries": []\n}\n',
      );
    };

    it("without a file before", (t) => killSetup(t, noFile()));
    it("on the way back to no file", (t) => killUndo(t, noFile()));
    it("in a file with other entries", async (t) => {
      assert.ok(host);
      const text = (more: string) =>
        `{\n    "log-level": "warn",\n    "insecure-registries": [\n        "kept.test:5000"${more}\n    ],\n    "debug": false\n}`;
      await loadText(host, text(""), ["kept.test:5000"]);
      await killSetup(t, sceneOf(text(""), text(`,\n        "${registryOf(host)}"`), text("")));
    });
  });

  describe("by SIGKILL, where the engine restarts", inOrder, () => {
    let [host, person, container]: [LabHost?, Person?, string?] = [];
    const sceneOf = (): Scene => {
      assert.ok(host && person);
      const registry = registryOf(host);
      const flags = (more: string) => `# flags\nDOCKER_OPTS="--insecure-registry kept.test:5000"\n${more}`;
      const line = `DOCKER_OPTS="$DOCKER_OPTS --insecure-registry ${registry}" # added by regctl\n`;
      const live = (on: boolean) => `{\n  "live-restore": ${on}\n}\n`;
      return {
        ...{ host, person, container: container ?? "", registry, applied: "restart" },
        before: { [daemonJson]: null, [defaultFile]: flags("") },
        after: { [daemonJson]: live(true), [defaultFile]: flags(line) },
        between: { [daemonJson]: live(false), [defaultFile]: flags("") },
      };
    };
    before(async () => {
      host = await startHost("sysvinit");
      person = await openPerson(host);
      await writeText(host, defaultFile, sceneOf().before[defaultFile] ?? null);
      await must(host, "service", "docker", "restart");
      container = await runContainer(host, "survivor");
    });
    after(async () => {
      await person?.leave();
      await host?.stop();
    });
    it("with flags", (t) => killSetup(t, sceneOf()));
    it("on the way back to fewer flags", (t) => killUndo(t, sceneOf()));
  });
});

function registryOf(host: LabHost | undefined): string {
  assert.ok(host);
  return `${host.gateway}:5999`;
}
