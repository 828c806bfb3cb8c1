/** From what was typed to a source and a target that are open. */

import { openClient, type TrustFlags } from "../access/open.ts";
import { chooseImage, chooseRepository } from "../access/which-image.ts";
import type { AccessWorld } from "../access/world.ts";
import { userPaths } from "../config/paths.ts";
import type { Settings } from "../config/settings.ts";
import { RegctlError } from "../errors.ts";
import type { RegistryClient } from "../registry/client.ts";
import { createBodyLimit } from "./chunk-size.ts";
import { type EndpointText, parseEndpoint, renderFileEndpoint } from "./endpoint.ts";
import { type End, placeOf, renderEnd } from "./ends.ts";
import { createFileSource } from "./file-source.ts";
import { createFileTarget } from "./file-target.ts";
import type { ImageSource, Place } from "./image-source.ts";
import type { ImageTarget } from "./image-target.ts";
import { createRegistrySource } from "./registry-source.ts";
import { createRegistryTarget } from "./registry-target.ts";
import { createUploadNotes, noUploadNotes, type UploadNotes } from "./resume-state.ts";

export interface EndsInput {
  readonly source: string;
  readonly destination: string;
  /** For names without a registry. */
  readonly registry?: string | undefined;
  /** Of the destination, or of the only registry. */
  readonly trust: TrustFlags;
  /** Of the source, where both ends are registries. */
  readonly sourceTrust: TrustFlags;
  /** Both name a repository rather than an image. */
  readonly allTags: boolean;
  /** An archive that is there may be replaced. */
  readonly overwrite: boolean;
  readonly timeoutSeconds?: number | undefined;
}

interface ChosenEnd {
  readonly end: End;
  readonly settings: Settings | null;
}

export interface ChosenEnds {
  readonly from: ChosenEnd;
  readonly to: ChosenEnd;
}

/** Throws USAGE, BAD_REFERENCE. */
export async function chooseEnds(input: EndsInput, world: AccessWorld): Promise<ChosenEnds> {
  const from = await chooseEnd(parseEndpoint(input.source), input, world);
  const to = await chooseEnd(parseEndpoint(input.destination), input, world);
  const named = [from.end, to.end].find(
    (end) => end.kind !== "registry" && (end.name ?? end.digest) !== null,
  );
  if (input.allTags && named !== undefined && named.kind !== "registry") {
    const problem = `--all-tags takes everything, and ${renderEnd(named)} names one image`;
    throw new RegctlError("USAGE", {
      problem,
      type: renderFileEndpoint({ ...named, name: null, digest: null }),
    });
  }
  if (to.end.kind !== "registry" && to.end.digest !== null) {
    const problem = "an image in a file is written by a name, or by none: its digest is what it is";
    throw new RegctlError("USAGE", { problem, type: renderFileEndpoint({ ...to.end, digest: null }) });
  }
  return { from, to };
}

async function chooseEnd(text: EndpointText, input: EndsInput, world: AccessWorld): Promise<ChosenEnd> {
  if (text.kind !== "registry") return { end: text, settings: null };
  const choose = input.allTags ? chooseRepository : chooseImage;
  const { reference, settings } = await choose(
    text.text,
    { registry: input.registry, takesFiles: true },
    world,
  );
  return { end: { kind: "registry", reference }, settings };
}

export interface OpenedEnds {
  readonly source: ImageSource;
  readonly target: ImageTarget;
  /** Blobs are linked from the source. */
  readonly mounts: boolean;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Ends waiting; clients live a little longer, to take back what was begun. */
  readonly signal: AbortSignal;
  /** Nothing is written: a file that is there need not be replaced. */
  readonly dryRun: boolean;
}

/** The caller closes what was opened. */
export async function openEnds(
  { from, to }: ChosenEnds,
  input: EndsInput,
  world: AccessWorld,
  options: OpenOptions,
): Promise<OpenedEnds> {
  const opened: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(one: T): T => {
    opened.push(one);
    return one;
  };
  const close = async (): Promise<void> => {
    for (const one of opened.reverse().splice(0)) await one.close();
  };
  try {
    const [fromPlace, toPlace] = [placeOf(from.end), placeOf(to.end)];
    const shared = fromPlace !== null && fromPlace.registry === toPlace?.registry;
    const open = (place: Place, settings: Settings | null, trust: TrustFlags) =>
      openClient(
        {
          ...trust,
          registry: place.registry,
          settings: settings ?? {},
          timeoutSeconds: input.timeoutSeconds,
        },
        world,
      ).then(keep);
    const toClient = toPlace === null ? null : open(toPlace, to.settings, input.trust);
    const sourceTrust = toPlace === null ? input.trust : input.sourceTrust;
    const fromClient = shared || fromPlace === null ? toClient : open(fromPlace, from.settings, sourceTrust);
    const [sourceClient, targetClient] = await settle(fromClient, toClient);
    const source = keep(await openSource(from.end, sourceClient, options));
    const target = keep(
      await openTarget(to.end, targetClient, shared ? fromPlace : null, input, world, options),
    );
    return { source, target, mounts: shared, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Both, or the failure of one once the other is known to be opened and can be closed. */
async function settle(
  one: Promise<RegistryClient> | null,
  other: Promise<RegistryClient> | null,
): Promise<readonly [RegistryClient | null, RegistryClient | null]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

async function openSource(
  end: End,
  client: RegistryClient | null,
  { signal }: OpenOptions,
): Promise<ImageSource> {
  if (end.kind === "registry") {
    if (client === null) throw new Error("a registry is spoken to by a client");
    return createRegistrySource(client, end.reference.repository, signal);
  }
  const { openImageReader } = await import("../layout/open.ts");
  return createFileSource(await openImageReader(end.kind, end.path), end.path);
}

async function openTarget(
  end: End,
  client: RegistryClient | null,
  mountFrom: Place | null,
  input: EndsInput,
  world: AccessWorld,
  { signal, dryRun }: OpenOptions,
): Promise<ImageTarget> {
  if (end.kind !== "registry") {
    const { openImageWriter } = await import("../layout/open.ts");
    const overwrite = input.overwrite || dryRun;
    return createFileTarget(await openImageWriter(end.kind, end.path, { overwrite }), signal);
  }
  if (client === null) throw new Error("a registry is spoken to by a client");
  const { registry } = client;
  const sleep = (ms: number): Promise<void> => (ms > 0 ? world.clock.sleep(ms, signal) : Promise.resolve());
  const onLimit = (bytes: number): void => {
    const note = `it does not take large bodies: from now on in parts of ${bytes / 1024} KiB`;
    world.emit({ event: "note", host: registry, note });
  };
  return createRegistryTarget({
    client,
    repository: end.reference.repository,
    mountFrom,
    limit: createBodyLimit(),
    onLimit,
    notes: openNotes(world),
    sleep,
    signal,
  });
}

/** Of interrupted uploads; none where nothing may be kept. */
export function openNotes({ environment, home, clock, maySave }: AccessWorld): UploadNotes {
  if (!maySave().ok) return noUploadNotes;
  return createUploadNotes(`${userPaths(environment, home).state}/uploads`, () => clock.now());
}
