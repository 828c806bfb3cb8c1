/**
 * Clusters of kind where no node can be told: see cluster-nodes.ts for those that can. Each registry has a folder in each
 * node, read with every pull, where the cluster was made with a `config_path`: by itself since kind 0.27.
 * @see https://kind.sigs.k8s.io/docs/user/private-registries/
 */
import { quoteWord } from "../../explain/quote.ts";
import type { ChangeRequest, UndoRequest } from "../change-request.ts";
import { type HostsToml, renderHostsToml } from "../formats/hosts-toml.ts";
import { emptyRules, insecureRules, mirrorRules, trustRules } from "./containerd-rules.ts";
import type { EngineKind } from "./engine-kind.ts";
import { authorityOf, printedEngine, printing } from "./printed.ts";

const certsFolder = "/etc/containerd/certs.d";

export const kind: EngineKind = printedEngine({
  name: "kind",
  title: "a cluster of kind",
  find: ({ markers }) => (markers.has("kind") ? ["kind is there"] : null),
  why: "no node of one runs there that this login reaches, and what was written into nodes went with them",
  lines: async (request) =>
    request.kind === "undo" ? undoLines(request) : [...nodeLines(request, "NODE"), ...creationLines],
});

/** Pure. */
export function nodeLines(request: Exclude<ChangeRequest, UndoRequest>, node: string): readonly string[] {
  const registry = request.kind === "mirror" ? request.upstream : request.registry.registry;
  const folder = `${certsFolder}/${registry}`;
  const put = (text: string, name: string) =>
    `${printing(text)} | docker exec -i ${quoteWord(node)} tee ${quoteWord(`${folder}/${name}`)} >/dev/null`;
  const ca = request.kind === "trust" ? [put(authorityOf(request), "ca.crt")] : [];
  const local = /^(localhost|127\.)/.test(registry)
    ? [`# inside ${node}, ${registry} is the node itself: name the registry's container instead`]
    : [];
  return [
    ...local,
    `docker exec ${quoteWord(node)} mkdir -p ${quoteWord(folder)}`,
    ...ca,
    put(renderHostsToml(rulesOf(request, registry)), "hosts.toml"),
  ];
}

function rulesOf(request: Exclude<ChangeRequest, UndoRequest>, registry: string): HostsToml {
  const empty = emptyRules(registry);
  if (request.kind === "insecure") return insecureRules(empty, registry, null);
  if (request.kind === "trust") return trustRules(empty, registry, { ca: ["ca.crt"] });
  return mirrorRules(empty, registry, { url: request.mirror.url.replace(/\/$/, "") });
}

function undoLines({ registry, kinds }: UndoRequest): readonly string[] {
  const folder = `${certsFolder}/${kinds.includes("mirror") && kinds.length === 1 ? "docker.io" : registry}`;
  return [`docker exec NODE rm -r ${quoteWord(folder)}`];
}

/** A containerd that does not look into that folder is told so when its cluster is made. */
const creation = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
containerdConfigPatches:
  - |-
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "${certsFolder}"
`;
const creationLines: readonly string[] = [
  `# a kind before 0.27 does not look into ${certsFolder} by itself: its clusters are made with`,
  `${printing(creation)} > kind.yaml`,
  "# kind create cluster --config kind.yaml",
];
