import assert from "node:assert/strict";
import { test } from "node:test";
import { boot2dockerProfile as profile } from "../../../src/platform/formats/boot2docker-profile.ts";
import { insecureRegistries as insecure } from "../../../src/platform/formats/format.ts";
import { fixture } from "./laws.ts";
import { sourceWithSh } from "./source-with-sh.ts";

const machine = fixture("boot2docker-machine/profile");

test("the arguments of docker-machine stay, ours come after them", () => {
  assert.deepEqual(profile.read(machine, insecure), { entries: ["10.0.0.0/8"], present: true });
  const added = profile.add(machine, insecure, "h.test:5000");
  assert.equal(
    added.text,
    `${machine}EXTRA_ARGS="$EXTRA_ARGS --insecure-registry h.test:5000" # added by regctl\n`,
  );
  const words = ["--label", "provider=virtualbox", "--insecure-registry", "10.0.0.0/8"];
  assert.deepEqual(sourceWithSh(added.text, "EXTRA_ARGS"), [...words, "--insecure-registry", "h.test:5000"]);
  assert.equal(profile.remove(added.text, insecure, "h.test:5000", added.note), machine);
});

test("a profile that does not exist is made, and is gone after the undo", () => {
  const added = profile.add(null, insecure, "h.test:5000");
  assert.deepEqual(sourceWithSh(added.text, "EXTRA_ARGS"), ["--insecure-registry", "h.test:5000"]);
  assert.equal(profile.remove(added.text, insecure, "h.test:5000", added.note), null);
});

test("a docker-machine that writes its profile anew takes our line with it, and undo has nothing to do", () => {
  const added = profile.add(machine, insecure, "h.test:5000");
  assert.equal(profile.remove(machine, insecure, "h.test:5000", added.note), machine);
});

test("an entry inside the quoted lines of docker-machine goes with its line", () => {
  const rest = profile.remove(machine, insecure, "10.0.0.0/8", undefined);
  assert.equal(rest, machine.replace("\n--insecure-registry 10.0.0.0/8", ""));
});
