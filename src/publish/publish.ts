/** `publish`: an image of an engine, or one in a file, into a registry. */
import type { TrustFlags } from "../access/open.ts";
import { userPaths } from "../config/paths.ts";
import type { ReachedEngine } from "../engine/reach-engine.ts";
import { RegctlError } from "../errors.ts";
import type { Digest } from "../registry/digest.ts";
import { renderReference } from "../registry/reference.ts";
import { outlive } from "../transfer/outlive.ts";
import type { ChosenWay } from "./choose-way.ts";
import { type Destination, openDestination, renderName } from "./destination.ts";
import { type ImageArgument, parseImageArgument } from "./image-argument.ts";
import { openLayerCache } from "./layer-cache.ts";
import { chooseNames, type Names } from "./names.ts";
import type { PublishItem, PublishOutcome, Way } from "./outcome.ts";
import { openFile, publishFile } from "./publish-file.ts";
import { openFromEngine, publishFromEngine } from "./publish-from-engine.ts";
import type { Published } from "./published.ts";
import { type NameState, readNames } from "./put-names.ts";
import type { ManifestFormat } from "./render-manifest.ts";
import { chooseShape, type Shape, zstdWarning } from "./shape.ts";
import type { PublishWorld } from "./world.ts";

export interface PublishInput {
  readonly image: string;
  /** None: the image's own name. */
  readonly names: readonly string[];
  readonly via?: Way | undefined;
  readonly compression?: string | undefined;
  readonly format?: ManifestFormat | undefined;
  /** The image gets its new names in the engine, too. */
  readonly tag: boolean;
  readonly overwrite: boolean;
  readonly dryRun: boolean;
  readonly registry?: string | undefined;
  readonly context?: string | undefined;
  readonly trust: TrustFlags;
  readonly timeoutSeconds?: number | undefined;
}

export async function publishImage(input: PublishInput, world: PublishWorld): Promise<PublishOutcome> {
  const begin = world.clock.now().getTime();
  const argument = parseImageArgument(input.image);
  const shape = chooseShape(input.compression, input.format);
  const lives = outlive(world.signal);
  const lasting = { ...world, signal: lives.signal };
  try {
    const done = await publishArgument(argument, shape, input, lasting, world.signal);
    if (shape.compression.algorithm === "zstd") world.emit({ event: "warning", warning: zstdWarning });
    const seconds = Math.round(world.clock.now().getTime() - begin) / 1000;
    return renderOutcome(done, input, seconds);
  } finally {
    lives.end();
  }
}

interface Done extends ChosenWay {
  readonly published: Published;
  readonly states: readonly NameState[];
  readonly tagged: ReadonlySet<string>;
}

async function publishArgument(
  argument: ImageArgument,
  shape: Shape,
  input: PublishInput,
  world: PublishWorld,
  signal: AbortSignal,
): Promise<Done> {
  // What was typed is judged before anything is opened or asked.
  const typed = input.names.length > 0 ? await chooseNames({ ...namesOf(input), own: [] }, world) : null;
  if (argument.kind === "engine") return await withEngine(argument.name, typed, shape, input, world, signal);
  if (input.via === "engine") {
    throw new RegctlError("USAGE", {
      problem: "an engine pushes what it has, and this image lies in a file",
      type: `docker load -i ${argument.path}`,
    });
  }
  const file = await openFile(argument);
  try {
    const names = typed ?? (await chooseNames({ ...namesOf(input), own: file.own }, world));
    return await withDestination(names, input, world, signal, async (destination, states) => {
      const cache = await openCache(names, world);
      const rules = { overwrite: input.overwrite, dryRun: input.dryRun };
      const published = await publishFile(
        { end: argument, file, destination, states, shape, cache, ...rules },
        world,
      );
      return { published, states, way: "direct", why: "the image lies in a file", tagged: new Set() };
    });
  } finally {
    await file.source.close();
  }
}

function namesOf({ image, names, registry }: PublishInput) {
  return { image, given: names, registry };
}

async function withEngine(
  name: string,
  typed: Names | null,
  shape: Shape,
  input: PublishInput,
  world: PublishWorld,
  signal: AbortSignal,
): Promise<Done> {
  const found = await openFromEngine(name, input.context, world);
  try {
    const own = ownNames(name, found.details.tags);
    const names = typed ?? (await chooseNames({ ...namesOf(input), own }, world));
    return await withDestination(names, input, world, signal, async (destination, states) => {
      const cache = await openCache(names, world);
      const { published, ...way } = await publishFromEngine(
        { ...found, destination, states, shape, cache, ...input },
        world,
      );
      const tagged = await tagInEngine(found, destination, input);
      return { published, states, ...way, tagged };
    });
  } finally {
    await found.reached.close();
  }
}

/** The name that was typed is meant, not the others that the image has. */
function ownNames(typed: string, tags: readonly string[]): readonly string[] {
  return tags
    .filter((tag) => tag === typed || tag === `${typed}:latest`)
    .slice(0, 1)
    .concat(tags.includes(typed) || tags.includes(`${typed}:latest`) ? [] : tags);
}

async function withDestination(
  names: Names,
  input: PublishInput,
  world: PublishWorld,
  signal: AbortSignal,
  use: (destination: Destination, states: readonly NameState[]) => Promise<Done>,
): Promise<Done> {
  const { trust, timeoutSeconds } = input;
  const ending = new AbortController();
  const both = AbortSignal.any([signal, ending.signal]);
  const destination = await openDestination({ ...names, trust, timeoutSeconds }, world, both);
  try {
    return await use(destination, await readNames(destination));
  } catch (error) {
    // What else is under way stops, and is kept for the next run where it can be.
    ending.abort(error);
    throw error;
  } finally {
    await destination.close();
  }
}

function openCache({ registry }: Names, world: PublishWorld) {
  const folder = userPaths(world.environment, world.home).cache;
  return openLayerCache({ files: world.files, folder, registry, maySave: world.maySave().ok });
}

async function tagInEngine(
  { reached, details }: { readonly reached: ReachedEngine; readonly details: { readonly id: string } },
  { names }: Destination,
  { tag, dryRun }: PublishInput,
): Promise<ReadonlySet<string>> {
  if (!tag || dryRun) return new Set();
  for (const { registry, repository, tag: name } of names) {
    await reached.engine.images.tag(details.id, `${registry}/${repository}`, name);
  }
  return new Set(names.map(renderName));
}

function renderOutcome(done: Done, { dryRun }: PublishInput, seconds: number): PublishOutcome {
  const { published, states, way, why, tagged } = done;
  const { root } = published;
  const items = states.map(({ name, before }, index): PublishItem => {
    const reference = renderName(name);
    return {
      reference,
      digest: root,
      imageId: published.imageId,
      via: way,
      bytesSent: index === 0 ? published.bytesSent : 0,
      bytesReused: published.bytesReused,
      layers: published.layers,
      seconds,
      replaced: before === root ? null : before,
      changed: before === null || before !== root,
      pull: pullLine(name, root),
      tagged: tagged.has(reference),
    };
  });
  return { dryRun, via: way, why, items };
}

function pullLine(name: NameState["name"], digest: Digest | null): string | null {
  if (digest === null) return null;
  return renderReference({ registry: name.registry, repository: name.repository, digest });
}
