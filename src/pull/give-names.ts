import type { ImageEngine } from "../engine/client.ts";
import type { EngineImageDetails } from "../engine/image-info.ts";
import { missingNames, splitName } from "./local-names.ts";

/** Gives an image the names that it does not have yet, taking them from others. Whether there were any. */
export async function giveNames(
  { id, tags }: Pick<EngineImageDetails, "id" | "tags">,
  names: readonly string[],
  engine: Pick<ImageEngine, "images">,
): Promise<boolean> {
  const missing = missingNames(names, tags);
  for (const name of missing) {
    const { repository, tag } = splitName(name);
    await engine.images.tag(id, repository, tag);
  }
  return missing.length > 0;
}
