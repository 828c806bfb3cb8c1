/** A manifest whose blobs are in the first repository, put under all its names. */
import { RegctlError } from "../errors.ts";
import type { Digest } from "../registry/digest.ts";
import type { ImageTree } from "../transfer/tree.ts";
import { type Destination, renderName } from "./destination.ts";
import { linkImage } from "./link-image.ts";
import type { Name } from "./names.ts";
import type { PublishWorld } from "./world.ts";

export interface NameState {
  readonly name: Name;
  /** Before; null for nothing. */
  readonly before: Digest | null;
}

export async function readNames(destination: Destination): Promise<readonly NameState[]> {
  const { names, digestAt } = destination;
  return await Promise.all(names.map(async (name) => ({ name, before: await digestAt(name) })));
}

/** `--no-overwrite`. `would`: null while it is not known, then any other image is one too many. Throws TAG_TAKEN. */
export function refuseTaken(states: readonly NameState[], would: Digest | null): void {
  const taken = states.find(({ before }) => before !== null && before !== would);
  if (taken === undefined || taken.before === null) return;
  throw new RegctlError("TAG_TAKEN", { reference: renderName(taken.name), is: taken.before, would });
}

/** `root` is in the first repository by its digest, or is put there under its first name. */
export async function putNames(
  root: ImageTree["root"],
  states: readonly NameState[],
  destination: Destination,
  world: PublishWorld,
): Promise<void> {
  const { digest } = root.descriptor;
  const { repository } = destination;
  const todo = states.filter(({ before }) => before !== digest).map(({ name }) => name);
  const target = destination.target(repository, null);
  for (const { tag } of todo.filter((name) => name.repository === repository)) await target.putTag(root, tag);
  // The first name's repository holds it by now: the others are linked from there.
  const elsewhere = todo.filter((name) => name.repository !== repository);
  for (const name of elsewhere) {
    await linkImage(root, { from: repository, to: name.repository }, destination, world);
    await destination.target(name.repository, repository).putTag(root, name.tag);
  }
}
