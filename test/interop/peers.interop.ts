import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { openPeer, titleOf, withoutGo } from "./peers.ts";

const run = promisify(execFile);

describe("peers", { skip: withoutGo }, () => {
  for (const name of ["crane", "oras", "regclient", "skopeo", "distribution", "olareg", "zot"] as const) {
    it(`${titleOf(name)} starts`, async () => {
      const path = await openPeer(name);
      const { stdout, stderr } = await run(path, ["--help"]);
      assert.match(stdout + stderr, /usage/i);
    });
  }
});
