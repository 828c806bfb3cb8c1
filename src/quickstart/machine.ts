/** What this machine has, and so what is worth typing next. Pure. */

export interface MachineFacts {
  readonly hostName: string;
  /** `unix:///var/run/docker.sock`; null where none answers. */
  readonly engine: { readonly address: string; readonly title: string; readonly inVm: boolean } | null;
}

const vms = /docker desktop|orbstack|colima|lima|boot2docker|rancher desktop|podman machine/i;

/** Engines in a virtual machine name it, or are not on this kind of system at all. */
export function isInVm(operatingSystem: string, name: string, platform: string): boolean {
  return platform !== "linux" || vms.test(operatingSystem) || vms.test(name);
}

export interface NextLine {
  readonly about: string;
  readonly command: string;
}

/** The port of `regctl serve`, when nobody names another. */
const port = 5000;

export function planNext({ engine, hostName }: MachineFacts): readonly NextLine[] {
  const serve = { about: "a registry of your own that stays", command: "regctl serve --detach" };
  const reach = { about: "one that only its server reaches", command: "regctl tunnel user@server" };
  const help = { about: "something does not work", command: "regctl doctor HOST:PORT" };
  if (engine === null) {
    const file = {
      about: "an image in a file, without an engine",
      command: "regctl publish image.tar HOST:PORT/app:1.0",
    };
    return [serve, file, reach, help];
  }
  const publish = { about: "an image of the engine", command: "regctl publish IMAGE HOST:PORT/app:1.0" };
  if (engine.inVm) return [publish, serve, reach, help];
  const open = {
    about: "one that other hosts reach, too",
    command: `regctl serve --listen 0.0.0.0:${port} --detach`,
  };
  const others = {
    about: "telling such a host about it",
    command: `regctl setup insecure ${hostName}:${port} --on user@host`,
  };
  return [publish, serve, open, others, reach, help];
}
