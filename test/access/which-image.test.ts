import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { chooseImage, chooseRepository } from "../../src/access/which-image.ts";
import { isRegctlError } from "../../src/errors.ts";
import { renderReference } from "../../src/registry/reference.ts";
import { openBrowseWorld } from "../support/browse-world.ts";

test("host in the name, --registry, environment, settings: in this order", async () => {
  await using browse = await openBrowseWorld();
  const { world, home } = browse;
  const choose = async (given: string, registry?: string, environment = {}) =>
    renderReference((await chooseImage(given, { registry }, { ...world, environment })).reference);
  await mkdir(`${home}/.config/regctl`, { recursive: true });
  await writeFile(`${home}/.config/regctl/config.json`, '{"defaultRegistry":"set.test"}');
  const named = { REGCTL_REGISTRY: "env.test:5000" };
  assert.equal(await choose("Host.test:5000/app:1", "flag.test", named), "host.test:5000/app:1");
  assert.equal(await choose("app:1", "flag.test", named), "flag.test/app:1");
  assert.equal(await choose("team/app", undefined, named), "env.test:5000/team/app");
  assert.equal(await choose("team/app"), "set.test/team/app");
  assert.equal(await choose("docker.io/alpine"), "docker.io/library/alpine");
});

test("never silently Docker Hub", async () => {
  await using browse = await openBrowseWorld();
  await assert.rejects(
    chooseImage("alpine", {}, browse.world),
    (error) => isRegctlError(error, "USAGE") && error.facts.type === "regctl use HOST[:PORT]",
  );
});

test("a name that is none is said to be so before a registry is missed", async () => {
  await using browse = await openBrowseWorld();
  for (const given of ["App", "app:", "https://x/y", ""]) {
    await assert.rejects(chooseImage(given, {}, browse.world), (error) =>
      isRegctlError(error, "BAD_REFERENCE"),
    );
  }
});

test("a repository has neither tag nor digest", async () => {
  await using browse = await openBrowseWorld();
  const choose = (given: string) => chooseRepository(given, { registry: "r.test" }, browse.world);
  assert.equal((await choose("app")).reference.repository, "app");
  await assert.rejects(choose("app:1"), (error) => isRegctlError(error, "BAD_REFERENCE"));
});
