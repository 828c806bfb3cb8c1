/** `delete` where a repository has many tags: told how far it is, ended when it is interrupted, and nothing changed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createDeleteWorld } from "../support/delete-world.ts";
import { makeImage } from "../support/image-maker.ts";
import { type OddRegistry, startOddRegistry } from "../support/odd-registry.ts";
import { pushTree } from "../support/registry-content.ts";

const count = 450;
const tags = Array.from({ length: count }, (_, index) => `v${index}`);

async function startFilled(): Promise<OddRegistry> {
  const registry = await startOddRegistry();
  await pushTree(registry.host, "app", tags, makeImage());
  registry.requests.length = 0;
  return registry;
}

const lookedAt = ({ requests }: OddRegistry) =>
  requests.filter((line) => line.startsWith("HEAD /v2/app/manifests/v")).length;
const changes = ({ requests }: OddRegistry) =>
  requests.filter((line) => /^(PUT|POST|PATCH|DELETE) /.test(line) && !line.includes("regctl-probe"));

test("a dry run over many tags tells how far it is, and names each", async () => {
  await using registry = await startFilled();
  const world = createDeleteWorld();
  const { outcome } = await world.remove([`${registry.host}/app:v*`], { dryRun: true });
  assert.equal(outcome.items.length, count);
  const steps = world.told.flatMap((event) => (event.event === "step" ? [event.step] : []));
  for (const looked of [100, 200, 300, 400])
    assert.ok(steps.includes(`looked at ${looked} of ${count} tags of app`));
  assert.deepEqual(changes(registry), []);
});

test("an interruption ends the look at once, and nothing is deleted", async () => {
  await using registry = await startFilled();
  const world = createDeleteWorld();
  registry.meet((request, answer) => {
    if (request.startsWith("HEAD ") && lookedAt(registry) === 50) world.abort(new RangeError("mine"));
    return answer();
  });
  await assert.rejects(world.remove([`${registry.host}/app:v*`], { yes: true }), RangeError);
  assert.ok(lookedAt(registry) < 100, `${lookedAt(registry)} tags were looked at`);
  assert.deepEqual(changes(registry), []);
});
