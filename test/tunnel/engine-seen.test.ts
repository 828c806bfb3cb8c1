/** What a document and a terminal say of the engine's side. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RegctlError } from "../../src/errors.ts";
import { renderEngine, renderPush } from "../../src/report/tunnel-engine.ts";
import { meetsDirectly } from "../../src/tunnel/engine-landing.ts";
import { seeEngine } from "../../src/tunnel/engine-seen.ts";
import type { EngineSide } from "../../src/tunnel/engine-side.ts";

const why = "because";
const way = { spec: { host: "vm" }, identityFiles: [], configFile: null };
const there: EngineSide = { side: "there", engine: "Colima", why, way };
const at = { kind: "tcp", host: "127.0.0.1", port: 5001 } as const;
const lost = new RegctlError("SSH_NAME_UNKNOWN", { host: "vm" });

interface Case {
  readonly what: string;
  readonly side: EngineSide;
  readonly at?: typeof at;
  readonly problem?: RegctlError;
  readonly registry: string | null;
  readonly engine: RegExp | null;
  readonly push: readonly RegExp[];
}

const push = /^docker tag IMAGE (\S+)\/NAME:TAG && docker push \1\/NAME:TAG$/;

const cases: readonly Case[] = [
  {
    what: "here",
    side: { side: "here", engine: "the engine", why },
    registry: "localhost:5001",
    engine: /^ {2}engine: the engine \(because\): localhost is the same for it$/,
    push: [push],
  },
  { what: "there", side: there, at, registry: "localhost:5001", engine: /there, too$/, push: [push] },
  {
    what: "on the server itself",
    side: there,
    registry: "localhost:5001",
    engine: /there, too$/,
    push: [push],
  },
  { what: "out of reach", side: there, problem: lost, registry: null, engine: /not reached/, push: [] },
  {
    what: "apart, with a bridge",
    side: { side: "apart", engine: "OrbStack", why, bridge: "host.docker.internal" },
    registry: "host.docker.internal:5001",
    engine: /publish and pull work as they are; for docker push it is host\.docker\.internal:5001$/,
    push: [/^regctl setup insecure host\.docker\.internal:5001$/, push],
  },
  {
    what: "apart, without one",
    side: { side: "apart", engine: "the rootless engine", why, bridge: null },
    registry: null,
    engine: /use regctl publish and pull/,
    push: [],
  },
  {
    what: "nobody knows where",
    side: { side: "unknown", engine: "the engine at tcp://10.0.0.1:2376", why },
    registry: null,
    engine: /--engine-host USER@HOST$/,
    push: [],
  },
  { what: "nowhere", side: { side: "none" }, registry: null, engine: null, push: [] },
];

describe("an engine is told", () => {
  for (const { what, side, problem = null, registry, engine, push: lines, ...more } of cases) {
    it(what, () => {
      const seen = seeEngine({ side, problem }, more.at ?? null, 5001);
      assert.equal(seen.registry, registry);
      const told = renderEngine(seen, { columns: 1000 });
      assert.equal(told.length, engine === null ? 0 : 1);
      if (engine !== null) assert.match(told[0] ?? "", engine);
      const pushed = renderPush(seen);
      assert.equal(pushed.length, lines.length);
      for (const [index, line] of lines.entries()) assert.match(pushed[index] ?? "", line);
    });
  }

  it("an engine on the server meets the registry by itself, at its own port and loopback alone", () => {
    const server = { host: "10.0.0.1", port: 22 };
    const to = { kind: "tcp", host: "localhost", port: 5000 } as const;
    assert.equal(meetsDirectly(server, server, to), 5000);
    assert.equal(meetsDirectly({ ...server, port: 2222 }, server, to), null);
    assert.equal(meetsDirectly(server, server, { ...to, host: "registry.local" }), null);
    assert.equal(meetsDirectly(server, server, { kind: "unix", path: "/r.sock" }), null);
  });
});
