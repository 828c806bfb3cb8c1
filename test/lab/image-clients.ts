/** docker, podman and skopeo of a lab host, as what reads images back: from a registry of plain HTTP on that host. */
import assert from "node:assert/strict";
import { must } from "./conduct.ts";
import type { LabHost } from "./lab.ts";

export type ClientName = "docker" | "podman" | "skopeo";

export interface ImageClient {
  readonly name: ClientName;
  /** Of an image that it has. */
  idOf(image: string): Promise<string>;
  /** Below /data of an image: kinds, rights, owners, sizes, links, times, devices, capabilities, hashes. */
  treeOf(image: string): Promise<string>;
  /** What busybox in it says. */
  run(image: string, ...words: readonly string[]): Promise<string>;
  /** From 127.0.0.1:PORT/NAME. Gives the name that it has then. */
  pull(port: number, name: string): Promise<string>;
  /** All its images and containers. */
  forget(): Promise<void>;
}

/** $1 the program, $2 the image, then flags. Folders have no size of their own: file systems differ there. */
const treeScript = `set -e
program=$1 image=$2
shift 2
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
id=$($program create "$@" --network none "$image" /none)
$program export "$id" | tar --xattrs --xattrs-include='*' --numeric-owner -xpf - -C "$place"
$program rm "$id" >/dev/null
cd "$place"
find data ! -type d -printf '%p|%y|%m|%U:%G|%s|%n|%l|%Ts\\n' | LC_ALL=C sort
find data -type d -printf '%p|%y|%m|%U:%G|%Ts\\n' | LC_ALL=C sort
find data -type f -exec sha256sum {} + | LC_ALL=C sort
find data \\( -type b -o -type c \\) -exec stat -c '%n %t,%T' {} + | LC_ALL=C sort
getcap -r data | LC_ALL=C sort`;

interface Words {
  /** Of creating and running. */
  readonly flags: readonly string[];
  pull(host: LabHost, port: number, name: string): Promise<string>;
}

// A container's own limits need controllers that a lab host does not hand on.
const podmanFlags = ["--cgroups=disabled"];

const wordsOf: Readonly<Record<ClientName, Words>> = {
  docker: {
    flags: [],
    pull: async (host, port, name) => {
      await must(host, "docker", "pull", "-q", `127.0.0.1:${port}/${name}`);
      return `127.0.0.1:${port}/${name}`;
    },
  },
  podman: {
    flags: podmanFlags,
    pull: async (host, port, name) => {
      await must(host, "podman", "pull", "-q", "--tls-verify=false", `127.0.0.1:${port}/${name}`);
      return `127.0.0.1:${port}/${name}`;
    },
  },
  // It keeps no images: what it brought is looked at through podman.
  skopeo: {
    flags: podmanFlags,
    pull: async (host, port, name) => {
      const archive = "/root/skopeo.tar";
      const from = `docker://127.0.0.1:${port}/${name}`;
      const copy = ["copy", "-q", "--src-tls-verify=false", from, `docker-archive:${archive}:skopeo/${name}`];
      await must(host, "skopeo", ...copy);
      await must(host, "podman", "load", "-q", "-i", archive);
      await must(host, "rm", archive);
      return `skopeo/${name}`;
    },
  },
};

export function openImageClient(host: LabHost, name: ClientName): ImageClient {
  const { flags, pull } = wordsOf[name];
  const program = name === "docker" ? "docker" : "podman";
  return {
    name,
    idOf: async (image) => {
      const id = (await must(host, program, "image", "inspect", "-f", "{{.Id}}", image)).trim();
      return id.startsWith("sha256:") ? id : `sha256:${id}`;
    },
    treeOf: async (image) => {
      const tree = await must(host, "sh", "-c", treeScript, "tree", program, image, ...flags);
      assert.match(tree, /^data\//);
      return tree;
    },
    run: async (image, ...words) => {
      const run = ["run", "--rm", "--network", "none", ...flags, image, "/bin/busybox", ...words];
      return (await must(host, program, ...run)).trim();
    },
    pull: (port, image) => pull(host, port, image),
    forget: async () => {
      const containers = `${program} ps -aq | xargs -r ${program} rm -f >/dev/null`;
      const images = name === "docker" ? "docker image prune -af" : "podman rmi -a -f";
      await must(host, "sh", "-c", `${containers}; ${images} >/dev/null`);
      assert.equal(await must(host, program, "images", "-aq"), "");
    },
  };
}

/** As skopeo sees a tag: digests of the manifest and of the bytes of the configuration. */
export async function skopeoInspects(
  host: LabHost,
  port: number,
  name: string,
): Promise<{ readonly digest: string; readonly config: string }> {
  const reference = `docker://127.0.0.1:${port}/${name}`;
  const inspect = ["skopeo", "inspect", "--tls-verify=false"];
  const digest = await must(host, ...inspect, "--format", "{{.Digest}}", reference);
  const script = `${inspect.join(" ")} --config --raw "$1" | sha256sum | cut -d ' ' -f 1`;
  const config = await must(host, "sh", "-c", script, "config", reference);
  return { digest: digest.trim(), config: `sha256:${config.trim()}` };
}
