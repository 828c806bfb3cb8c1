import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDaemonArguments } from "../../src/platform/daemon-arguments.ts";

test("every spelling of the flags", () => {
  const argv =
    "dockerd -H fd:// --host=unix:///x.sock -Htcp://0.0.0.0:1 --insecure-registry a.test:1 --insecure-registry=b.test:2";
  const more =
    "--registry-mirror https://m/ --config-file=/c.json -p /run/d.pid -g /var/d --exec-root /run/e --live-restore -D --label x=y";
  assert.deepEqual(parseDaemonArguments(`${argv} ${more}`.split(" ")), {
    hosts: ["fd://", "unix:///x.sock", "tcp://0.0.0.0:1"],
    insecureRegistries: ["a.test:1", "b.test:2"],
    registryMirrors: ["https://m/"],
    configFile: "/c.json",
    pidFile: "/run/d.pid",
    dataRoot: "/var/d",
    execRoot: "/run/e",
    liveRestore: true,
    validate: false,
  });
});

test("docker daemon, switched off live-restore, and what is not there", () => {
  const parsed = parseDaemonArguments([
    "docker",
    "daemon",
    "--live-restore=false",
    "--graph=/g",
    "--",
    "--host=no",
  ]);
  assert.deepEqual(parsed, {
    hosts: [],
    insecureRegistries: [],
    registryMirrors: [],
    dataRoot: "/g",
    liveRestore: false,
    validate: false,
  });
  assert.deepEqual(parseDaemonArguments([]).insecureRegistries, []);
});
