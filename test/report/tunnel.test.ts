import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProgressEvent } from "../../src/ports.ts";
import { createTeller } from "../../src/report/progress.ts";
import { renderStoppedTunnels, renderTunnel, renderTunnels } from "../../src/report/tunnel.ts";
import { renderTunnelLine } from "../../src/report/tunnel-words.ts";
import type { TunnelItem } from "../../src/tunnel/tunnel-outcome.ts";

const plain = (columns: number) => ({ columns, color: false, unicode: true });
const now = new Date("2026-03-01T12:00:00Z");

const item: TunnelItem = {
  name: "ann@server.example:22",
  server: "ann@server.example:22",
  registry: "localhost:5000",
  local: "127.0.0.1:5000",
  to: "localhost:5000",
  state: "up",
  healthy: true,
  since: "2026-03-01T11:48:00Z",
  startedAt: "2026-03-01T11:40:00Z",
  startedBy: "background",
  pid: 4711,
  bytesUp: 3 * 1024 * 1024,
  bytesDown: 512,
  reconnects: 0,
  problem: null,
  forwards: [],
  engine: null,
  log: "/s/tunnel.log",
};

const away: TunnelItem = {
  ...item,
  name: "a tunnel with a very long name that somebody thought of",
  state: "reconnecting",
  healthy: false,
  reconnects: 2,
  problem: "The SSH server at h:22 did not answer within 15 seconds.",
  forwards: [{ from: "127.0.0.1:80", to: "web:80" }],
};

describe("a list of tunnels", () => {
  test("on 100 columns it is one line for each", () => {
    const lines = renderTunnels({ items: [item, away] }, plain(100), now);
    assert.deepEqual(lines.slice(0, 2), [
      "NAME                           REGISTRY        STATE         SINCE    TRAFFIC        BY",
      "ann@server.example:22          localhost:5000  up            12m ago  3 MiB / 512 B  background 4711",
    ]);
    assert.match(lines.slice(3).join("\n"), /2 reconnects.*did not answer.*also 127\.0\.0\.1:80 to web:80/s);
  });

  test("on 80 columns the name is whole", () => {
    const lines = renderTunnels({ items: [item] }, plain(80), now);
    assert.deepEqual(lines, [
      "NAME                   REGISTRY        STATE  SINCE",
      "ann@server.example:22  localhost:5000  up     12m ago",
      "  ann@server.example:22: 3 MiB up, 512 B down; by background (pid 4711)",
    ]);
  });

  test("on 60 columns, what does not fit stands below", () => {
    const lines = renderTunnels({ items: [item, away] }, plain(60), now);
    assert.ok(
      lines.slice(0, 3).every((line) => line.length <= 60),
      lines.join("\n"),
    );
    assert.match(lines[3] ?? "", /3 MiB up, 512 B down; by background \(pid 4711\)/);
  });

  test("says what is up and does not answer, and what connects yet", () => {
    const connecting = { ...item, state: "connecting", registry: null, local: null, healthy: false } as const;
    const lines = renderTunnels({ items: [{ ...item, healthy: false }, connecting] }, plain(100), now);
    assert.match(lines[1] ?? "", /no answer/);
    assert.match(lines[2] ?? "", /–\s+connecting/);
    assert.match(renderTunnels({ items: [] }, plain(80), now).join(), /No tunnel runs/);
  });
});

test("one that is up says what to type next; nothing of a name acts on a terminal", () => {
  const lines = renderTunnel({ items: [{ ...item, name: "a b" }] }, plain(80));
  assert.match(lines[0] ?? "", /The registry of ann@server\.example:22 is localhost:5000 here/);
  assert.ok(lines.some((line) => line.trim() === "regctl publish IMAGE localhost:5000/NAME:TAG"));
  assert.ok(lines.some((line) => line.trim() === "regctl tunnel stop 'a b'"));
  const hostile = renderStoppedTunnels({ items: [{ ...item, name: "x\u001b[2J" }] }, plain(80));
  assert.match(hostile[0] ?? "", /x\\u001b\[2J has stopped/);
});

const event = {
  event: "tunnel",
  host: "ann@server:22",
  state: "up",
  since: "2026-03-01T11:48:09.123Z",
  bytesUp: 2048,
  bytesDown: 0,
  reconnects: 1,
  problem: null,
  changed: true,
} as const satisfies ProgressEvent;

describe("while it runs", () => {
  test("a live line has what fits", () => {
    assert.equal(renderTunnelLine(event, 80), "up since 11:48:09Z, 2 KiB up, 0 B down, 1 reconnect");
    assert.equal(renderTunnelLine(event, 40), "up since 11:48:09Z, 2 KiB up, 0 B down");
    assert.equal(renderTunnelLine(event, 20), "up since 11:48:09Z");
    const failed = { ...event, state: "failed", problem: "no\u001b" } as const;
    assert.equal(renderTunnelLine(failed, 80), "failed, no\\u001b, 2 KiB up, 0 B down, 1 reconnect");
  });

  test("lines that stay tell changes alone, and programs get all", () => {
    const told = (mode: "plain" | "json") => {
      let text = "";
      const screen = { write: (more: string) => (text += more) };
      const { emit } = createTeller(screen, { ...plain(80), mode, verbose: false, now: () => 0 });
      emit(event);
      emit({ ...event, changed: false, bytesUp: 4096 });
      emit({ ...event, state: "reconnecting", problem: "It is gone." });
      return text.trimEnd().split("\n");
    };
    assert.deepEqual(told("plain"), [
      "✔ ann@server:22: the tunnel is up again",
      "▲ ann@server:22: the tunnel is reconnecting: It is gone.",
    ]);
    assert.deepEqual(
      told("json").map((line) => JSON.parse(line).bytesUp),
      [2048, 4096, 2048],
    );
  });
});
