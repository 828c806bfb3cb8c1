/**
 * Clusters of kind, whose nodes are containers with a containerd of their own. Each registry has a folder in each node,
 * read with every pull, where the cluster was made with a `config_path`: by itself since kind 0.27.
 * @see https://kind.sigs.k8s.io/docs/user/private-registries/
 */
import { quoteWord } from "../../explain/quote.ts";
import type { ChangeRequest, UndoRequest } from "../change-request.ts";
import { type HostsToml, renderHostsToml } from "../formats/hosts-toml.ts";
import { emptyRules, insecureRules, mirrorRules, trustRules } from "./containerd-rules.ts";
import type { EngineKind } from "./engine-kind.ts";
import { authorityOf, namesBy, printedEngine, printing } from "./printed.ts";

const nodesScript = `docker ps --filter label=io.x-k8s.kind.cluster --format '{{.Names}}'`;
/** Those whose containerd looks into that folder. */
const readyScript = `for n in $(${nodesScript}); do
  docker exec "$n" grep -q 'config_path *= *"/etc/containerd/certs.d' /etc/containerd/config.toml && echo "$n"
done; exit 0`;

const certsFolder = "/etc/containerd/certs.d";

export const kind: EngineKind = printedEngine({
  name: "kind",
  title: "a cluster of kind",
  find: ({ markers }) => (markers.has("kind") ? ["kind is there"] : null),
  why: "its nodes are containers, and what is written into them goes with the cluster",
  async lines(request, site) {
    const [nodes, ready] = [await namesBy(site, nodesScript), await namesBy(site, readyScript)];
    if (request.kind === "undo") return undoLines(request, nodes);
    const old = nodes.filter((node) => !ready.includes(node));
    return [
      ...nodes.flatMap((node) => (ready.includes(node) ? nodeLines(request, node) : [])),
      ...(nodes.length === 0 ? nodeLines(request, "NODE") : []),
      ...(old.length > 0 || nodes.length === 0 ? creationLines(old) : []),
    ];
  },
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

function undoLines({ registry, kinds }: UndoRequest, nodes: readonly string[]): readonly string[] {
  const folder = `${certsFolder}/${kinds.includes("mirror") && kinds.length === 1 ? "docker.io" : registry}`;
  const all = nodes.length === 0 ? ["NODE"] : nodes;
  return all.map((node) => `docker exec ${quoteWord(node)} rm -r ${quoteWord(folder)}`);
}

/** A containerd that does not look into that folder is told so when its cluster is made. */
function creationLines(nodes: readonly string[]): readonly string[] {
  const whose = nodes.length === 0 ? "a cluster of a kind before 0.27" : nodes.join(", ");
  const config = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
containerdConfigPatches:
  - |-
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "${certsFolder}"
`;
  return [
    `# ${whose} does not read ${certsFolder}, and is made anew for it: what runs in it goes`,
    `${printing(config)} > kind.yaml`,
    "# kind delete cluster; kind create cluster --config kind.yaml",
  ];
}
