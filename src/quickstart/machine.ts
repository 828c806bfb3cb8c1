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

/** `registry` is where a registry is to be had on this machine, HOST:PORT. */
export function planNext({ engine, hostName }: MachineFacts, registry: string): readonly NextLine[] {
  const port = registry.slice(registry.lastIndexOf(":") + 1);
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
  const others = {
    about: "hosts that are to pull from this machine",
    command: `regctl setup insecure ${hostName}:${port} --on user@host`,
  };
  return [publish, serve, others, reach, help];
}
