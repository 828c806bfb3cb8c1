/** `pull`: images of registries into the engine, by the better of two ways, or into files. */
import { readEngineTrust } from "../access/engine-trust.ts";
import { openClient } from "../access/open.ts";
import type { AccessWorld } from "../access/world.ts";
import { userPaths } from "../config/paths.ts";
import { type EngineWorld, type ReachedEngine, reachEngine } from "../engine/reach-engine.ts";
import { isRegctlError, RegctlError } from "../errors.ts";
import { exitCodeOf } from "../exit-codes.ts";
import { explain, toRegctlError } from "../explain/errors.ts";
import { hostOf } from "../registry/insecure-list.ts";
import { isLoopbackHost } from "../registry/loopback.ts";
import { type Reference, renderReference } from "../registry/reference.ts";
import { type ChosenWay, chooseWay } from "./choose-way.ts";
import { type EngineFacts, readEngineFacts } from "./engine-facts.ts";
import { localNamesOf } from "./local-names.ts";
import type { PullItem, PullOutcome } from "./outcome.ts";
import { pullByEngine } from "./pull-by-engine.ts";
import { type Pulled, pullDirectly } from "./pull-directly.ts";
import { type JudgedInput, judgeInput, type MeantImage, type PullInput } from "./pull-input.ts";
import { pullToFile } from "./pull-to-file.ts";

export type PullWorld = AccessWorld & EngineWorld;

export interface PulledImages {
  readonly document: PullOutcome;
  readonly exitCode: number;
}

/** With one image its error is thrown; with several it stands in its item. */
export async function pullImages(input: PullInput, world: PullWorld): Promise<PulledImages> {
  const judged = await judgeInput(input, world);
  const { output } = judged;
  if (output !== null)
    return await pullEach(judged, (image) => pullToFile(image, output, input, world), world);
  const reached = await reachOrSuggest(input, world);
  try {
    const facts = await readEngineFacts(reached.engine);
    const into = { input, judged, reached, facts, world };
    return await pullEach(judged, (image) => pullIntoEngine(image, into), world);
  } finally {
    await reached.close();
  }
}

async function reachOrSuggest(input: PullInput, world: PullWorld): Promise<ReachedEngine> {
  try {
    return await reachEngine(world, input.context);
  } catch (error) {
    if (!isRegctlError(error, "ENGINE_UNREACHABLE")) throw error;
    const instead = "Without an engine, into a file: --output oci:DIR or --output docker-archive:FILE";
    throw new RegctlError("ENGINE_UNREACHABLE", { ...error.facts, instead }, { cause: error.cause });
  }
}

/** One after the other: what one brings, the next need not fetch. */
async function pullEach(
  { images }: JudgedInput,
  pull: (image: MeantImage) => Promise<PullItem>,
  world: PullWorld,
): Promise<PulledImages> {
  const items: PullItem[] = [];
  const codes: number[] = [];
  for (const image of images) {
    try {
      world.signal.throwIfAborted();
      items.push(await pull(image));
    } catch (error) {
      if (images.length === 1 || world.signal.aborted) throw error;
      const known = toRegctlError(error);
      codes.push(exitCodeOf[known.code]);
      items.push(failedItem(image.reference, known));
    }
  }
  const [first = 0] = codes;
  const document = codes.length === 0 ? { items } : { ok: false as const, items };
  return { document, exitCode: codes.every((code) => code === first) ? first : 1 };
}

interface Into {
  readonly input: PullInput;
  readonly judged: JudgedInput;
  readonly reached: ReachedEngine;
  readonly facts: EngineFacts;
  readonly world: PullWorld;
}

async function pullIntoEngine(image: MeantImage, into: Into): Promise<PullItem> {
  const { judged, world } = into;
  const { reference } = image;
  const begin = world.clock.now().getTime();
  const chosen = await decideWay(reference, into);
  world.emit({ event: "step", host: reference.registry, step: `${chosen.way}: ${chosen.why}` });
  const names = localNamesOf(reference, judged.as);
  const pulled =
    chosen.way === "engine"
      ? await throughEngine(reference, names, into)
      : await directly(image, names, into);
  const seconds = Math.round(world.clock.now().getTime() - begin) / 1000;
  const { way: via, why } = chosen;
  return { reference: renderReference(reference), via, why, output: null, ...pulled, seconds };
}

async function decideWay(reference: Reference, { input, reached, world }: Into): Promise<ChosenWay> {
  const { registry, digest } = reference;
  const facts = {
    asked: input.via ?? null,
    loopback: isLoopbackHost(hostOf(registry)),
    engineHere: reached.local,
    byDigest: digest !== undefined,
  };
  const needed = facts.asked === null && (facts.engineHere || !facts.loopback);
  if (needed) world.emit({ event: "step", host: registry, step: "ask the engine" });
  const trust = needed ? await readEngineTrust(reached.engine, registry) : null;
  return chooseWay({ ...facts, verdict: trust?.verdict ?? null });
}

function throughEngine(
  reference: Reference,
  names: readonly string[],
  { input, reached, world }: Into,
): Promise<Pulled> {
  return pullByEngine(reference, { engine: reached.engine, names, platform: input.platform ?? null, world });
}

async function directly(
  { reference, settings }: MeantImage,
  names: readonly string[],
  into: Into,
): Promise<Pulled> {
  const { input, judged, reached, facts, world } = into;
  const client = await openClient({ ...input, registry: reference.registry, settings }, world);
  const { environment, home } = world;
  try {
    return await pullDirectly(reference, {
      client,
      engine: reached.engine,
      facts,
      engineHere: reached.local,
      wanted: { platform: judged.platform ?? facts.platform, asked: judged.platform !== null },
      names,
      spoolFolder: world.maySave().ok ? `${userPaths(environment, home).cache}/pull` : null,
      world,
    });
  } finally {
    await client.close();
  }
}

function failedItem(reference: Reference, error: RegctlError): PullItem {
  const { code, message, remedies } = explain(error);
  return {
    reference: renderReference(reference),
    digest: null,
    imageId: null,
    via: null,
    why: null,
    platform: null,
    names: [],
    output: null,
    bytesReceived: 0,
    bytesReused: 0,
    layers: { received: 0, reused: 0 },
    changed: false,
    digestKnown: false,
    seconds: 0,
    error: { code, message, remedies },
  };
}
