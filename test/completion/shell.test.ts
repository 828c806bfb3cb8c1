/** The tab key of a real bash, against a registry that really answers. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type OwnRegistry, startOwnRegistry } from "../support/own-registry.ts";
import { repository, runCli } from "../support/run-cli.ts";
import { createTempHome, type TempHome } from "../support/temp-home.ts";

const run = promisify(execFile);
let home: TempHome;
let registry: OwnRegistry;

before(async () => {
  home = await createTempHome();
  registry = await startOwnRegistry();
  await mkdir(`${home.path}/bin`);
  const program = `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/run.js "$@"\n`;
  await writeFile(`${home.path}/bin/regctl`, program, { mode: 0o755 });
  for (const tag of ["1.0", "1.1"]) await putTag("team/app", tag);
  await putTag("team/api", "1.0");
  const { code } = await runCli(["use", registry.host], { env: { HOME: home.path } });
  assert.equal(code, 0);
});
after(async () => {
  await registry[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

async function putTag(name: string, tag: string): Promise<void> {
  const url = `http://${registry.host}/v2/${name}`;
  const { location } = Object.fromEntries(
    (await fetch(`${url}/blobs/uploads/`, { method: "POST" })).headers.entries(),
  );
  const digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
  const upload = new URL(location ?? "", url);
  upload.searchParams.set("digest", digest);
  assert.equal((await fetch(upload, { method: "PUT", body: "{}" })).status, 201);
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: 2 };
  const body = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] });
  const put = await fetch(`${url}/manifests/${tag}`, {
    method: "PUT",
    body,
    headers: { "content-type": mediaType },
  });
  assert.equal(put.status, 201);
}

/** What bash would offer for this line, the cursor at its end. */
async function press(line: string): Promise<readonly string[]> {
  const script = `source <(regctl completion bash)
COMP_LINE=$1; COMP_POINT=\${#1}; _regctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { HOME: home.path, PATH: `${home.path}/bin:${process.env.PATH}`, LANG: "C.UTF-8" };
  const { stdout } = await run("bash", ["--norc", "-c", script, "bash", line], { env });
  return stdout.split("\n").filter((text) => text !== "");
}

/** As a person who presses again until the registry has answered. */
async function pressUntil(line: string, expected: readonly string[]): Promise<void> {
  let offered: readonly string[] = [];
  for (let attempt = 0; attempt < 100; attempt += 1) {
    offered = await press(line);
    if (offered.length === expected.length) break;
    await sleep(50);
  }
  assert.deepEqual(offered, expected);
}

describe("the tab key of bash", () => {
  it("completes commands and flags", async () => {
    assert.deepEqual(await press("regctl pub"), ["publish"]);
    assert.deepEqual(await press("regctl publish --via "), ["engine", "direct"]);
  });

  it("completes what stands behind an equals sign, which bash takes for a word's end", async () => {
    assert.deepEqual(await press("regctl publish --via=e"), ["engine"]);
  });

  it("completes repositories and tags of the default registry", async () => {
    await pressUntil("regctl tags team/", ["team/api", "team/app"]);
    await pressUntil("regctl inspect team/app:1", ["1.0", "1.1"]);
  });

  it("completes them on a registry that is named, whose port has a colon too", async () => {
    const port = registry.host.split(":")[1];
    await pressUntil(`regctl tags ${registry.host}/team/ap`, [`${port}/team/api`, `${port}/team/app`]);
  });

  it("offers nothing, and says nothing, where the registry does not answer", async () => {
    const args = ["__complete", "--", "tags", "127.0.0.1:1/te"];
    const { code, stdout, stderr } = await runCli(args, { env: { HOME: home.path } });
    assert.deepEqual([code, stdout, stderr], [0, "", ""]);
  });

  it("broken settings and a broken cache say nothing either", async () => {
    const folder = `${home.path}/.cache/regctl/completion`;
    for (const name of await readdir(folder)) await writeFile(`${folder}/${name}`, "{broken");
    const { code, stderr } = await runCli(["__complete", "--", "tags", "te"], { env: { HOME: home.path } });
    assert.deepEqual([code, stderr], [0, ""]);
  });
});

describe("completion install", () => {
  it("puts the script where bash-completion looks, and changes nothing the second time", async () => {
    const env = { HOME: home.path, SHELL: "/bin/bash" };
    const first = await runCli(["completion", "install", "--json"], { env });
    const { path, changed } = JSON.parse(first.stdout);
    assert.deepEqual([path, changed], [`${home.path}/.local/share/bash-completion/completions/regctl`, true]);
    assert.match(await readFile(path, "utf8"), /complete -F _regctl regctl/);
    const again = await runCli(["completion", "install", "--json"], { env });
    assert.equal(JSON.parse(again.stdout).changed, false);
  });

  it("a shell that it does not know is exit 2", async () => {
    const { code, stderr } = await runCli(["completion", "install", "tcsh"], { env: { HOME: home.path } });
    assert.equal(code, 2);
    assert.match(stderr, /bash, zsh, fish, not in tcsh/);
  });
});
