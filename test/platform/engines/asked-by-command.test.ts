import assert from "node:assert/strict";
import { it } from "node:test";
import { judgeProbe } from "../../../src/engine/probe.ts";
import { probeByCommand } from "../../../src/platform/engines/asked-by-command.ts";
import { siteOf } from "./file-host.ts";

const verdictOf = async (code: number, stderr: string) => {
  const { host } = siteOf({ files: {}, answers: { "regctl-probe": { code, stderr } } });
  return judgeProbe(await probeByCommand(host, ["sh", "-c", "", "regctl-probe"], 1_000)).verdict;
};

it("what a program says of a registry is told from what it says of itself", async () => {
  assert.equal(await verdictOf(0, ""), "trusted");
  assert.equal(
    await verdictOf(125, "warning\nError: reading manifest latest in r/x: manifest unknown"),
    "trusted",
  );
  assert.equal(await verdictOf(1, "denied: requested access to the resource is denied"), "trusted");
  assert.equal(await verdictOf(1, "http: server gave HTTP response to HTTPS client"), "protocol");
  assert.equal(await verdictOf(127, "sh: 1: ctr: not found"), "unsupported");
  assert.equal(await verdictOf(1, "open /run/containers/1002/auth.json: permission denied"), "unsupported");
  assert.equal(await verdictOf(125, "Error: configure storage: native overlay not supported"), "unsupported");
});
