import { docker } from "./docker.ts";
import type { EngineKind } from "./engine-kind.ts";
import { podman } from "./podman.ts";

/** In the order in which they are asked whether they are there; the first that is there is the one that is meant. */
export const engineKinds: readonly EngineKind[] = [docker, podman];
