/** The image of the engine that is meant by what was typed. */
import type { ImageEngine } from "../engine/client.ts";
import type { EngineImage, EngineImageDetails } from "../engine/image-info.ts";
import { isRegctlError, RegctlError } from "../errors.ts";

/** Throws IMAGE_MISSING and IMAGE_AMBIGUOUS with those that may be meant, and errors of the engine. */
export async function findImage(engine: ImageEngine, given: string): Promise<EngineImageDetails> {
  let refused: unknown = null;
  try {
    const found = await engine.images.inspect(given);
    if (found !== null) return found;
  } catch (error) {
    // Several ids that begin so are an error of the engine, which lists none of them.
    if (!isRegctlError(error, "ENGINE_ERROR")) throw error;
    refused = error;
  }
  const images = await engine.images.list();
  const candidates = idsBeginning(given, images);
  if (candidates.length > 1) {
    throw new RegctlError("IMAGE_AMBIGUOUS", { given, candidates: candidates.map(describe) });
  }
  if (refused !== null) throw refused;
  const near = nearNames(given, images);
  throw new RegctlError("IMAGE_MISSING", { given, engine: engine.host, near });
}

const mostShown = 8;

/** Those whose id begins so. */
function idsBeginning(given: string, images: readonly EngineImage[]): readonly EngineImage[] {
  const prefix = given.replace(/^sha256:/, "");
  if (!/^[0-9a-f]+$/.test(prefix)) return [];
  return images.filter(({ id }) => id.replace(/^sha256:/, "").startsWith(prefix)).slice(0, mostShown);
}

/** Names that share a word with what was typed, the nearest first; where none does, some names at all. */
function nearNames(given: string, images: readonly EngineImage[]): readonly string[] {
  const names = images.flatMap(({ tags }) => tags);
  const words = wordsOf(given);
  const scored = names
    .map((name) => ({
      name,
      score: wordsOf(name).filter((word) => words.some((one) => isNear(one, word))).length,
    }))
    .sort((one, other) => other.score - one.score);
  const near = scored.filter(({ score }) => score > 0);
  return (near.length > 0 ? near : scored).slice(0, mostShown).map(({ name }) => name);
}

function wordsOf(name: string): readonly string[] {
  return name
    .toLowerCase()
    .split(/[/:@._-]+/)
    .filter((word) => word.length > 1);
}

function isNear(one: string, other: string): boolean {
  return (
    one.includes(other) || other.includes(one) || (one.length > 3 && one.slice(0, 4) === other.slice(0, 4))
  );
}

function describe({ id, tags }: EngineImage): string {
  const short = id.replace(/^sha256:/, "").slice(0, 12);
  return tags.length === 0 ? short : `${short} (${tags.slice(0, 3).join(", ")})`;
}
