import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { runCli } from "../support/run-cli.ts";
import { createTempHome } from "../support/temp-home.ts";

const run = promisify(execFile);

describe("the plugin of the docker CLI", () => {
  it("is installed, is what docker asks for, runs, and is removed", async () => {
    await using home = await createTempHome();
    const env = { HOME: home.path };
    const installed = await runCli(["plugin", "install", "--json"], { env });
    const { path, changed } = JSON.parse(installed.stdout);
    assert.deepEqual([path, changed], [`${home.path}/.docker/cli-plugins/docker-regctl`, true]);
    assert.equal(JSON.parse((await runCli(["plugin", "install", "--json"], { env })).stdout).changed, false);
    // As docker starts it (docker/cli cli-plugins/manager).
    const { stdout } = await run(path, ["docker-cli-plugin-metadata"], { env });
    const { SchemaVersion, Vendor, Version, ShortDescription } = JSON.parse(stdout);
    assert.equal(SchemaVersion, "0.1.0");
    for (const text of [Vendor, Version, ShortDescription]) assert.equal(typeof text, "string");
    const help = await run(path, ["regctl", "publish", "--help"], { env });
    assert.match(help.stdout, /USAGE/);
    const removed = await runCli(["plugin", "uninstall", "--json"], { env });
    assert.equal(JSON.parse(removed.stdout).changed, true);
    await assert.rejects(readFile(path), { code: "ENOENT" });
    assert.equal((await runCli(["plugin", "uninstall"], { env })).code, 0);
  });

  it("the program itself answers docker too, whoever has put it there", async () => {
    const { code, stdout } = await runCli(["docker-cli-plugin-metadata"]);
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).SchemaVersion, "0.1.0");
  });

  it("somebody else's plugin of that name is left alone", async () => {
    await using home = await createTempHome();
    const folder = `${home.path}/.docker/cli-plugins`;
    await mkdir(folder, { recursive: true });
    await writeFile(`${folder}/docker-regctl`, "#!/bin/sh\necho other\n");
    for (const action of ["install", "uninstall"]) {
      const { code, stdout } = await runCli(["plugin", action, "--json"], { env: { HOME: home.path } });
      assert.deepEqual([code, JSON.parse(stdout).error.code], [3, "FILE_EXISTS"]);
    }
    assert.equal(await readFile(`${folder}/docker-regctl`, "utf8"), "#!/bin/sh\necho other\n");
  });
});
