/** `setup status` as people read it: whole texts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostStatus } from "../../src/platform/host-status.ts";
import { renderStatus } from "../../src/report/setup-status.ts";
import { widthOf } from "../../src/report/table.ts";

const wide = { columns: 200, color: false, unicode: true };
const ascii = { ...wide, columns: 80, unicode: false };

const host: HostStatus = {
  host: "localhost",
  platform: "systemd",
  engine: { name: "ci", version: "28.5.2" },
  registries: [
    { registry: "reg.test:5000", configured: true, effective: true },
    { registry: "10.0.0.0/8", configured: true, effective: false },
    {
      registry: "a-registry-with-a-name-that-is-rather-long.example.internal:5000",
      configured: false,
      effective: true,
    },
  ],
  trusted: [],
  mirrors: [],
  owner: "file",
  path: "/etc/docker/daemon.json",
  restartStops: 2,
  evidence: ["systemd runs docker.service"],
  problem: null,
};

const failed: HostStatus = {
  ...host,
  host: "ann@web9",
  error: {
    code: "SSH_UNREACHABLE",
    message: "web9 port 22 refused the connection.",
    remedies: ["ssh ann@web9"],
  },
};

test("file and engine side by side: they can differ", () => {
  assert.deepEqual(renderStatus({ hosts: [host] }, wide), [
    "localhost: Docker 28.5.2, systemd",
    "  the list lives in /etc/docker/daemon.json",
    "  a restart of the engine would stop 2 containers",
    "  REGISTRY                                                          IN THE FILE  IN THE ENGINE",
    "  reg.test:5000                                                     yes          yes",
    "  10.0.0.0/8                                                        yes          no",
    "  a-registry-with-a-name-that-is-rather-long.example.internal:5000  no           yes",
  ]);
});

test("at 80 and 60 columns the registry is cut and the answers stay", () => {
  const at = (columns: number) => renderStatus({ hosts: [host] }, { ...ascii, columns }).slice(3);
  assert.deepEqual(at(80), [
    "  REGISTRY                                            IN THE FILE  IN THE ENGINE",
    "  reg.test:5000                                       yes          yes",
    "  10.0.0.0/8                                          yes          no",
    "  a-registry-with-a-name-that-is-rather-long.exam...  no           yes",
  ]);
  for (const columns of [60, 80]) {
    for (const line of at(columns)) assert.ok(widthOf(line) <= columns, line);
  }
});

test("who owns the list, what a restart stops, why a file must not be touched", () => {
  const lines = (given: Partial<HostStatus>) =>
    renderStatus({ hosts: [{ ...host, registries: [], ...given }] }, ascii);
  assert.deepEqual(lines({ owner: "flags", path: "/etc/default/docker", restartStops: 1 }).slice(1, 3), [
    "  the list lives in /etc/default/docker (flags of the daemon)",
    "  a restart of the engine would stop 1 container",
  ]);
  assert.deepEqual(lines({ owner: "none", restartStops: 0 }).slice(1, 3), [
    "  the list lives in /etc/docker/daemon.json (once there is one)",
    "  a restart of the engine would stop no container",
  ]);
  const problem = "/etc/docker/daemon.json is broken at line 1, column 9.";
  assert.deepEqual(lines({ problem, owner: null, path: null }).slice(0, 2), [
    "localhost: Docker 28.5.2, systemd",
    `  ! ${problem}`,
  ]);
  assert.equal(lines({ engine: null, platform: null })[0], "localhost: no docker engine");
});

test("several hosts stand apart; one that failed says why", () => {
  const one = { ...host, registries: [] };
  const lines = renderStatus({ hosts: [one, failed], ok: false }, ascii);
  assert.deepEqual(lines.slice(-3), [
    "",
    "x ann@web9: web9 port 22 refused the connection.",
    "  -> ssh ann@web9",
  ]);
});

test("a host with nothing listed has a sentence instead of a table", () => {
  const lines = renderStatus({ hosts: [{ ...host, registries: [] }] }, ascii);
  assert.deepEqual(lines.slice(3), ["  no registry is listed"]);
});

test("whatever a host says, no control character comes through", () => {
  const evil = "\u001b]0;owned\u0007\u009b31m\u202e\r\n";
  const bad: HostStatus = {
    ...host,
    host: evil,
    engine: { name: evil, version: evil },
    path: evil,
    problem: evil,
    registries: [{ registry: evil, configured: true, effective: true }],
  };
  const error = { code: evil, message: evil, remedies: [evil] };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  const control = /[\u0000-\u001f\u007f-\u009f\u202e]/;
  for (const line of renderStatus({ hosts: [bad, { ...bad, error }] }, wide))
    assert.doesNotMatch(line, control);
});
