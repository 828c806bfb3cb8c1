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

const refusedAs = async (given: string, parse: "image" | "repository", settings = "{}") => {
  await using browse = await openBrowseWorld({ environment: { REGCTL_REGISTRY: "env.test:5000" } });
  await mkdir(`${browse.home}/.config/regctl`, { recursive: true });
  await writeFile(`${browse.home}/.config/regctl/config.json`, settings);
  const choose = parse === "image" ? chooseImage : chooseRepository;
  try {
    return [renderReference((await choose(given, {}, browse.world)).reference)];
  } catch (error) {
    assert.ok(isRegctlError(error, "BAD_REFERENCE"), String(error));
    return [`say: ${error.facts.type}`, ...(error.facts.more ?? [])];
  }
};

test("a registry in the place of a name becomes no repository", async () => {
  for (const given of [
    "localhost:5000",
    "localhost",
    "10.0.0.5",
    "10.0.0.5:5000",
    "[::1]:5000",
    "env.test:5000",
  ]) {
    const see = `See what it has: regctl search ${given.startsWith("[") ? `'${given}/'` : `${given}/`}`;
    assert.deepEqual((await refusedAs(given, "repository")).slice(0, 2), [`say: ${given}/NAME`, see]);
    assert.equal((await refusedAs(given, "image"))[0], `say: ${given}/NAME:TAG`);
  }
  assert.equal((await refusedAs("http://reg.test:5000/v2/", "image"))[0], "say: reg.test:5000/NAME:TAG");
  assert.equal((await refusedAs("reg.test/", "repository"))[0], "say: reg.test/NAME");
  const known = '{"registries":{"known.test":{"insecure":true}}}';
  assert.equal((await refusedAs("known.test", "repository", known))[0], "say: known.test/NAME");
  assert.match(
    String(await refusedAs("my.app:5000", "image")),
    /type its registry before it: .*\/my\.app:5000/,
  );
});

test("names that only look a little like a registry stay names", async () => {
  for (const [given, meant] of [
    ["app:5000", "app:5000"],
    ["my.app", "my.app"],
    ["my.app:1.0", "my.app:1.0"],
    ["team/localhost:5000", "team/localhost:5000"],
  ] as const) {
    assert.deepEqual(await refusedAs(given, "image"), [`env.test:5000/${meant}`]);
  }
});

test("in capitals, the name in lower case is what to type", async () => {
  assert.deepEqual(await refusedAs("TEAM/App", "image"), ["say: team/app"]);
  assert.deepEqual(await refusedAs("TEAM/App:1", "image"), ["say: team/app:1"]);
  assert.deepEqual(await refusedAs("App", "repository"), ["say: app"]);
  assert.deepEqual(await refusedAs("Reg.test/App", "image"), ["say: Reg.test/app"]);
});

test("a file or folder in the place of a name", async () => {
  await using browse = await openBrowseWorld({ environment: { REGCTL_REGISTRY: "env.test:5000" } });
  const file = `${browse.home}/app.tar`;
  const folder = `${browse.home}/layout`;
  await mkdir(folder);
  await Promise.all([writeFile(file, ""), writeFile(`${folder}/oci-layout`, "{}")]);
  const refused = async (given: string, takesFiles: boolean) => {
    const error = await chooseImage(given, { takesFiles }, browse.world).catch((thrown: unknown) => thrown);
    assert.ok(isRegctlError(error, "BAD_REFERENCE"), String(error));
    return error.facts.type;
  };
  assert.equal(await refused(file, true), `docker-archive:${file}`);
  assert.equal(await refused(folder, true), `oci:${folder}`);
  assert.equal(await refused("./new.tar", true), "docker-archive:./new.tar");
  assert.equal(
    await refused(file, false),
    `Publish it first: regctl publish docker-archive:${file} NAME:TAG`,
  );
  assert.equal((await chooseImage("none.tar", {}, browse.world)).reference.repository, "none.tar");
});
