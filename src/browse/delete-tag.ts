/** One tag is removed and nothing else; what was there before can be put back until it is gone. */
import { compareDigests, computeDigest, type Digest } from "../registry/digest.ts";
import { deleteByPlaceholder } from "./delete-by-placeholder.ts";
import { awaitEnd, readTag } from "./delete-end.ts";
import { nonceOf } from "./delete-look.ts";
import type { DeleteWay } from "./delete-outcome.ts";
import { deletionOff, type TagDeletion } from "./delete-plan.ts";
import { keepSiblings } from "./delete-siblings.ts";
import { type DeleteTools, moved, runningPatience, stays } from "./delete-tools.ts";

export interface TagDeleted {
  readonly digest: Digest;
  readonly way: DeleteWay;
  readonly notes: readonly string[];
}

/** Throws TAG_MOVED (left alone), DELETE_OFF, PLACEHOLDER_LEFT, and whatever the registry says. */
export async function deleteTag(deletion: TagDeletion, tools: DeleteTools): Promise<TagDeleted> {
  const { client, repository, world } = tools;
  world.emit({ event: "step", host: client.registry, step: `delete ${deletion.reference}` });
  const { digest, tag, way } = deletion;
  const found = await readTag(client, repository, tag);
  if (found === null) return { digest, way, notes: [goneAlready] };
  if (found.instead !== null) return await finishEarlier(deletion, found.digest, found.instead, tools);
  if (compareDigests(found.digest, digest) === "different") throw moved(deletion, found.digest);
  if (way === "by-tag" && (await deleteByTag(deletion, tools))) {
    return { digest, way, notes: await keepSiblings(deletion, found.manifest, tools) };
  }
  const notes = await deleteByPlaceholder(deletion, found.manifest, tools);
  const kept = await keepSiblings(deletion, found.manifest, tools);
  return { digest, way: "dummy-manifest", notes: [...notes, ...kept] };
}

const goneAlready = "Somebody else had deleted it a moment before";

/** False when the registry deletes by digest alone, whatever it let expect. */
async function deleteByTag(deletion: TagDeletion, tools: DeleteTools): Promise<boolean> {
  const { client, repository, world } = tools;
  const result = await client.deleteManifest(repository, deletion.tag);
  if (result === "off" || result === "not-by-tag") {
    const nothing = computeDigest(nonceOf(world.random));
    if ((await client.deleteManifest(repository, nothing)) !== "off") return false;
    throw deletionOff(client.registry, deletion.reference);
  }
  await expectEnd(deletion, deletion.digest, tools);
  return true;
}

/** A tag that somebody has pushed anew meanwhile is theirs. */
async function expectEnd(deletion: TagDeletion, digest: Digest, tools: DeleteTools): Promise<void> {
  const { client, repository, world } = tools;
  if ((await awaitEnd(client, { repository, tag: deletion.tag, digest }, world)) !== "stays") return;
  throw stays(client, repository, deletion.tag);
}

/** The tag holds a placeholder: of another run that is deleting the tag now, or of one that was killed. */
async function finishEarlier(
  deletion: TagDeletion,
  placeholder: Digest,
  instead: Digest,
  tools: DeleteTools,
): Promise<TagDeleted> {
  const { client, repository, world } = tools;
  const { tag, reference } = deletion;
  if (![placeholder, instead].includes(deletion.digest)) throw moved(deletion, instead);
  const outcome = { digest: instead, way: "dummy-manifest" } as const;
  const place = { repository, tag, digest: placeholder };
  if ((await awaitEnd(client, place, world, runningPatience)) !== "stays")
    return { ...outcome, notes: [goneAlready] };
  world.emit({
    event: "note",
    note: `${reference}: an earlier delete was ended amid its work; finishing it`,
  });
  if ((await client.deleteManifest(repository, placeholder)) === "off") {
    throw deletionOff(client.registry, reference);
  }
  await expectEnd(deletion, placeholder, tools);
  return { ...outcome, notes: ["Finished what an earlier run had begun"] };
}
