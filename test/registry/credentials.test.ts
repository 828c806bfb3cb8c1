/** Logins in the files and helpers of Docker and Podman; the helpers are real programs. */
import assert from "node:assert/strict";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import type { Environment, ProgressEvent, Spawn } from "../../src/ports.ts";
import { eraseCredential, storeCredential } from "../../src/registry/credential-store.ts";
import { findCredential } from "../../src/registry/credentials.ts";
import { createClock } from "../../src/system/clock.ts";
import { createFiles } from "../../src/system/files.ts";
import { spawn } from "../../src/system/processes.ts";
import { writeHelper } from "../support/credential-program.ts";
import { createTempHome } from "../support/temp-home.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const auth = (text: string) => ({ auth: base64(text) });
const password = { kind: "password", username: "u", password: "p" } as const;

async function openHome() {
  const home = await createTempHome();
  const told: ProgressEvent[] = [];
  const path = (...parts: readonly string[]) => join(home.path, ...parts);
  const put = async (name: string, content: object | string) => {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), typeof content === "string" ? content : JSON.stringify(content));
  };
  const world = (environment: Environment = {}) => {
    const PATH = `${path("bin")}:/usr/bin:/bin`;
    const withPath: Spawn = (argv, options) => spawn(argv, { env: { ...options?.env, PATH } });
    return {
      environment: { PATH, XDG_STATE_HOME: path("state"), ...environment },
      home: home.path,
      files: createFiles(),
      clock: createClock(),
      emit: (event: ProgressEvent) => told.push(event),
      spawn: async () => withPath,
    };
  };
  const find = async (registry: string, environment?: Environment) => {
    const found = await findCredential(registry, world(environment));
    if (found === null) return null;
    const { credential, from } = found;
    return [
      credential.kind === "password" ? credential.password : credential.token,
      from.replace(home.path, "~"),
    ];
  };
  return { path, put, world, find, told, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

describe("findCredential", () => {
  test("Docker before Podman, an exact key before an older form", async () => {
    await using home = await openHome();
    await home.put(".config/containers/auth.json", {
      auths: { "r:5000": auth("u:podman"), only: auth("u:only") },
    });
    assert.deepEqual(await home.find("r:5000"), ["podman", "~/.config/containers/auth.json"]);
    await home.put(".docker/config.json", { auths: { "https://r:5000/v1/": auth("u:old") } });
    assert.deepEqual(await home.find("r:5000"), ["old", "~/.docker/config.json"]);
    await home.put(".docker/config.json", {
      auths: { "https://r:5000": auth("u:old"), "r:5000": auth("u:new") },
    });
    assert.deepEqual(await home.find("r:5000"), ["new", "~/.docker/config.json"]);
    assert.deepEqual(await home.find("only"), ["only", "~/.config/containers/auth.json"]);
    assert.equal(await home.find("r"), null);
    assert.equal(await home.find("r:5001"), null);
  });

  test("Docker Hub under all its names", async () => {
    for (const key of [
      "https://index.docker.io/v1/",
      "docker.io",
      "index.docker.io",
      "registry-1.docker.io",
    ]) {
      await using home = await openHome();
      await home.put(".docker/config.json", { auths: { [key]: auth("u:hub") } });
      assert.deepEqual((await home.find("docker.io"))?.[0], "hub", key);
    }
  });

  test("a key of Podman's for a part of a registry is not for the whole", async () => {
    await using home = await openHome();
    await home.put("auth.json", { auths: { "quay.io/team": auth("u:team") } });
    assert.equal(await home.find("quay.io", { REGISTRY_AUTH_FILE: home.path("auth.json") }), null);
  });

  test("DOCKER_CONFIG, REGISTRY_AUTH_FILE and DOCKER_AUTH_CONFIG", async () => {
    await using home = await openHome();
    await home.put("d/config.json", { auths: { r: auth("u:docker") } });
    await home.put("p.json", { auths: { r: auth("u:podman"), s: auth("u:s") } });
    const environment = { DOCKER_CONFIG: home.path("d"), REGISTRY_AUTH_FILE: home.path("p.json") };
    assert.deepEqual((await home.find("r", environment))?.[0], "docker");
    assert.deepEqual((await home.find("s", environment))?.[0], "s");
    const DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { r: auth("u:given") } });
    assert.deepEqual(await home.find("r", { ...environment, DOCKER_AUTH_CONFIG }), [
      "given",
      "DOCKER_AUTH_CONFIG",
    ]);
  });

  test("credHelpers before credsStore before auths; what a helper does not have is looked for in the file", async () => {
    await using home = await openHome();
    await writeHelper(home.path(), "own", { logins: { "r:1": { Username: "<token>", Secret: "idt" } } });
    await writeHelper(home.path(), "all", {
      logins: { "r:1": { Username: "u", Secret: "all" }, "r:2": { Username: "u", Secret: "all" } },
    });
    const auths = { "r:1": auth("u:file"), "r:2": auth("u:file"), "r:3": auth("u:file") };
    await home.put(".docker/config.json", { auths, credsStore: "all", credHelpers: { "r:1": "own" } });
    assert.deepEqual(await home.find("r:1"), ["idt", "docker-credential-own"]);
    assert.deepEqual(await home.find("r:2"), ["all", "docker-credential-all"]);
    assert.deepEqual(await home.find("r:3"), ["file", "~/.docker/config.json"]);
    assert.deepEqual(home.told, []);
  });

  test("a helper or a file that cannot be used is warned of, and is no failure", async () => {
    await using home = await openHome();
    await writeHelper(home.path(), "locked", { broken: true });
    await home.put(".docker/config.json", { credsStore: "locked", credHelpers: { s: "absent" } });
    await home.put(".config/containers/auth.json", "{");
    assert.equal(await home.find("r"), null);
    assert.equal(await home.find("s"), null);
    const warnings = home.told.map((event) => (event.event === "warning" ? event.warning : ""));
    assert.match(warnings[0] ?? "", /docker-credential-locked .*: the keychain is locked$/);
    assert.match(warnings[1] ?? "", /auth\.json is not valid JSON/);
    assert.match(warnings[2] ?? "", /docker-credential-absent .*not installed/);
  });
});

describe("storeCredential and eraseCredential", () => {
  test("in the file, readable by nobody else, under the key that docker uses", async () => {
    await using home = await openHome();
    const path = home.path(".docker/config.json");
    const stored = await storeCredential("docker.io", password, home.world());
    assert.deepEqual(stored, { place: path, plainText: true });
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const written = JSON.parse(await readFile(path, "utf8"));
    assert.deepEqual(written, { auths: { "https://index.docker.io/v1/": auth("u:p") } });
    assert.deepEqual((await home.find("docker.io"))?.[0], "p");
    assert.deepEqual(await eraseCredential("docker.io", home.world()), [path]);
    assert.deepEqual(await eraseCredential("docker.io", home.world()), []);
    assert.equal(await home.find("docker.io"), null);
  });

  test("with the helper that the file names, the file saying that there is a login", async () => {
    await using home = await openHome();
    const { file } = await writeHelper(home.path(), "own");
    await home.put(".docker/config.json", { credHelpers: { "r:1": "own" } });
    const stored = await storeCredential("r:1", password, home.world());
    assert.deepEqual(stored, { place: "docker-credential-own", plainText: false });
    assert.deepEqual(JSON.parse(await readFile(file, "utf8")), { "r:1": { Username: "u", Secret: "p" } });
    const text = await readFile(home.path(".docker/config.json"), "utf8");
    assert.deepEqual(JSON.parse(text), { credHelpers: { "r:1": "own" }, auths: { "r:1": {} } });
    assert.deepEqual(await eraseCredential("r:1", home.world()), ["docker-credential-own"]);
    assert.deepEqual(JSON.parse(await readFile(file, "utf8")), {});
    assert.deepEqual(JSON.parse(await readFile(home.path(".docker/config.json"), "utf8")).auths, {});
  });

  test("an identity token goes to a helper as docker has it", async () => {
    await using home = await openHome();
    const { file } = await writeHelper(home.path(), "all");
    await home.put(".docker/config.json", { credsStore: "all" });
    await storeCredential("r", { kind: "identity-token", username: "u", token: "t" }, home.world());
    assert.deepEqual(JSON.parse(await readFile(file, "utf8")), { r: { Username: "<token>", Secret: "t" } });
  });

  test("the first login takes an installed keychain into use, later ones do not", async () => {
    await using home = await openHome();
    await writeHelper(home.path(), "secretservice");
    const stored = await storeCredential("r", password, home.world());
    assert.equal(stored.place, "docker-credential-secretservice");
    const config = JSON.parse(await readFile(home.path(".docker/config.json"), "utf8"));
    assert.deepEqual(config, { auths: { r: {} }, credsStore: "secretservice" });
    await home.put(".docker/config.json", { auths: { other: auth("u:p") } });
    assert.equal((await storeCredential("r", password, home.world())).plainText, true);
  });

  test("every form of a key is erased, in the file and in the helper", async () => {
    await using home = await openHome();
    const { file } = await writeHelper(home.path(), "all", {
      logins: { "https://r": { Username: "u", Secret: "1" }, other: { Username: "u", Secret: "2" } },
    });
    await home.put(".docker/config.json", {
      credsStore: "all",
      auths: { "http://r/v1/": auth("u:p"), r: {}, other: {} },
    });
    const erased = await eraseCredential("r", home.world());
    assert.deepEqual(erased, ["docker-credential-all", home.path(".docker/config.json")]);
    assert.deepEqual(Object.keys(JSON.parse(await readFile(file, "utf8"))), ["other"]);
    const text = await readFile(home.path(".docker/config.json"), "utf8");
    assert.deepEqual(JSON.parse(text), { credsStore: "all", auths: { other: {} } });
  });

  test("a helper that fails, and a file that is broken, change nothing", async () => {
    await using home = await openHome();
    await writeHelper(home.path(), "locked", { broken: true });
    await home.put(".docker/config.json", { credsStore: "locked" });
    await assert.rejects(storeCredential("r", password, home.world()), (error) => {
      assert.ok(isRegctlError(error, "CREDENTIAL_HELPER_FAILED"));
      assert.deepEqual(error.facts, {
        helper: "docker-credential-locked",
        action: "store",
        reason: "the keychain is locked",
      });
      return true;
    });
    assert.equal(await readFile(home.path(".docker/config.json"), "utf8"), '{"credsStore":"locked"}');
    await home.put(".docker/config.json", '{"auths": ');
    await assert.rejects(storeCredential("r", password, home.world()), (error) =>
      isRegctlError(error, "CONFIG_BROKEN"),
    );
    assert.equal(await readFile(home.path(".docker/config.json"), "utf8"), '{"auths": ');
  });

  test("ten logins at once are all kept", async () => {
    await using home = await openHome();
    const names = Array.from({ length: 10 }, (_, index) => `r:${index}`);
    await Promise.all(names.map((name) => storeCredential(name, password, home.world())));
    const { auths } = JSON.parse(await readFile(home.path(".docker/config.json"), "utf8"));
    assert.deepEqual(Object.keys(auths).sort(), names);
  });
});
