/** Where engines listen that the docker CLI finds by a context alone, best first. Pure. */
import type { Environment } from "../ports.ts";

interface UsualSocket {
  readonly path: string;
  /** Whose it is, for people. */
  readonly of: string;
}

/** Without those that `resolveEndpoint` names anyhow (the default one and rootless Docker's). */
export function usualSockets(environment: Environment, home: string): readonly UsualSocket[] {
  const runtime = environment.XDG_RUNTIME_DIR;
  const colima = environment.COLIMA_HOME || `${home}/.colima`;
  return [
    { path: `${home}/.docker/run/docker.sock`, of: "Docker Desktop" },
    { path: `${home}/.docker/desktop/docker.sock`, of: "Docker Desktop" },
    { path: `${home}/.orbstack/run/docker.sock`, of: "OrbStack" },
    { path: `${colima}/default/docker.sock`, of: "Colima" },
    { path: `${home}/.rd/docker.sock`, of: "Rancher Desktop" },
    ...(runtime ? [{ path: `${runtime}/podman/podman.sock`, of: "Podman" }] : []),
    { path: "/run/podman/podman.sock", of: "Podman" },
  ];
}
