import { dockerConfigPath } from "../config/docker-config.ts";
import { eraseCredential } from "../registry/credential-store.ts";
import { findCredential } from "../registry/credentials.ts";
import { refuseUnderSudo } from "./use-registry.ts";
import { chooseRegistry } from "./which-registry.ts";
import type { AccessWorld } from "./world.ts";

export interface LogOutOutcome {
  readonly registry: string;
  /** Where a login was and is no more: files and credential helpers. */
  readonly erasedFrom: readonly string[];
  /** Where another one is found all the same, such as Podman's file; null for nowhere. */
  readonly remainsIn: string | null;
}

/** Erases the login where `docker logout` would. Nothing to erase is no failure. */
export async function logOut(
  input: { readonly registry?: string | undefined },
  world: AccessWorld,
): Promise<LogOutOutcome> {
  const { registry } = await chooseRegistry(input.registry, world);
  refuseUnderSudo(dockerConfigPath(world.environment, world.home), world);
  const erasedFrom = await eraseCredential(registry, world);
  const remains = await findCredential(registry, world);
  return { registry, erasedFrom, remainsIn: remains?.from ?? null };
}
