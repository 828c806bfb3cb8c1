/** The first walk, as a stranger takes it: no engine, no settings, nothing but the program. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { describe, it } from "node:test";
import { isInVm, planNext } from "../../src/quickstart/machine.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { createTempHome } from "../support/temp-home.ts";

describe("quickstart", () => {
  it("publishes, finds, copies, fetches again, and leaves nothing behind", async () => {
    await using home = await createTempHome();
    const env = { HOME: home.path, TMPDIR: home.path, DOCKER_HOST: `unix://${home.path}/none.sock` };
    const { code, stdout, stderr } = await runCli(["quickstart"], { env, timeoutMs: 120_000 });
    assert.equal(code, 0, stderr);
    for (const word of ["serve", "publish", "search", "tags", "inspect", "copy", "pull", "doctor"]) {
      assert.match(stderr, new RegExp(`^\\$ regctl ${word} `, "m"));
    }
    assert.match(stdout, /Published, found, copied and fetched again:\n {2}sha256:[0-9a-f]{64}$/m);
    assert.deepEqual(
      (await readdir(home.path)).filter((name) => name.startsWith("regctl-")),
      [],
    );
  });

  it("with --keep the registry stays, and serve stop ends it", async () => {
    await using home = await createTempHome();
    const env = { HOME: home.path, TMPDIR: home.path, DOCKER_HOST: `unix://${home.path}/none.sock` };
    const run = await runCli(["quickstart", "--keep", "--json", "--progress", "none"], {
      env,
      timeoutMs: 120_000,
    });
    assert.equal(run.stderr, "");
    const { ok, registry, kept, steps } = JSON.parse(run.stdout);
    assert.equal(ok, true);
    const commands: readonly string[] = steps.map(({ command }: { command: string }) => command);
    assert.ok(commands.some((command) => /^regctl setup insecure \S+ --dry-run$/.test(command)));
    // The engine that DOCKER_HOST names is none, and doctor says so; what setup finds depends on this machine.
    const failed = commands.filter(
      (command, index) => steps[index].exitCode !== 0 && !command.startsWith("regctl setup "),
    );
    assert.deepEqual(failed, [`regctl doctor ${registry}`]);
    assert.equal((await runCli(["ping", registry], { env })).code, 0);
    assert.equal((await runCli(["serve", "stop", "--storage", `${kept}/registry`], { env })).code, 0);
  });

  it("Ctrl-C ends the registry and takes the folder away", async () => {
    await using home = await createTempHome();
    const env = { HOME: home.path, TMPDIR: home.path, DOCKER_HOST: `unix://${home.path}/none.sock` };
    const child = startCli(["quickstart"], { env });
    const closed = once(child, "close");
    let told = "";
    let interrupted = false;
    child.stdout.resume();
    for await (const chunk of child.stderr) {
      told += String(chunk);
      // Once: the second time would not wait for anything.
      if (!interrupted && told.includes("$ regctl publish")) interrupted = child.kill("SIGINT");
    }
    assert.deepEqual(await closed, [130, null]);
    assert.deepEqual(
      (await readdir(home.path)).filter((name) => name.startsWith("regctl-")),
      [],
    );
    const { code } = await runCli(["serve", "status"], { env });
    assert.equal(code, 5, "no server runs any more");
  });
});

describe("what to type next", () => {
  const hostName = "laptop";
  const commands = (facts: Parameters<typeof planNext>[0]) => planNext(facts).map(({ command }) => command);

  it("without an engine images come from files", () => {
    const lines = commands({ hostName, engine: null });
    assert.ok(lines.some((line) => line.startsWith("regctl publish image.tar")));
    assert.ok(lines.every((line) => !line.includes("setup insecure")));
  });

  it("an engine in a virtual machine is not told about this machine's ports", () => {
    const engine = { address: "unix:///x", title: "Docker Desktop", inVm: true };
    assert.ok(commands({ hostName, engine }).every((line) => !line.includes("setup insecure")));
  });

  it("beside an engine of this machine others are told how to come here", () => {
    const engine = { address: "unix:///x", title: "Debian", inVm: false };
    const lines = commands({ hostName, engine });
    const serve = lines.indexOf("regctl serve --listen 0.0.0.0:5000 --detach");
    assert.ok(serve >= 0);
    assert.equal(lines[serve + 1], "regctl setup insecure laptop:5000 --on user@host");
  });

  for (const [system, name, platform, expected] of [
    ["Docker Desktop", "docker-desktop", "linux", true],
    ["Debian GNU/Linux 12", "web1", "linux", false],
    ["Ubuntu 24.04", "colima", "linux", true],
    ["Alpine", "x", "darwin", true],
  ] as const) {
    it(`${system} on ${platform}`, () => assert.equal(isInVm(system, name, platform), expected));
  }
});
