/** `regctl init` with every answer in its flags, and nobody at a terminal. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { startOwnRegistry } from "../support/own-registry.ts";
import { runCli } from "../support/run-cli.ts";
import { openCli, type TestCli } from "../support/test-cli.ts";
import { type Answer, refuseAsRegistry, startTinyRegistry } from "../support/tiny-registry.ts";
import { openTunnelPerson } from "../support/tunnel-person.ts";

const wantsAnn: Answer = ({ headers }, response) => {
  if (headers.authorization === `Basic ${Buffer.from("ann:right").toString("base64")}`) return false;
  response.setHeader("www-authenticate", 'Basic realm="x"');
  return refuseAsRegistry(response, 401, "UNAUTHORIZED");
};

const untouched = ({ home }: TestCli) => assert.equal(existsSync(`${home}/.config/regctl`), false);

type Steps = readonly { readonly command: string; readonly state: string }[];
const statesOf = ({ steps }: Readonly<Record<string, unknown>>) =>
  (steps as Steps).map(({ command, state }) => [command, state]);

describe("an answer that is missing", () => {
  for (const [what, args, flags] of [
    ["where the registry is", [], /--registry REG, --server USER@HOST or --serve/],
    ["whether to do it", ["--serve", "--port", "0"], /--yes/],
  ] as const) {
    it(`${what}: exit 2, the flags are named, nothing is changed`, async () => {
      await using cli = await openCli();
      const { code, stdout } = await cli.run(["init", ...args, "--json", "--progress", "none"]);
      const { error } = JSON.parse(stdout);
      assert.deepEqual([code, error.code], [2, "MISSING_ANSWER"]);
      assert.match(error.remedies.join(), flags);
      untouched(cli);
    });
  }

  it("a login is missed before the first step", async () => {
    await using registry = await startTinyRegistry({ answer: wantsAnn });
    await using cli = await openCli();
    assert.deepEqual(await cli.failure("init", "--registry", registry.host, "--yes"), [2, "MISSING_ANSWER"]);
    untouched(cli);
  });

  for (const args of [
    ["--registry", "under_score"],
    ["--registry", "r.test", "--service"],
    ["--server", "ann@"],
    ["--serve", "--password-stdin"],
  ]) {
    it(`${args.join(" ")}: exit 2, nothing is changed`, async () => {
      await using cli = await openCli();
      assert.equal((await cli.failure("init", ...args, "--yes"))[0], 2);
      untouched(cli);
    });
  }
});

describe("a registry with an address", () => {
  it("is planned, and becomes the default one", async () => {
    await using registry = await startOwnRegistry();
    await using cli = await openCli();
    const args = ["init", "--registry", registry.host];
    const plan = await cli.document(...args, "--dry-run");
    assert.deepEqual(statesOf(plan), [[`regctl use ${registry.host}`, "planned"]]);
    assert.deepEqual([plan.dryRun, plan.registry, plan.engine, plan.next], [true, registry.host, null, []]);
    untouched(cli);
    const done = await cli.document(...args, "--yes");
    assert.deepEqual(statesOf(done), [[`regctl use ${registry.host}`, "done"]]);
    assert.equal((await cli.document("use")).registry, registry.host);
    assert.deepEqual(statesOf(await cli.document(...args, "--yes")), statesOf(done));
  });

  it("that does not answer is exit 6, nothing is changed", async () => {
    await using cli = await openCli();
    const args = ["init", "--registry", "127.0.0.1:1", "--yes"];
    assert.deepEqual(await cli.failure(...args), [6, "REGISTRY_UNREACHABLE"]);
    untouched(cli);
  });

  it("is logged in to; a wrong password leaves the default registry, and says what to type", async () => {
    await using registry = await startTinyRegistry({ answer: wantsAnn });
    await using cli = await openCli();
    const env = { HOME: cli.home, DOCKER_HOST: `unix://${cli.home}/none.sock` };
    const words = ["init", "--registry", registry.host, "--yes", "--username", "ann", "--password-stdin"];
    const give = (input: string, ...more: readonly string[]) =>
      runCli([...words, "--progress", "none", ...more], { env, input });
    const wrong = await give("wrong", "--json");
    const document = JSON.parse(wrong.stdout);
    assert.deepEqual([wrong.code, document.ok, document.registry], [4, false, registry.host]);
    assert.deepEqual(statesOf(document), [
      [`regctl use ${registry.host}`, "done"],
      [`regctl login ${registry.host}`, "failed"],
    ]);
    assert.equal(document.steps[1].error.code, "UNAUTHORIZED");
    assert.equal((await cli.document("use")).registry, registry.host);

    const text = await give("wrong");
    assert.equal(text.code, 4);
    assert.match(text.stdout, /When the cause is cured, type:\n {2}regctl login 127/);

    const right = await give("right");
    assert.equal(right.code, 0, right.stderr);
    assert.match(right.stdout, /is your default registry\./);
    assert.equal((await cli.document("ping")).login, "accepted");
  });
});

describe("a server", () => {
  it("is tunnelled to, and its registry is the default one; the second time the tunnel runs", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const args = ["init", "--server", person.spec, "--to", registry.host, "--port", "0", "--yes"];
    const done = await person.document(...args);
    const name = String(done.registry);
    assert.match(name, /^localhost:\d+$/);
    assert.deepEqual(statesOf(done).slice(1), [
      [`regctl use ${name}`, "done"],
      [`regctl login ${name}`, "not-needed"],
    ]);
    assert.equal((await person.document("ping")).registry, name);
    const again = await person.document(...args);
    assert.deepEqual([again.registry, statesOf(again).length], [name, 2]);
  });

  it("whose key nobody vouched for is refused, nothing is changed", async () => {
    await using person = await openTunnelPerson({ known: false });
    const args = ["init", "--server", person.spec, "--ssh", "node", "--yes"];
    assert.deepEqual(await person.failure(...args), [2, "SSH_HOST_KEY_UNKNOWN"]);
    untouched(person);
  });
});

it("none yet: one is served, and is the default one; the second time it is served", async () => {
  await using cli = await openCli();
  const args = ["init", "--serve", "--port", "0", "--yes"];
  try {
    const done = await cli.document(...args);
    assert.match(String(done.registry), /^127\.0\.0\.1:\d+$/);
    assert.equal((await cli.document("ping")).registry, done.registry);
    assert.deepEqual(statesOf(await cli.document(...args)), [[`regctl use ${done.registry}`, "done"]]);
  } finally {
    await cli.run(["serve", "stop"]);
  }
});
