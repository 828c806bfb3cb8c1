/** Runs a script beside this file that needs nothing but Node, and takes its checks for a test's. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { createTempHome } from "../support/temp-home.ts";
import { makeLayout } from "./make-layout.ts";

const checkout = resolve(import.meta.dirname, "../..");

export async function accept(
  context: TestContext,
  script: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  await using home = await createTempHome();
  const layout = join(home.path, "layout");
  await makeLayout(layout);
  const env = {
    HOME: home.path,
    PATH: process.env.PATH,
    LANG: "C.UTF-8",
    REGCTL: `${process.execPath} ${checkout}/bin/run.js`,
    LAYOUT: layout,
    ...variables,
  };
  const child = spawn("sh", [`${checkout}/test/acceptance/${script}`], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [output, problems] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    once(child, "close"),
  ]);
  const text = output.toString();
  for (const line of text.split("\n").filter((each) => each.startsWith("FAIL"))) context.diagnostic(line);
  assert.equal(child.exitCode, 0, `${text}\n${problems}`);
  assert.match(text, /^\d{2,} checks, 0 failed$/m);
}
