import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { openLogFile } from "../../src/system/log-file.ts";

const skip = existsSync("/dev/full") ? false : "there is no /dev/full";

test("a full disk under a log stops nothing", { skip }, () => {
  const log = openLogFile("/dev/full", 1000);
  assert.doesNotThrow(() => log.write("a line\n"));
  log.close();
});
