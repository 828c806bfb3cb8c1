/** Setup and undo on modelled hosts with random files: what comes back, and what a killed run leaves. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isRegctlError } from "../../src/errors.ts";
import { atLeast } from "../../src/platform/engine-version.ts";
import { appliedBy } from "../../src/platform/plan.ts";
import { ModelledHost, type Recipe } from "./modelled-host.ts";
import { recipes, setUp, undo } from "./modelled-runs.ts";

const entry = "reg.test:5000";
const other = "172.16.0.0/12";
const numRuns = 500;

async function check(
  recipe: fc.Arbitrary<Recipe>,
  law: (model: ModelledHost) => Promise<void>,
  runs = numRuns,
) {
  await fc.assert(
    fc.asyncProperty(recipe, async (made) => law(new ModelledHost(made))),
    { numRuns: runs, interruptAfterTimeLimit: 60_000 },
  );
}

interface Before {
  readonly files: Readonly<Record<string, string>>;
  readonly listed: readonly string[];
  readonly liveRestore: boolean | undefined;
}

function look(model: ModelledHost): Before {
  return { files: model.snapshot(), listed: model.listed, liveRestore: model.engine?.liveRestore };
}

/** Everything is as it was, in the files, in the engine, and in the engine after its next start. */
function assertRestored(model: ModelledHost, before: Before): void {
  assert.deepEqual(look(model), before);
  model.restart();
  assert.deepEqual(look(model), before, "after a restart");
}

function isCut(error: unknown): boolean {
  return isRegctlError(error, "SSH_CONNECTION_LOST");
}

/** Runs something with the connection cut at every command in turn, on a fresh host each time. */
async function cutEverywhere(
  recipe: Recipe,
  prepare: (model: ModelledHost) => Promise<void>,
  act: (model: ModelledHost, cut: { at: number; carriedOut: boolean }) => Promise<unknown>,
  judge: (model: ModelledHost, before: Before, where: string) => Promise<void>,
): Promise<number> {
  for (let at = 1; ; at++) {
    for (const carriedOut of [false, true]) {
      const model = new ModelledHost(recipe);
      const before = look(model);
      await prepare(model);
      const ended = await act(model, { at, carriedOut }).then(
        () => true,
        (error) => {
          if (isCut(error)) return false;
          throw error;
        },
      );
      if (ended && model.commands < at) return at - 1;
      await judge(model, before, `cut ${carriedOut ? "after" : "before"} command ${at}`);
    }
  }
}

for (const [name, recipe] of Object.entries(recipes)) {
  describe(name, () => {
    test("setup lists the entry, says already the second time; undo brings back every byte and the engine's state", () =>
      check(recipe, async (model) => {
        const before = look(model);
        const containers = model.containers;
        const pid = model.engine?.pid;
        const plan = await setUp(model, entry);
        assert.equal(plan.kind, "change");
        assert.deepEqual(model.listed, [...before.listed, entry].sort());
        if (appliedBy(plan) === "reload") assert.equal(model.engine?.pid, pid);
        const asks = plan.kind === "change" && plan.consents.length > 0;
        if (!asks) assert.deepEqual(model.containers, containers, "no container was stopped");
        const second = await setUp(model, entry);
        assert.equal(second.kind === "nothing" && second.why, "already");
        assert.equal((await undo(model, entry)).kind, "change");
        assertRestored(model, before);
        const again = await undo(model, entry);
        assert.equal(again.kind === "nothing" && again.why, "not-there");
      }));

    test("two entries are taken back in either order", () =>
      check(recipe, async (model) => {
        const before = look(model);
        for (const order of [
          [entry, other],
          [other, entry],
        ]) {
          await setUp(model, entry);
          await setUp(model, other);
          assert.deepEqual(model.listed, [...before.listed, entry, other].sort());
          for (const registry of order) {
            await undo(model, registry);
            assert.equal(model.listed.includes(registry), false);
          }
          assertRestored(model, before);
        }
      }));

    test("what others wrote meanwhile stays, byte for byte", () =>
      check(recipe, async (model) => {
        const before = look(model);
        await setUp(model, entry);
        const theirs = (files: Readonly<Record<string, string>>) =>
          Object.fromEntries(Object.entries(files).map(([path, text]) => [path, editedByOthers(path, text)]));
        const edited = Object.keys(before.files);
        for (const path of edited) model.files.set(path, editedByOthers(path, model.files.get(path) ?? ""));
        await undo(model, entry);
        assert.deepEqual(model.snapshot(), theirs(before.files));
        assert.deepEqual(model.listed, before.listed);
      }));

    test("a run that is not proved leaves everything as it was", () =>
      check(recipe, async (model) => {
        const before = look(model);
        model.probe = { status: 500, message: "http: server gave HTTP response to HTTPS client" };
        await assert.rejects(setUp(model, entry), (error) => isRegctlError(error, "NOT_PROVED"));
        assertRestored(model, before);
        assert.equal((await undo(model, entry)).kind, "nothing", "nothing is left to undo");
      }));

    test("a service command that fails, whichever, leaves everything as it was", () =>
      check(
        recipe,
        async (model) => {
          const before = look(model);
          for (let at = 1; at < 12; at++) {
            model.failService = at;
            const proved = await setUp(model, entry).then(
              () => true,
              (error) => {
                assert.ok(isRegctlError(error, "NOT_PROVED"), String(error));
                return false;
              },
            );
            if (proved) {
              model.failService = null;
              await undo(model, entry);
            }
            assert.deepEqual(look(model), before, `service command ${at}`);
            assert.ok(model.engine, "the engine is up");
            if (proved) break;
          }
        },
        200,
      ));

    test("setup cut at any command: old or new text, and the next run finishes it; undo still restores", () =>
      check(
        recipe,
        async ({ recipe: made }) => {
          const commands = await cutEverywhere(
            made,
            async () => {},
            (model, cut) => setUp(model, entry, cut),
            async (model, before, where) => {
              assert.ok(model.engine, `${where}: the engine is up`);
              await setUp(model, entry);
              assert.deepEqual(model.listed, [...before.listed, entry].sort(), where);
              const second = await setUp(model, entry);
              assert.equal(second.kind === "nothing" && second.why, "already", where);
              await undo(model, entry);
              assert.deepEqual(look(model), before, where);
            },
          );
          assert.ok(commands >= 4, "lock, journal, write and signal at least");
        },
        60,
      ));

    test("setup cut at any command, then undo: everything is as it was", () =>
      check(
        recipe,
        async ({ recipe: made }) => {
          await cutEverywhere(
            made,
            async () => {},
            (model, cut) => setUp(model, entry, cut),
            async (model, before, where) => {
              await undo(model, entry);
              assert.deepEqual(look(model), before, where);
            },
          );
        },
        60,
      ));

    test("containers started since setup live through undo, which leaves nothing of its own, cut or not", () =>
      check(
        recipe,
        async ({ recipe: { running: _, ...made } }) => {
          const later = ["ccccccccccccccc1"];
          await cutEverywhere(
            made,
            async (model) => {
              await setUp(model, entry);
              model.containers = later;
            },
            (model, cut) => undo(model, entry, cut),
            async (model, before, where) => {
              await undo(model, entry);
              assert.deepEqual(look(model), before, where);
              if (atLeast(made.version, "1.12.0")) assert.deepEqual(model.containers, later, where);
            },
          );
        },
        60,
      ));

    test("undo cut at any command, then undo again: everything is as it was", () =>
      check(
        recipe,
        async ({ recipe: made }) => {
          await cutEverywhere(
            made,
            async (model) => void (await setUp(model, entry)),
            (model, cut) => undo(model, entry, cut),
            async (model, before, where) => {
              assert.ok(model.engine, `${where}: the engine is up`);
              await undo(model, entry);
              assert.deepEqual(look(model), before, where);
            },
          );
        },
        60,
      ));
  });
}

/** An edit that has nothing to do with registries. */
function editedByOthers(path: string, text: string): string {
  if (path.endsWith(".json")) return text.replace(/("log-driver": ?)"local"/, '$1"json-file"');
  return path.endsWith(".conf") ? text.replace("Environment=\n", "Environment=A=1\n") : `# theirs\n${text}`;
}
