/**
 * Colima, whose engine is in a virtual machine that is made of a file at each start: there the list stands, and what
 * is written into the machine itself does not outlive it.
 * @see https://github.com/abiosoft/colima environment/container/docker/daemon.go, config/files.go and cmd/restart.go
 */
import type { HostFacts } from "../facts.ts";
import { colimaYaml } from "../formats/colima-yaml.ts";
import type { WrittenPlatform } from "../platform.ts";
import { engineInVm } from "./engine-in-vm.ts";

const named = /^colima(?:-(.+))?$/;

/** A machine is named after its profile, of which the usual one has no name. */
function profileOf({ engine }: HostFacts): string {
  return named.exec(engine?.name ?? "")?.[1] ?? "default";
}

export const colima: WrittenPlatform = {
  kind: "written",
  name: "colima",
  title: "Colima",
  recognise(facts) {
    const evidence = engineInVm(facts, named);
    return evidence ? [evidence] : null;
  },
  flagSources: () => [],
  keepsDaemonJson: () => true,
  service: (facts) => ({
    reload: null,
    restart: [["colima", "restart", profileOf(facts)]],
    start: [["colima", "start", profileOf(facts)]],
    log: ["true"],
  }),
  home(facts) {
    const file = `/${profileOf(facts)}/colima.yaml`;
    const seen = Object.keys(facts.files).find((path) => path.endsWith(file));
    const below = facts.home ?? "";
    return {
      daemonJson: seen ?? `${below}/.colima${file}`,
      format: colimaYaml,
      // Copied into the machine at each start.
      certsFolder: `${below}/.docker/certs.d`,
      ofLogin: true,
      uid: null,
      inVm: true,
    };
  },
};
