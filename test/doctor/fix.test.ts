/** `--fix`: what is shown, asked and done. What changes a host is tried on hosts of the lab. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { doctor, type FixInput } from "../../src/doctor/fix.ts";
import type { DoctorWorld } from "../../src/doctor/world.ts";
import { isRegctlError } from "../../src/errors.ts";
import type { Prompt } from "../../src/ports.ts";
import { type DoctorTestWorld, findClosedPort, openDoctorWorld } from "../support/doctor-world.ts";
import { type Answer, refuseAsRegistry, startTinyRegistry } from "../support/tiny-registry.ts";

const wantsAnn: Answer = ({ headers }, response) => {
  if (headers.authorization === `Basic ${Buffer.from("ann:right").toString("base64")}`) return false;
  response.setHeader("www-authenticate", 'Basic realm="x"');
  return refuseAsRegistry(response, 401, "UNAUTHORIZED");
};

/** A person who gives these answers, in order. */
function answering(
  world: DoctorTestWorld,
  asked: string[],
  ...answers: readonly (string | boolean)[]
): DoctorWorld {
  const left = [...answers];
  const next = async (question: { readonly question: string }) => {
    asked.push(question.question);
    return left.shift() ?? "";
  };
  const typed = async (question: { readonly question: string }) => String(await next(question));
  const prompt: Prompt = {
    interactive: true,
    consent: async (question) => (await next(question)) === true,
    secret: typed,
    text: typed,
  };
  return { ...world.world, prompt };
}

function inputFor(given: string, { home }: DoctorTestWorld, more: Partial<FixInput> = {}): FixInput {
  const usual = { on: [], platform: undefined, write: false, timeoutSeconds: 2, fix: true, yes: false };
  return { given, cwd: home, reach: { ssh: "node", acceptHostKey: [] }, ...usual, ...more };
}

test("a login: asked, tried, stored, and everything looked at again", async () => {
  await using registry = await startTinyRegistry({ answer: wantsAnn });
  await using world = await openDoctorWorld();
  const asked: string[] = [];
  const person = answering(world, asked, true, "ann", "right");
  const outcome = await doctor(inputFor(registry.host, world), person);
  assert.deepEqual([outcome.ok, outcome.fixed], [true, [`regctl login ${registry.host}`]]);
  assert.equal(asked[0], `Run regctl login ${registry.host}?`);
  assert.equal(asked.length, 3);
});

test("who says no gets nothing done", async () => {
  await using registry = await startTinyRegistry({ answer: wantsAnn });
  await using world = await openDoctorWorld();
  const person = answering(world, [], false);
  const refused = (error: unknown) => isRegctlError(error, "DECLINED");
  await assert.rejects(doctor(inputFor(registry.host, world), person), refused);
  assert.equal(await world.world.files.read(`${world.home}/.docker/config.json`), null);
});

test("what regctl has no command for is left as it is", async () => {
  await using world = await openDoctorWorld();
  const outcome = await doctor(inputFor(`127.0.0.1:${await findClosedPort()}`, world), answering(world, []));
  assert.deepEqual([outcome.ok, outcome.fixed, outcome.cause?.code], [false, [], "REGISTRY_UNREACHABLE"]);
});

test("a healthy registry needs no cure, and without --fix none is asked for", async () => {
  await using good = await startTinyRegistry();
  await using closed = await startTinyRegistry({ answer: wantsAnn });
  await using world = await openDoctorWorld();
  const asked: string[] = [];
  const person = answering(world, asked);
  assert.deepEqual((await doctor(inputFor(good.host, world), person)).fixed, []);
  const looked = await doctor(inputFor(closed.host, world, { fix: false }), person);
  assert.deepEqual([looked.ok, looked.fixed, asked], [false, undefined, []]);
});
