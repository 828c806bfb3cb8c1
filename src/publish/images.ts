/** `images`: what the engine has, and whether the default registry has it too. */
import pLimit from "p-limit";
import { openClient, type TrustFlags } from "../access/open.ts";
import { parseRegistryName } from "../access/registry-name.ts";
import { usualRegistry } from "../access/which-registry.ts";
import type { AccessWorld } from "../access/world.ts";
import { userPaths } from "../config/paths.ts";
import type { Settings } from "../config/settings.ts";
import { readSettings } from "../config/store.ts";
import { type EngineWorld, reachEngine } from "../engine/reach-engine.ts";
import { isRegctlError } from "../errors.ts";
import { explain } from "../explain/errors.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { ImageItem, ImageOrder, ImagesOutcome } from "./images-outcome.ts";
import { createJudge, type Standing } from "./images-published.ts";
import { createRowFilter, type ImageRow, rowsOf, sortRows } from "./images-rows.ts";

export interface ImagesInput extends TrustFlags {
  readonly filter?: string | undefined;
  readonly unpublished: boolean;
  readonly sort: ImageOrder;
  readonly registry?: string | undefined;
  readonly context?: string | undefined;
  readonly timeoutSeconds?: number | undefined;
}

type World = AccessWorld & EngineWorld;

/** Throws ENGINE_UNREACHABLE; a registry that cannot be asked is a warning. */
export async function listImages(input: ImagesInput, world: World): Promise<ImagesOutcome> {
  const fits = createRowFilter(input.filter);
  const settings = await readSettings(world.files, userPaths(world.environment, world.home));
  const given = input.registry ?? (await usualRegistry(settings, world))?.registry;
  const registry = given === undefined ? null : parseRegistryName(given);
  const rows = sortRows((await readRows(input, world)).filter(fits), input.sort);
  const items = await judgeRows(rows, registry, { input, settings, world });
  // What nobody can tell about may be missing: it is shown rather than passed over.
  const wanted = input.unpublished ? items.filter(({ published }) => published !== "yes") : items;
  return { registry, items: wanted };
}

async function readRows({ context }: ImagesInput, world: World): Promise<readonly ImageRow[]> {
  const reached = await reachEngine(world, context);
  try {
    return rowsOf(await reached.engine.images.list());
  } finally {
    await reached.close();
  }
}

interface Asking {
  readonly input: ImagesInput;
  readonly settings: Settings;
  readonly world: World;
}

const unknown: Standing = { published: "unknown", there: null };

async function judgeRows(
  rows: readonly ImageRow[],
  registry: string | null,
  { input, settings, world }: Asking,
): Promise<readonly ImageItem[]> {
  if (rows.length === 0) return [];
  if (registry === null) {
    const note = "no default registry is set, so nobody knows what is published: regctl use HOST[:PORT]";
    world.emit({ event: "note", note });
    return rows.map((row) => itemOf(row, unknown));
  }
  try {
    const client = await openClient({ ...input, registry, settings }, world);
    try {
      return await askAll(rows, client, world);
    } finally {
      await client.close();
    }
  } catch (error) {
    world.signal.throwIfAborted();
    if (!isRegctlError(error)) throw error;
    world.emit({ event: "warning", host: registry, warning: explain(error).message });
    return rows.map((row) => itemOf(row, unknown));
  }
}

/** Names at once. */
const askedAtOnce = 12;

async function askAll(
  rows: readonly ImageRow[],
  client: RegistryClient,
  world: World,
): Promise<readonly ImageItem[]> {
  const limit = pLimit(askedAtOnce);
  const told = new Set<string>();
  const { judge } = createJudge(client);
  const judgeOrTell = async (row: ImageRow): Promise<ImageItem> => {
    try {
      return itemOf(row, await judge(row));
    } catch (error) {
      world.signal.throwIfAborted();
      if (!isRegctlError(error)) throw error;
      const warning = explain(error).message;
      if (!told.has(warning)) world.emit({ event: "warning", host: client.registry, warning });
      told.add(warning);
      return itemOf(row, unknown);
    }
  };
  return await Promise.all(rows.map((row) => limit(judgeOrTell, row)));
}

function itemOf({ repository, tag, id, created, size }: ImageRow, standing: Standing): ImageItem {
  return { repository, tag, id, created, size, ...standing };
}
