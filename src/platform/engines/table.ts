import { buildkit } from "./buildkit.ts";
import { buildx } from "./buildx.ts";
import { containerd } from "./containerd.ts";
import { crio } from "./crio.ts";
import { docker } from "./docker.ts";
import type { EngineKind } from "./engine-kind.ts";
import { k3s, rke2 } from "./k3s.ts";
import { kind } from "./kind.ts";
import { minikube } from "./minikube.ts";
import { podman } from "./podman.ts";

/** In the order in which they are asked whether they are there; the first that is there is the one that is meant. */
export const engineKinds: readonly EngineKind[] = [
  docker,
  k3s,
  rke2,
  podman,
  crio,
  containerd,
  buildkit,
  buildx,
  kind,
  minikube,
];
