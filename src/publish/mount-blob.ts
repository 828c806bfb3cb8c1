/** A blob of another repository of the registry, linked into the first one that is published to. */
import { isRegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import type { Digest } from "../registry/digest.ts";
import type { Destination } from "./destination.ts";

/** False where the registry will not, or has it no more. Throws REGISTRY_UNREACHABLE. */
export async function mountBlob(
  digest: Digest,
  from: string,
  { client, repository, signal }: Pick<Destination, "client" | "repository" | "signal">,
): Promise<boolean> {
  try {
    const answer = await interruptible(client.mountBlob(repository, digest, from), signal);
    if (answer === "mounted") return true;
    await client.cancelUpload(answer).catch(() => {});
    return false;
  } catch (error) {
    signal.throwIfAborted();
    // Some registries refuse it outright; whether it may be pushed at all shows when it is.
    if (isRegctlError(error) && error.code !== "REGISTRY_UNREACHABLE") return false;
    throw error;
  }
}
