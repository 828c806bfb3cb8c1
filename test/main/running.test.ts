import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { repository, runCli, startCli } from "../support/run-cli.ts";

const program = `${repository}/test/main/program.ts`;

async function start(args: readonly string[]) {
  const child = startCli(args, { program });
  const [first] = await once(child.stdout, "data");
  let told = "";
  child.stderr.on("data", (chunk) => (told += chunk));
  const until = async (text: string) => {
    while (!told.includes(text)) await once(child.stderr, "data");
  };
  return { child, first: String(first), until, told: () => told };
}

describe("a command that stays", () => {
  test("prints its document when it is ready, once, and ends with the code it says", async () => {
    const { child, first } = await start(["stay", "--json"]);
    assert.deepEqual(JSON.parse(first), { told: "ready" });
    child.kill("SIGTERM");
    let more = "";
    child.stdout.on("data", (chunk) => (more += chunk));
    assert.deepEqual(await once(child, "close"), [5, null]);
    assert.equal(more, "");
  });

  test("hears SIGHUP without ending, as often as it comes", async () => {
    const { child, until, told } = await start(["stay"]);
    child.kill("SIGHUP");
    await until("hung up\n");
    child.kill("SIGHUP");
    await until("hung up\nhung up\n");
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "close"), [5, null]);
    assert.equal(told(), "hung up\nhung up\n");
  });

  for (const [how, code, words] of [
    ["fail", 1, /It cannot listen at a:1: lost/],
    ["crash", 1, /This is a bug in regctl/],
  ] as const) {
    test(`that ${how}s later tells it on standard error alone, whatever --json has said`, async () => {
      const run = await runCli(["stay", how, "--json"], { program });
      assert.equal(run.code, code);
      assert.deepEqual(JSON.parse(run.stdout), { told: "ready" });
      assert.match(run.stderr, words);
    });
  }
});
