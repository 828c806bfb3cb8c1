/** What every way to an engine must do. Run by the test of each carrier against the scripted engine. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EngineCarrier } from "../../src/engine/carrier.ts";
import { createEngine, type Engine } from "../../src/engine/client.ts";
import { insecureRegistriesOf, isRootless, usesContainerdStore } from "../../src/engine/engine-info.ts";
import { judgeProbe } from "../../src/engine/probe.ts";
import { isRegctlError } from "../../src/errors.ts";
import { type EngineScript, type ScriptedEngine, startScriptedEngine } from "../support/scripted-engine.ts";
import { engine16, engine28, engine2010 } from "./scripts.ts";

export type OpenCarrier = (socketPath: string) => EngineCarrier;

export function carrierContract(openCarrier: OpenCarrier, options: { skip?: string | false } = {}): void {
  describe("an engine behind this carrier", { skip: options.skip ?? false }, () => {
    const using = async (
      script: EngineScript,
      use: (engine: Engine, scripted: ScriptedEngine) => Promise<void>,
    ) => {
      const scripted = await startScriptedEngine(script);
      const engine = createEngine(openCarrier(scripted.socketPath), { host: "lab", via: "test" });
      try {
        await use(engine, scripted);
      } finally {
        await engine.close();
        await scripted.close();
      }
    };
    answers(using);
    failures(using);
  });
}

type Using = (
  script: EngineScript,
  use: (engine: Engine, scripted: ScriptedEngine) => Promise<void>,
) => Promise<void>;

function answers(using: Using): void {
  it("reads a 20.10", async () => {
    await using(engine2010, async (engine, scripted) => {
      const info = await engine.info();
      assert.equal(info.serverVersion, "20.10.24+dfsg1");
      assert.equal(info.liveRestore, true);
      assert.equal(info.swarmState, "inactive");
      assert.equal(info.containersRunning, 1);
      assert.deepEqual(insecureRegistriesOf(info), ["10.1.0.0/16", "127.0.0.0/8", "reg.test:5000"]);
      assert.deepEqual(info.mirrors, ["https://mirror.test/"]);
      assert.deepEqual(await engine.containers(), [{ id: "c1", names: ["web"], image: "web:1" }]);
      assert.deepEqual(await engine.containerProcess("c1"), {
        pid: 1234,
        startedAt: "2026-11-23T11:00:00.5Z",
      });
      assert.equal(await engine.containerProcess("gone"), null);
      assert.equal(await engine.lastReload(1795438000.7), 1795436000);
      assert.deepEqual(scripted.requests.slice(0, 2), ["GET /_ping", "GET /v1.41/info"]);
      assert.ok(
        scripted.requests.some((request) =>
          request.startsWith("GET /v1.41/events?since=0&until=1795438000&"),
        ),
      );
    });
  });

  it("reads a 1.6, which says less", async () => {
    await using(engine16, async (engine, scripted) => {
      assert.deepEqual(await engine.ping(), { apiVersion: null });
      const info = await engine.info();
      assert.equal(info.serverVersion, "1.6.2");
      assert.equal(info.liveRestore, false);
      assert.deepEqual(info.labels, []);
      assert.deepEqual(insecureRegistriesOf(info), ["127.0.0.0/8", "reg.test:5000"]);
      assert.deepEqual(await engine.containers(), [
        { id: "c1", names: ["web/db", "db"], image: "postgres:9.4" },
      ]);
      assert.equal(await engine.lastReload(1795438000), null);
      assert.equal(judgeProbe(await engine.probeRegistry("reg.test:5000/x:y", 1000)).verdict, "unsupported");
      assert.ok(scripted.requests.includes("GET /v1.18/info"));
    });
  });

  it("speaks its own version to an engine that is newer", async () => {
    await using(engine28, async (engine) => {
      assert.deepEqual(await engine.ping(), { apiVersion: "1.99" });
      assert.equal(await engine.apiVersion(), "1.51");
      const info = await engine.info();
      assert.equal(isRootless(info), true);
      assert.equal(usesContainerdStore(info), true);
      assert.equal((await engine.version()).minApiVersion, "1.44");
    });
  });

  it("passes on what the engine heard from a registry", async () => {
    await using(engine2010, async (engine, scripted) => {
      const message = 'Get "https://reg.test:5000/v2/": http: server gave HTTP response to HTTPS client';
      scripted.intercept((request, response) => {
        if (!request.url?.includes("/distribution/")) return false;
        response.writeHead(500, { "Content-Type": "application/json" }).end(JSON.stringify({ message }));
        return true;
      });
      const answer = await engine.probeRegistry("reg.test:5000/team/probe:x", 1000);
      assert.deepEqual(answer, { status: 500, message });
      assert.ok(scripted.requests.includes("GET /v1.41/distribution/reg.test:5000/team/probe:x/json"));
    });
  });

  it("reads an answer that comes in many chunks", async () => {
    await using(engine2010, async (engine, scripted) => {
      const text = JSON.stringify({ ...engine2010.info, Name: "ä".repeat(100_000) });
      scripted.intercept((request, response) => {
        if (!request.url?.endsWith("/info")) return false;
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; at += 7001) response.write(bytes.subarray(at, at + 7001));
        response.end();
        return true;
      });
      assert.equal((await engine.info()).name, "ä".repeat(100_000));
    });
  });
}

function failures(using: Using): void {
  it("tells an engine that refuses", async () => {
    await using(engine2010, async (engine, scripted) => {
      scripted.intercept((request, response) => {
        if (!request.url?.endsWith("/info")) return false;
        response.writeHead(500, { "Content-Type": "application/json" }).end('{"message":"no space left"}\n');
        return true;
      });
      await assert.rejects(engine.info(), (error: unknown) => {
        assert.ok(isRegctlError(error, "ENGINE_ERROR"));
        const facts = { host: "lab", request: "GET /v1.41/info", status: 500, message: "no space left" };
        assert.deepEqual(error.facts, facts);
        return true;
      });
    });
  });

  it("gives up on an engine that is silent", async () => {
    await using(engine2010, async (engine, scripted) => {
      scripted.intercept(() => true);
      await assert.rejects(engine.ping({ timeoutMs: 300 }), (error: unknown) => {
        assert.ok(isRegctlError(error, "ENGINE_UNREACHABLE"));
        assert.equal(error.facts.reason, "no answer within 0.3 s");
        return true;
      });
    });
  });

  it("calls a registry that keeps the engine waiting unreachable", async () => {
    await using(engine2010, async (engine, scripted) => {
      scripted.intercept((request) => request.url?.includes("/distribution/") ?? false);
      assert.equal(judgeProbe(await engine.probeRegistry("reg.test:5000/x:y", 300)).verdict, "unreachable");
      assert.equal((await engine.info()).name, "lab");
    });
  });

  it("refuses an answer that never ends", async () => {
    await using(engine2010, async (engine, scripted) => {
      scripted.intercept((request, response) => {
        if (!request.url?.endsWith("/info")) return false;
        const chunk = Buffer.alloc(1024 * 1024, " ");
        const more = () => {
          while (!response.destroyed && response.write(chunk));
        };
        response.on("drain", more);
        more();
        return true;
      });
      await assert.rejects(engine.info(), (error: unknown) => {
        assert.ok(isRegctlError(error, "ENGINE_UNREACHABLE"));
        assert.match(error.facts.reason, /longer than \d+ bytes/);
        return true;
      });
    });
  });

  it("tells a connection cut in the middle, and works again after it", async () => {
    await using(engine2010, async (engine, scripted) => {
      let cuts = 0;
      scripted.intercept((request, response) => {
        if (!request.url?.endsWith("/info") || cuts > 0) return false;
        cuts += 1;
        response.writeHead(200, { "Content-Length": "100000" });
        response.write("{", () => scripted.cut());
        return true;
      });
      await assert.rejects(engine.info(), (error: unknown) => isRegctlError(error, "ENGINE_UNREACHABLE"));
      assert.equal((await engine.info()).name, "lab");
    });
  });

  it("does not take anything else for an engine", async () => {
    await using(engine2010, async (engine, scripted) => {
      scripted.intercept((_request, response) => {
        response.end("<html>hello</html>");
        return true;
      });
      await assert.rejects(engine.info(), (error: unknown) => isRegctlError(error, "ENGINE_ERROR"));
    });
  });

  it("is unreachable when nobody listens", async () => {
    await using(engine2010, async (engine, scripted) => {
      await scripted.close();
      await assert.rejects(engine.info(), (error: unknown) => isRegctlError(error, "ENGINE_UNREACHABLE"));
    });
  });
}
