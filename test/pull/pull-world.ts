/** Our own registry behind a proxy that breaks, and an engine that does not trust it. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ProgressEvent } from "../../src/ports.ts";
import type { PullItem } from "../../src/pull/outcome.ts";
import { pullImages } from "../../src/pull/pull-images.ts";
import type { PullInput } from "../../src/pull/pull-input.ts";
import { engine2010 } from "../engine/scripts.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { openHastyWorld } from "../support/hasty-world.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import type { EngineScript } from "../support/scripted-engine.ts";
import { createTempHome } from "../support/temp-home.ts";
import { type ModelEngine, startModelEngine } from "./model-engine.ts";

export interface PullWorld extends AsyncDisposable {
  readonly engine: ModelEngine;
  /** The registry itself, and in front of it. */
  readonly host: string;
  readonly proxy: FaultProxy;
  readonly home: string;
  readonly told: ProgressEvent[];
  pull(reference: string, input?: Partial<PullInput>): Promise<PullItem>;
  pullAll(input: Partial<PullInput>): ReturnType<typeof pullImages>;
  /** Files that wait for another run. */
  kept(): Promise<readonly string[]>;
}

/** `place`: the home, when it is not to be one of its own. */
export async function openPullWorld(
  script: EngineScript = engine2010,
  place: string | null = null,
): Promise<PullWorld> {
  const [temporary, registry, engine] = await Promise.all([
    createTempHome(),
    startOwnRegistry(),
    startModelEngine(script),
  ]);
  const home = { path: place ?? temporary.path };
  const proxy = await startFaultProxy(registry.host);
  const told: ProgressEvent[] = [];
  const pullAll: PullWorld["pullAll"] = async (input) => {
    const world = openHastyWorld({ home: home.path });
    const environment = {
      ...world.context.environment,
      DOCKER_HOST: `unix://${engine.scripted.socketPath}`,
    };
    const usual = {
      references: [],
      as: [],
      overwrite: false,
      machine: { os: "linux", architecture: "amd64" },
    };
    try {
      return await pullImages({ ...usual, ...input }, { ...world.context, environment });
    } finally {
      told.push(...world.told);
    }
  };
  return {
    engine,
    host: registry.host,
    proxy,
    home: home.path,
    told,
    pullAll,
    pull: async (reference, input = {}) => {
      const { document } = await pullAll({ ...input, references: [`${proxy.host}/${reference}`] });
      const [item] = document.items;
      assert.ok(item !== undefined);
      return item;
    },
    kept: async () => await readdir(join(home.path, ".cache/regctl/pull")).catch(() => []),
    [Symbol.asyncDispose]: async () => {
      for (const one of [proxy, registry, engine, temporary]) await one[Symbol.asyncDispose]();
    },
  };
}
