/** What every step of a deletion is given, and the failures that several of them know. */
import type { AccessWorld } from "../access/world.ts";
import { RegctlError } from "../errors.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { TagDeletion } from "./delete-plan.ts";

export interface DeleteTools {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly world: Pick<AccessWorld, "clock" | "emit" | "signal" | "random">;
  /** Another client, which the end of this run does not reach, for a bounded time. Whoever asks closes it. */
  readonly rescue: () => Promise<RegistryClient>;
}

/** How long a placeholder may be somebody's who is at it right now. */
export const runningPatience = { looks: 8, everyMs: 250 };

export function moved({ reference, digest }: TagDeletion, is: string | null): RegctlError {
  return new RegctlError("TAG_MOVED", { reference, was: digest, is });
}

/** Deleted by its own word only. */
export function stays({ registry }: RegistryClient, repository: string, key: string): RegctlError {
  return new RegctlError("REGISTRY_ERROR", {
    registry,
    request: `DELETE /v2/${repository}/manifests/${key}`,
    status: 202,
    message: "it says that this is deleted, and has it still",
  });
}
