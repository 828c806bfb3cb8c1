/** The scripts beside this file that need nothing but Node, against our own registry. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { startDoctorEngine } from "../support/doctor-world.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import { startSshServer } from "../support/ssh-server.ts";
import { createTempHome } from "../support/temp-home.ts";
import { closedPort, openTunnelPerson } from "../support/tunnel-person.ts";
import { makeLayout } from "./make-layout.ts";

const checkout = resolve(import.meta.dirname, "../..");

async function accept(
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

test("every check of registry.sh holds with our own registry", async (context) => {
  await using registry = await startOwnRegistry();
  await accept(context, "registry.sh", { REGISTRY: registry.host });
});

test("every check of serve.sh holds", async (context) => {
  await using folder = await createTempHome();
  const damage = join(folder.path, "damage.sh");
  await writeFile(damage, 'printf x >>"$(find "$1/blobs" -type f | sort | head -n 1)"\n');
  await accept(context, "serve.sh", { DAMAGE: `sh ${damage}` });
});

test("every check of tunnel.sh holds", async (context) => {
  await using registry = await startOwnRegistry();
  await using person = await openTunnelPerson();
  await using denied = await startSshServer({ forbidForwarding: true });
  await using closed = await startSshServer({ password: "never told" });
  await appendFile(`${person.home}/.ssh/known_hosts`, denied.knownHosts + closed.knownHosts);
  await accept(context, "tunnel.sh", {
    ...person.env,
    SERVER: person.spec,
    TO: registry.host,
    DEAD: `127.0.0.1:${await closedPort()}`,
    DENIED: `tester@127.0.0.1:${denied.port}`,
    CLOSED: `tester@127.0.0.1:${closed.port}`,
  });
});

test("every check of doctor.sh holds with our own registry and an engine that knows it", async (context) => {
  await using registry = await startOwnRegistry();
  const engine = await startDoctorEngine({});
  try {
    const DOCKER_HOST = `unix://${engine.socketPath}`;
    await accept(context, "doctor.sh", { REGISTRY: registry.host, DOCKER_HOST });
  } finally {
    await engine.close();
  }
});
