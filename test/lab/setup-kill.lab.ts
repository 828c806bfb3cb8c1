/**
 * regctl ended at every step by SIGKILL, by Ctrl-C, by the end of its connection: the host is whole each time (old
 * file or new one, engine up, containers alive, lock free), and the same command run again finishes.
 */
import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { applySteps } from "../../src/platform/apply.ts";
import { engineAnswers, must } from "./conduct.ts";
import {
  containerPid,
  cutSessions,
  daemonJson,
  defaultFile,
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
import { type DifficultRegistry, listenSlowly } from "./fault-registry.ts";
import { runDriver, signalCli, startDriver } from "./fault-run.ts";
import { type LabHost, runContainer, startHost } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { hostOf, openPerson, type Person } from "./regctl-over-ssh.ts";

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

async function lists({ host, registry }: Scene): Promise<boolean> {
  return (await listed(host)).includes(registry);
}

async function assertWhole(scene: Scene, lives: Awaited<ReturnType<typeof livesOf>>): Promise<void> {
  const { host, before, after, between, container } = scene;
  for (const [path, text] of Object.entries(textsOf(scene))) {
    assert.ok([before[path], after[path], between[path]].includes(text), `${path} holds ${text}`);
  }
  await engineAnswers(host);
  assert.equal(await containerPid(host, container), lives.container, "the container lives on");
  if (scene.applied === "reload") assert.equal(await enginePid(host), lives.engine, "the engine lives on");
  await untilUnlocked(host);
}

async function assertUndone(scene: Scene): Promise<void> {
  assert.deepEqual(textsOf(scene), scene.before);
  assert.equal(await lists(scene), false);
  assert.equal(await liveRestoreOf(scene.host), false);
  assertTidy(scene);
  const standing = journalOf(scene.host).filter(
    ({ action, state }) => action === "insecure" && (state === "begun" || state === "done"),
  );
  assert.deepEqual(standing, [], "nothing stands in the journal that was undone");
}

function assertTidy(scene: Scene): void {
  assert.deepEqual(strays(scene.host, ...Object.keys(scene.before)), []);
}

/** What a run finds, and must not lose. */
async function livesOf(scene: Scene): Promise<{ container: number; engine: string }> {
  const { host, container } = scene;
  return { container: await containerPid(host, container), engine: await enginePid(host) };
}

/** Kills `setup insecure`, looks at what is left, and runs it again. */
async function killSetup(scene: Scene, point: string): Promise<void> {
  const lives = await livesOf(scene);
  assert.equal((await endAt(scene, "insecure", point)).signal, "SIGKILL");
  await assertWhole(scene, lives);
  const done = isDeepStrictEqual(textsOf(scene), scene.after) && (await lists(scene));
  const again = await finish(scene, "insecure");
  assert.equal(again.proved, true);
  assert.equal(again.changed, !done, `changed by ${again.applied}`);
  if (!done) assert.equal(again.applied, scene.applied);
  await assertWhole(scene, lives);
  assert.deepEqual(textsOf(scene), scene.after);
  assert.equal(await lists(scene), true);
  assertTidy(scene);
}

/** Kills `setup undo`, looks at what is left, and runs it again. */
async function killUndo(scene: Scene, point: string): Promise<void> {
  const lives = await livesOf(scene);
  assert.equal((await endAt(scene, "undo", point)).signal, "SIGKILL");
  await assertWhole(scene, lives);
  assert.equal((await finish(scene, "undo")).proved, true);
  await assertWhole(scene, lives);
  await assertUndone(scene);
}

/** Ends both commands at each of their points; the host is as before after each. */
async function killEverywhere(t: TestContext, scene: Scene): Promise<void> {
  const setupPoints = await pointsOf(scene, "insecure");
  const undoPoints = await pointsOf(scene, "undo");
  await assertUndone(scene);
  for (let index = 0; index < Math.max(setupPoints.length, undoPoints.length); index += 1) {
    const [setupPoint, undoPoint] = [setupPoints[index], undoPoints[index]];
    await t.test(
      `setup killed at ${setupPoint ?? "no step"}, undo at ${undoPoint ?? "no step"}`,
      async () => {
        if (setupPoint === undefined) await finish(scene, "insecure");
        else await killSetup(scene, setupPoint);
        if (undoPoint === undefined) await finish(scene, "undo");
        else await killUndo(scene, undoPoint);
      },
    );
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

    it("without a file before", (t) => killEverywhere(t, noFile()));
    it("before --last, which takes back what took place", async () => {
      const scene = noFile();
      const last = ["setup", "undo", "--last", "--on", scene.host.name, "--json"];
      for (const point of ["write:1", "activate:1"]) {
        if (point === "write:1") await finish(scene, "insecure");
        const registry = point === "write:1" ? "never.test:5000" : scene.registry;
        await endAt({ ...scene, registry }, "insecure", point);
        if (point === "activate:1") await finish(scene, "insecure");
        assert.equal(hostOf(await scene.person.regctl(last)).changed, true);
        assert.deepEqual(textsOf(scene), scene.before);
        assert.equal(await lists(scene), false);
      }
      for (const registry of ["never.test:5000", scene.registry]) {
        assert.equal((await finish({ ...scene, registry }, "undo")).nothing, "not-there");
      }
      await assertUndone(scene);
    });
    it("in a file with other entries", async (t) => {
      assert.ok(host);
      const text = (more: string) =>
        `{\n    "log-level": "warn",\n    "insecure-registries": [\n        "kept.test:5000"${more}\n    ],\n    "debug": false\n}`;
      await loadText(host, text(""), ["kept.test:5000"]);
      await killEverywhere(t, sceneOf(text(""), text(`,\n        "${registryOf(host)}"`), text("")));
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
      await engineAnswers(host);
      container = await runContainer(host, "survivor");
    });
    after(async () => {
      await person?.leave();
      await host?.stop();
    });
    it("in a file of flags", (t) => killEverywhere(t, sceneOf()));
  });

  describe("by Ctrl-C", inOrder, () => {
    let [host, person, registry]: [LabHost?, Person?, DifficultRegistry?] = [];
    before(async () => {
      host = await startHost("systemd");
      person = await openPerson(host);
      registry = await listenSlowly(host.gateway);
    });
    after(async () => {
      registry?.close();
      await person?.leave();
      await host?.stop();
    });
    for (const step of ["write", "activate", "prove"]) {
      it(`at ${step}`, async () => {
        assert.ok(host && person && registry);
        const text = '{"debug": false}';
        await loadText(host, text, []);
        const command = ["setup", "insecure", registry.address, "--on", host.name];
        const error = await signalCli(person, command, step, "SIGINT");
        assert.equal(error.code, "INTERRUPTED");
        assert.equal(readText(host, daemonJson), text);
        assert.deepEqual(await listed(host), []);
        assert.equal(isLocked(host), false);
        assert.deepEqual(strays(host, daemonJson), []);
        assert.deepEqual(
          journalOf(host).filter(({ state }) => state !== "rolled-back"),
          [],
        );
      });
    }
  });

  for (const ssh of ["node", "openssh"] as const) {
    describe(`by the end of its connection (${ssh})`, inOrder, () => {
      let [host, person]: [LabHost?, Person?] = [];
      before(async () => {
        host = await startHost("systemd");
        person = await openPerson(host);
        await person.configure("ServerAliveInterval 1\nServerAliveCountMax 2");
      });
      after(async () => {
        await person?.leave();
        await host?.stop();
      });

      /** Ends a run at a step by what `cut` does to its connection, and runs it again. */
      const cutAt = async (at: string, cut: (host: LabHost) => Promise<void>, mend?: () => Promise<void>) => {
        assert.ok(host && person);
        const registry = registryOf(host);
        await loadText(host, '{"debug":false, "insecure-registries": []}', []);
        const engine = await enginePid(host);
        const about = { action: "insecure", registry, on: host.name, ssh, at } as const;
        const run = startDriver(person, { ...about, do: "stand-still" });
        await run.standsStill;
        await cut(host);
        run.goOn();
        const { exitCode, error } = await run.ended;
        assert.deepEqual({ exitCode, error }, { exitCode: 6, error: "SSH_CONNECTION_LOST" });
        await mend?.();
        assert.match(readText(host, daemonJson) ?? "", /^\{"debug":false, "insecure-registries": \[.*\]\}$/);
        assert.equal(await enginePid(host), engine);
        await untilUnlocked(host);
        const again = hostOf(
          await person.regctl(["setup", "insecure", registry, "--on", host.name, "--json"]),
        );
        assert.equal(again.proved, true);
        assert.deepEqual(await listed(host), [registry]);
        hostOf(await person.regctl(["setup", "undo", registry, "--on", host.name, "--json"]));
        assert.equal(readText(host, daemonJson), '{"debug":false, "insecure-registries": []}');
        assert.deepEqual(await listed(host), []);
        assert.deepEqual(strays(host, daemonJson), []);
      };
      for (const at of ["write:1", "activate:1", "prove:1"]) {
        it(`whose other side died before ${at}`, () => cutAt(at, cutSessions));
      }
      it("whose cable was pulled", () =>
        cutAt(
          "activate:1",
          (there) => there.linkDown(),
          async () => await host?.linkUp(),
        ));
    });
  }
});

function registryOf(host: LabHost | undefined): string {
  assert.ok(host);
  return `${host.gateway}:5999`;
}
