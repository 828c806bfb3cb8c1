const titles: Readonly<Record<string, string>> = { docker: "Docker", podman: "Podman", crio: "CRI-O" };

/** A name of `--engine` as its makers write it: most of them as it is typed. */
export function engineTitle(kind: string | undefined): string {
  return titles[kind ?? "docker"] ?? kind ?? "";
}
