/** A tag that was begun to be deleted is as it was, or gone; by a client that the end of the run does not reach. */
import { RegctlError } from "../errors.ts";
import { explain, toRegctlError } from "../explain/errors.ts";
import type { FetchedManifest } from "../registry/api/manifests.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Digest } from "../registry/digest.ts";
import { awaitEnd, readTag } from "./delete-end.ts";
import type { Placeholder } from "./delete-placeholder.ts";
import type { TagDeletion } from "./delete-plan.ts";
import { restoreTag } from "./delete-restore.ts";
import { type DeleteTools, moved, runningPatience } from "./delete-tools.ts";

export interface Begun {
  readonly deletion: TagDeletion;
  readonly kept: FetchedManifest;
  readonly placeholder: Placeholder;
  readonly tools: DeleteTools;
}

/** What the tag is found to be, or made to be; a digest is somebody else's push. */
type Settled = "gone" | "as-it-was" | Digest;

/** Throws `error` when the tag is as it was; returns when it is gone after all. Throws PLACEHOLDER_LEFT, TAG_MOVED. */
export async function takeBack(error: unknown, begun: Begun): Promise<readonly string[]> {
  const { deletion, kept, tools } = begun;
  const { reference } = deletion;
  const { emit, signal } = tools.world;
  const settled = await settleOrSay(begun);
  if (settled === "as-it-was") {
    emit({ event: "warning", warning: `${reference} was not deleted, and is as it was: ${kept.digest}` });
    throw error;
  }
  if (settled !== "gone") throw signal.aborted ? error : moved(deletion, settled);
  if (!signal.aborted) return [];
  emit({ event: "note", note: `${reference} was deleted before that` });
  throw error;
}

async function settleOrSay(begun: Begun): Promise<Settled> {
  try {
    const client = await begun.tools.rescue();
    try {
      return await settle(client, begun);
    } finally {
      await client.close();
    }
  } catch (cause) {
    const { reference } = begun.deletion;
    const reason = explain(toRegctlError(cause)).message;
    begun.tools.world.emit({
      event: "warning",
      warning: `${reference} may hold a placeholder now; the same command again finishes it`,
    });
    throw new RegctlError("PLACEHOLDER_LEFT", { reference, digest: begun.kept.digest, reason }, { cause });
  }
}

/** A request that was cut off may still arrive after this. */
const lateMs = 500;

async function settle(client: RegistryClient, begun: Begun): Promise<Settled> {
  const { deletion, kept, placeholder, tools } = begun;
  const { repository, world } = tools;
  const { tag } = deletion;
  let now = await readTag(client, repository, tag);
  if (now?.digest === kept.digest) {
    await world.clock.sleep(lateMs);
    now = await readTag(client, repository, tag);
  }
  if (now === null) return "gone";
  if (now.digest === placeholder.digest) await restoreTag(client, repository, tag, kept);
  await dropPlaceholder(client, repository, placeholder.digest);
  if (now.digest !== placeholder.digest && now.digest !== kept.digest) {
    if (now.instead === null) return now.digest;
    // Another run is deleting the same tag.
    const place = { repository, tag, digest: now.digest };
    const patience = { clock: world.clock, signal: new AbortController().signal };
    return (await awaitEnd(client, place, patience, runningPatience)) === "gone" ? "gone" : now.digest;
  }
  // With the placeholder went whatever pointed to it: also what arrived in the meantime.
  if ((await readTag(client, repository, tag)) === null) await restoreTag(client, repository, tag, kept);
  return "as-it-was";
}

/** Nothing points to it: where it cannot be deleted, garbage collection has it. */
async function dropPlaceholder(client: RegistryClient, repository: string, digest: Digest): Promise<void> {
  try {
    await client.deleteManifest(repository, digest);
  } catch {
    // What matters is the tag, and it is looked at afterwards.
  }
}
