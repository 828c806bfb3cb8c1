/**
 * Nodes of clusters on one machine, kind's and minikube's: containers with a containerd of their own, so each is told as
 * a host with containerd is.
 * @see https://kind.sigs.k8s.io/docs/user/private-registries/
 * @see https://github.com/kubernetes/minikube/blob/master/pkg/minikube/cruntime/containerd.go
 */
import { RegctlError } from "../errors.ts";
import type { Host } from "../ports.ts";
import type { HostPlace } from "./locate.ts";
import { nodeHost } from "./node-host.ts";

/** A host to act on, with the engine that is meant there whatever was named. */
export interface EnginePlace extends HostPlace {
  readonly engine?: string;
}

interface Cluster {
  /** Of all its containers. */
  readonly label: string;
  /** Tells what a container is for; one that balances the load before several nodes is none. */
  readonly role: string;
  /** A command in a node that fails where another runtime than containerd is in use; empty where there is no other. */
  readonly check: string;
  /** The network on which its nodes find a registry's container by its name. */
  readonly network: string;
}

const clusters: Readonly<Record<string, Cluster>> = {
  kind: {
    label: "io.x-k8s.kind.cluster",
    role: "io.x-k8s.kind.role",
    check: "",
    network: "kind",
  },
  minikube: {
    label: "created_by.minikube.sigs.k8s.io",
    role: "role.minikube.sigs.k8s.io",
    check: "! systemctl is-active --quiet docker && ! systemctl is-active --quiet crio",
    network: "minikube",
  },
};

const nodesScript = `
for by in docker podman 'sudo -n docker' 'sudo -n podman'; do
  said=$($by ps --filter "label=$1" --format "{{.Names}} {{.Label \\"$2\\"}}" 2>/dev/null) || continue
  nodes=$(printf '%s\\n' "$said" | sed -n -e '/ external-load-balancer$/d' -e 's/ .*//p')
  [ -n "$nodes" ] || continue
  printf '%s\\n' "$by"
  for node in $nodes; do
    [ -z "$3" ] || $by exec "$node" sh -c "$3" >/dev/null 2>&1 </dev/null && printf '%s\\n' "$node"
  done
  exit 0
done
exit 0
`;

/**
 * Instead of each host the nodes that run on it, where `--engine` names what they are of; a host without any stays, for
 * it is told what is missing.
 */
export async function placesOf(
  places: readonly HostPlace[],
  engine: string | undefined,
): Promise<readonly EnginePlace[]> {
  const cluster = clusters[engine ?? ""];
  if (cluster === undefined) return places;
  return (await Promise.all(places.map((place) => nodesOn(place, cluster)))).flat();
}

async function nodesOn(place: HostPlace, cluster: Cluster): Promise<readonly EnginePlace[]> {
  const { host, close } = await place.open();
  try {
    const { exec, nodes } = await readNodes(host, cluster);
    return nodes.length === 0 ? [place] : nodes.map((node) => nodePlace(place, exec, node));
  } finally {
    await close();
  }
}

async function readNodes(host: Host, { label, role, check }: Cluster) {
  const argv = ["sh", "-c", nodesScript, "regctl-nodes", label, role, check];
  const { stdout } = await host.run(argv, { timeoutMs: 30_000 });
  const [exec = "", ...nodes] = stdout.toString("utf8").split("\n");
  return { exec: exec.split(" "), nodes: nodes.filter((name) => /^[\w.-]+$/.test(name)).sort() };
}

function nodePlace(place: HostPlace, exec: readonly string[], node: string): EnginePlace {
  const name = place.local ? node : `${place.name}/${node}`;
  return {
    name,
    local: false,
    engine: "containerd",
    open: async () => {
      const { host, close, socket } = await place.open();
      return { host: nodeHost(host, exec, node, name), socket, close };
    },
  };
}

/**
 * Inside of a node a loopback address is the node itself.
 * @throws RegctlError ENGINE_CANNOT
 */
export function assertNotOfNode(registry: string, engine: string | undefined): void {
  const cluster = clusters[engine ?? ""];
  if (cluster === undefined || !/^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/.test(registry)) return;
  throw new RegctlError("ENGINE_CANNOT", {
    host: `a cluster of ${engine}`,
    what: registry,
    why: "inside of a node that is the node itself",
    instead: [
      `docker network connect ${cluster.network} REGISTRY, where REGISTRY is the registry's container`,
      `regctl setup insecure REGISTRY:5000 --engine ${engine}`,
    ],
  });
}
