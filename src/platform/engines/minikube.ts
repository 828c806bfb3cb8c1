/**
 * Clusters of minikube whose runtime is Docker or CRI-O, and those in virtual machines: made from flags once and for all;
 * files below `~/.minikube/files` are put into them at each start. Nodes with containerd: see cluster-nodes.ts.
 * @see https://minikube.sigs.k8s.io/docs/handbook/registry/ and https://minikube.sigs.k8s.io/docs/handbook/filesync/
 */
import { quoteWord } from "../../explain/quote.ts";
import type { ChangeRequest, UndoRequest } from "../change-request.ts";
import type { EngineKind } from "./engine-kind.ts";
import { authorityOf, printedEngine, printing } from "./printed.ts";

export const minikube: EngineKind = printedEngine({
  name: "minikube",
  title: "a cluster of minikube",
  find: ({ markers }) => (markers.has("minikube") ? ["minikube is there"] : null),
  why: "its list of registries is fixed when the cluster is made",
  lines: async (request) => minikubeLines(request),
});

/** Docker's folder; with containerd as its runtime it is another. */
const folderOf = (registry: string): string => `~/.minikube/files/etc/docker/certs.d/${quoteWord(registry)}`;

/** Pure. */
export function minikubeLines(request: ChangeRequest): readonly string[] {
  if (request.kind === "undo") return undoLines(request);
  if (request.kind === "insecure") return anew(`--insecure-registry=${request.registry.registry}`);
  if (request.kind === "mirror") return anew(`--registry-mirror=${request.mirror.url}`);
  const folder = folderOf(request.registry.registry);
  return [
    `mkdir -p ${folder}`,
    `${printing(authorityOf(request))} > ${folder}/ca.crt`,
    "# with --container-runtime=containerd the folder is files/etc/containerd/certs.d",
    "minikube start",
  ];
}

function anew(flag: string): readonly string[] {
  return [
    "# the list is fixed when the cluster is made, so it is made anew: what runs in it goes",
    "minikube delete",
    `minikube start ${quoteWord(flag)}`,
  ];
}

function undoLines({ registry, kinds }: UndoRequest): readonly string[] {
  const name = registry ?? "REGISTRY";
  return [
    ...(kinds.includes("trust")
      ? [
          `# if it was trusted: rm -r ${folderOf(name)}, and in the node: minikube ssh -- sudo rm -r /etc/docker/certs.d/${name}`,
        ]
      : []),
    "# as it was made before, without the flag for it: minikube delete; minikube start",
  ];
}
