/** Nodes of kind and minikube as hosts: found by the program that runs them, and reached through it. The shell is a real one. */
import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { assertNotOfNode, placesOf } from "../../src/platform/cluster-nodes.ts";
import type { HostPlace } from "../../src/platform/locate.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { createTempHome } from "../support/temp-home.ts";
import { refusal } from "./planning.ts";

const here = createLocalHost(spawn);

/** A machine with these programs, which tells what is closed. */
async function machine(programs: Readonly<Record<string, string>>, local = true) {
  const home = await createTempHome();
  for (const [name, script] of Object.entries({
    sudo: "exit 1",
    docker: "exit 1",
    podman: "exit 1",
    ...programs,
  })) {
    await writeFile(`${home.path}/${name}`, `#!/bin/sh\n${script}\n`);
    await chmod(`${home.path}/${name}`, 0o755);
  }
  const name = local ? "localhost" : "web1";
  const path = `PATH=${home.path}:/usr/bin:/bin`;
  const closed: string[] = [];
  const place: HostPlace = {
    name,
    local,
    open: async () => ({
      host: { ...here, name, run: (argv, options) => here.run(["env", path, ...argv], options) },
      socket: "/var/run/docker.sock",
      close: async () => {
        closed.push(name);
      },
    }),
  };
  return { place, closed, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

const listing = `
[ "$1" = exec ] && { shift; echo "inside: $*"; exit 3; }
[ "$1 $2 $3" = "ps --filter label=io.x-k8s.kind.cluster" ] || exit 1
printf 'b-worker worker\\nkind-lb external-load-balancer\\na-node control-plane\\n'`;

test("each node is a host with containerd, named after it, and the balancer is none", async () => {
  await using local = await machine({ docker: listing });
  const nodes = await placesOf([local.place], "kind");
  assert.deepEqual(
    nodes.map(({ name, engine, local: own }) => [name, engine, own]),
    [
      ["a-node", "containerd", false],
      ["b-worker", "containerd", false],
    ],
  );
  assert.deepEqual(local.closed, ["localhost"], "the look is over");
  const { host, close } = (await nodes[1]?.open()) ?? assert.fail();
  const { code, stdout } = await host.run(["sh", "-c", "echo $1", "x", "a b"], { timeoutMs: 20_000 });
  assert.deepEqual(
    [code, stdout.toString(), host.name],
    [3, "inside: -i b-worker sh -c echo $1 x a b\n", "b-worker"],
  );
  await assert.rejects(host.dial({ kind: "unix", path: "/var/run/docker.sock" }), { code: "ENOENT" });
  await close();
  await using remote = await machine({ docker: listing }, false);
  assert.deepEqual(
    (await placesOf([remote.place], "kind")).map(({ name }) => name),
    ["web1/a-node", "web1/b-worker"],
  );
});

test("who runs them is found out: Podman, or Docker by sudo", async () => {
  await using podman = await machine({ docker: "exit 0", podman: listing });
  assert.equal((await placesOf([podman.place], "kind")).length, 2);
  await using root = await machine({
    docker: `[ "$AS" ] || exit 1\n${listing}`,
    sudo: '[ "$1" = -n ] && shift; AS=root exec "$@"',
  });
  const [node] = await placesOf([root.place], "kind");
  const { host } = (await node?.open()) ?? assert.fail();
  assert.match((await host.run(["true"], { timeoutMs: 20_000 })).stdout.toString(), /inside: -i a-node true/);
});

test("a node of minikube whose runtime is another than containerd is told by lines to paste", async () => {
  const labelled = (inside: string) => `
[ "$1" = exec ] && { case "$*" in "exec m-two "*) ${inside} ;; esac; exit 0; }
[ "$1 $2 $3" = "ps --filter label=created_by.minikube.sigs.k8s.io" ] || exit 1
printf 'm-one \\nm-two \\n'`;
  await using both = await machine({ docker: labelled(":") });
  assert.deepEqual(
    (await placesOf([both.place], "minikube")).map(({ name }) => name),
    ["m-one", "m-two"],
  );
  await using one = await machine({ docker: labelled("exit 1") });
  assert.deepEqual(
    (await placesOf([one.place], "minikube")).map(({ name }) => name),
    ["m-one"],
  );
});

test("a host without nodes stays what it is, and so do all where another engine is meant", async () => {
  await using none = await machine({});
  assert.deepEqual(await placesOf([none.place], "kind"), [none.place]);
  await using some = await machine({ docker: listing });
  assert.deepEqual(await placesOf([some.place], undefined), [some.place]);
  assert.deepEqual(some.closed, []);
});

test("a loopback address is no registry to a node", () => {
  for (const registry of ["localhost:5001", "localhost", "127.0.0.1:5000", "[::1]:5000"]) {
    refusal("ENGINE_CANNOT", () => assertNotOfNode(registry, "kind"));
    refusal("ENGINE_CANNOT", () => assertNotOfNode(registry, "minikube"));
    assertNotOfNode(registry, undefined);
  }
  for (const registry of ["127.test:5000", "localhost.test", "10.0.0.1:5000"])
    assertNotOfNode(registry, "kind");
});
