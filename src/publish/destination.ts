/** The registry that is published to, opened. */
import { openClient, type TrustFlags } from "../access/open.ts";
import { interruptible } from "../interruptible.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Digest } from "../registry/digest.ts";
import { renderReference } from "../registry/reference.ts";
import { createBodyLimit } from "../transfer/chunk-size.ts";
import type { Place } from "../transfer/image-source.ts";
import type { ImageTarget } from "../transfer/image-target.ts";
import { openNotes } from "../transfer/open-ends.ts";
import { createRegistryTarget, type RegistryTargetOptions } from "../transfer/registry-target.ts";
import type { UploadNotes } from "../transfer/resume-state.ts";
import type { Name, Names } from "./names.ts";
import type { PublishWorld } from "./world.ts";

export interface Destination {
  readonly client: RegistryClient;
  readonly names: Names["names"];
  /** What everything is sent to: that of the first name. */
  readonly repository: string;
  readonly notes: UploadNotes;
  /** How blobs are sent to it. */
  readonly upload: Omit<RegistryTargetOptions, "mountFrom" | "notes">;
  /** `mountFrom`: a repository of the same registry that has all of it. */
  target(repository: string, mountFrom: string | null): ImageTarget;
  /** What stands under a name now; null when nothing does. */
  digestAt(name: Name): Promise<Digest | null>;
  readonly signal: AbortSignal;
  close(): Promise<void>;
}

export interface DestinationInput extends Names {
  readonly trust: TrustFlags;
  readonly timeoutSeconds?: number | undefined;
}

/** `signal` ends waiting; connections live as long as `world.signal` lets them. */
export async function openDestination(
  input: DestinationInput,
  world: PublishWorld,
  signal: AbortSignal,
): Promise<Destination> {
  const { registry, settings, names, trust, timeoutSeconds } = input;
  const client = await openClient({ ...trust, registry, settings, timeoutSeconds }, world);
  const [{ repository }] = names;
  const notes = openNotes(world);
  const onLimit = (bytes: number): void => {
    const note = `it does not take large bodies: from now on in parts of ${bytes / 1024} KiB`;
    world.emit({ event: "note", host: registry, note });
  };
  const sleep = (ms: number): Promise<void> => (ms > 0 ? world.clock.sleep(ms, signal) : Promise.resolve());
  const upload = { client, repository, limit: createBodyLimit(), onLimit, sleep, signal };
  const placeOf = (from: string | null): Place | null =>
    from === null ? null : { registry, repository: from };
  return {
    client,
    names,
    repository,
    notes,
    upload,
    target: (to, from) =>
      createRegistryTarget({ ...upload, repository: to, notes, mountFrom: placeOf(from) }),
    digestAt: async (name) =>
      (await interruptible(client.headManifest(name.repository, name.tag), signal))?.digest ?? null,
    signal,
    close: () => client.close(),
  };
}

export function renderName({ registry, repository, tag }: Name): string {
  return renderReference({ registry, repository, tag });
}
