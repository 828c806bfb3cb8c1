import assert from "node:assert/strict";
import { test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { describeHost } from "../contract/host.ts";

describeHost("this machine", async () => ({
  host: createLocalHost(spawn),
  local: true,
  timeoutCode: "HOST_COMMAND_FAILED",
  here: true,
}));

test("a command is named in a message as a shell would read it, a long script by its beginning", async () => {
  const host = createLocalHost(spawn);
  const commandOf = async (...argv: readonly string[]): Promise<string> => {
    try {
      await host.run(argv, { timeoutMs: 1 });
    } catch (error) {
      if (isRegctlError(error, "HOST_COMMAND_FAILED")) return error.facts.command;
    }
    return assert.fail("it should not end in time");
  };
  assert.equal(await commandOf("sh", "-c", "sleep 1000"), "sh -c 'sleep 1000'");
  const script = await commandOf("sh", "-c", `sleep 1000\n${"# a long script\n".repeat(100)}`);
  assert.equal(script.length, 200);
  assert.match(script, /^sh -c 'sleep 1000 # a long script # .*…$/);
});
