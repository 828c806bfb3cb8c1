/** Trust in place of an insecure entry, on modelled hosts with random files: what stands, what comes back, cut anywhere. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isRegctlError } from "../../src/errors.ts";
import { ModelledHost, type Recipe } from "./modelled-host.ts";
import { recipes, setUp, trust, undo } from "./modelled-runs.ts";
import { certificate } from "./requests.ts";

const entry = "reg.test:5000";
/** Stands in the lists of some of the recipes, by other hands. */
const theirs = "old.test:5000";
const fileOf = (registry: string) => `/etc/docker/certs.d/${registry}/ca.crt`;

async function check(
  recipe: fc.Arbitrary<Recipe>,
  law: (model: ModelledHost) => Promise<void>,
  numRuns = 40,
) {
  const property = fc.asyncProperty(recipe, async (made) => law(new ModelledHost(made)));
  await fc.assert(property, { numRuns, interruptAfterTimeLimit: 60_000 });
}

const look = (model: ModelledHost) => ({
  files: model.snapshot(),
  listed: model.listed,
  liveRestore: model.engine?.liveRestore,
});

const isCut = (error: unknown): boolean => isRegctlError(error, "SSH_CONNECTION_LOST");

for (const [name, recipe] of Object.entries(recipes)) {
  describe(name, () => {
    test("a certificate alone touches neither the engine nor its files, and undo removes it", () =>
      check(recipe, async (model) => {
        const [before, engine, containers] = [look(model), model.engine, model.containers];
        assert.equal((await trust(model, entry)).kind, "change");
        assert.deepEqual(look(model), {
          ...before,
          files: { ...before.files, [fileOf(entry)]: certificate().pem },
        });
        assert.deepEqual([model.engine, model.containers], [engine, containers]);
        assert.equal((await undo(model, entry)).kind, "change");
        assert.deepEqual(look(model), before);
        assert.equal((await undo(model, entry)).kind, "nothing");
      }));

    test("our own insecure entry goes, and undo brings back what was before both", () =>
      check(recipe, async (model) => {
        const before = look(model);
        await setUp(model, entry);
        await trust(model, entry);
        assert.deepEqual(model.listed, before.listed);
        await undo(model, entry);
        assert.deepEqual(look(model), before);
        model.restart();
        assert.deepEqual(look(model), before, "after a restart");
      }));

    test("somebody else's entry goes and comes back, byte for byte", () =>
      check(recipe, async (model) => {
        const before = look(model);
        if (!before.listed.includes(theirs)) return;
        const plan = await trust(model, theirs);
        assert.ok(plan.kind === "change" && plan.consents.some(({ id }) => id === "unlist"));
        assert.equal(model.listed.includes(theirs), false);
        assert.deepEqual(
          model.listed,
          before.listed.filter((each) => each !== theirs),
        );
        await undo(model, theirs, null, ["trust"]);
        assert.deepEqual(look(model), before);
      }));

    test("what is not proved leaves the insecure entry and no certificate", () =>
      check(recipe, async (model) => {
        await setUp(model, entry);
        const before = look(model);
        for (const message of ["x509: certificate signed by unknown authority", "connection refused"]) {
          model.probe = { status: 500, message };
          await assert.rejects(trust(model, entry), (error) => isRegctlError(error, "NOT_PROVED"));
          assert.deepEqual(look(model), before, message);
        }
      }));

    test("cut at any command: insecure or trusted at each moment, and the next run finishes", () =>
      check(
        recipe,
        async ({ recipe: made }) => {
          for (let at = 1; ; at++) {
            let ended = false;
            for (const carriedOut of [false, true]) {
              const model = new ModelledHost(made);
              const before = look(model);
              await setUp(model, entry);
              ended = await trust(model, entry, { at, carriedOut }).then(
                () => true,
                (error) => {
                  if (isCut(error)) return false;
                  throw error;
                },
              );
              const where = `cut ${carriedOut ? "after" : "before"} command ${at}`;
              const trusted = model.files.get(fileOf(entry)) === certificate().pem;
              assert.ok(model.engine, `${where}: the engine is up`);
              assert.ok(trusted || model.listed.includes(entry), `${where}: neither`);
              await trust(model, entry);
              assert.deepEqual(model.listed, before.listed, where);
              await undo(model, entry);
              assert.deepEqual(look(model), before, where);
              if (ended && model.commands < at) return;
            }
          }
        },
        4,
      ));
  });
}
