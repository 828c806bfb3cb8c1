import assert from "node:assert/strict";
import { test } from "node:test";
import { type DaemonProcess, daemonOf } from "../../src/platform/facts.ts";

const dockerd: DaemonProcess = {
  pid: 98,
  argv: ["/usr/sbin/dockerd", "-H", "fd://"],
  executable: "/usr/sbin/dockerd",
  uid: 0,
  started: 1_000,
  startTicks: "900",
  sameRoot: true,
  ownsSocket: "yes",
};

/** What `/proc` shows between fork and exec, when the daemon starts a runc or a proxy. */
const forked: DaemonProcess = { ...dockerd, pid: 729, startTicks: "12345" };

for (const ownsSocket of ["yes", "unknown"] as const) {
  test(`a child that the daemon has just forked is not taken for it (owns the socket: ${ownsSocket})`, () => {
    const daemons = [forked, dockerd].map((daemon) => ({ ...daemon, ownsSocket }));
    assert.equal(daemonOf({ daemons })?.pid, 98);
  });
}

test("of two daemons the one with the socket is meant, and without the rights to look neither", () => {
  const second: DaemonProcess = {
    ...dockerd,
    pid: 55,
    startTicks: "800",
    argv: ["dockerd"],
    ownsSocket: "no",
  };
  assert.equal(daemonOf({ daemons: [second, dockerd] })?.pid, 98);
  const unknown = [second, dockerd].map((daemon) => ({ ...daemon, ownsSocket: "unknown" as const }));
  assert.equal(daemonOf({ daemons: unknown }), undefined);
});
