/** Other people's clients, each by the words that it wants for the same deeds. Registries speak plain HTTP. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { computeDigest } from "../../src/registry/digest.ts";
import { openPeer, type PeerName } from "./peers.ts";

const run = promisify(execFile);

export interface PeerClient {
  readonly name: PeerName;
  /** Arguments behind the program. References are HOST:PORT/NAME:TAG, layouts a folder and a tag. */
  readonly digest: (reference: string) => readonly string[];
  readonly copy: (source: string, destination: string) => readonly string[];
  readonly toLayout: (reference: string, folder: string, tag: string) => readonly string[];
  readonly fromLayout: (folder: string, tag: string, reference: string) => readonly string[];
  /** It gives the entry of a layout no name. */
  readonly nameless?: true;
}

const skopeoCopy = ["copy", "--insecure-policy", "--all", "--preserve-digests", "--quiet"];
const skopeoPlain = ["--src-tls-verify=false", "--dest-tls-verify=false"];

/** regclient wants each host by name. */
const plainHost = (reference: string) => ["--host", `reg=${reference.split("/")[0]},tls=disabled`];

export const clients: readonly PeerClient[] = [
  {
    name: "crane",
    nameless: true,
    digest: (reference) => ["digest", reference],
    copy: (source, destination) => ["copy", source, destination],
    toLayout: (reference, folder) => ["pull", "--format=oci", reference, folder],
    fromLayout: (folder, _tag, reference) => ["push", folder, reference],
  },
  {
    name: "oras",
    digest: (reference) => ["resolve", "--plain-http", reference],
    copy: (source, destination) => [
      "cp",
      "--from-plain-http",
      "--to-plain-http",
      "--no-tty",
      source,
      destination,
    ],
    toLayout: (reference, folder, tag) => [
      ...["cp", "--no-tty", "--from-plain-http", reference, "--to-oci-layout", `${folder}:${tag}`],
    ],
    fromLayout: (folder, tag, reference) => [
      ...["cp", "--no-tty", "--from-oci-layout", `${folder}:${tag}`, "--to-plain-http", reference],
    ],
  },
  {
    name: "skopeo",
    digest: (reference) => ["inspect", "--raw", "--tls-verify=false", `docker://${reference}`],
    copy: (source, destination) => [
      ...[...skopeoCopy, ...skopeoPlain, `docker://${source}`, `docker://${destination}`],
    ],
    toLayout: (reference, folder, tag) => [
      ...[...skopeoCopy, "--src-tls-verify=false", `docker://${reference}`, `oci:${folder}:${tag}`],
    ],
    fromLayout: (folder, tag, reference) => [
      ...[...skopeoCopy, "--dest-tls-verify=false", `oci:${folder}:${tag}`, `docker://${reference}`],
    ],
  },
  {
    name: "regclient",
    digest: (reference) => ["image", "digest", ...plainHost(reference), reference],
    copy: (source, destination) => [
      ...["image", "copy", ...plainHost(source), ...plainHost(destination), source, destination],
    ],
    toLayout: (reference, folder, tag) => [
      ...["image", "copy", ...plainHost(reference), reference, `ocidir://${folder}:${tag}`],
    ],
    fromLayout: (folder, tag, reference) => [
      ...["image", "copy", ...plainHost(reference), `ocidir://${folder}:${tag}`, reference],
    ],
  },
];

/** Its standard output. Nothing of this user's configuration is seen by it. */
export async function runPeer(
  name: PeerName,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: "/nonexistent", ...options.env };
  const program = await openPeer(name);
  const { stdout } = await run(program, [...args], { ...options, env, timeout: 60_000, maxBuffer: 2 ** 26 });
  return stdout;
}

/** As that client sees it: skopeo shows the manifest, whose digest is taken here. */
export async function digestBy(client: PeerClient, reference: string): Promise<string> {
  const shown = await runPeer(client.name, client.digest(reference));
  return client.name === "skopeo" ? computeDigest(Buffer.from(shown)) : shown.trim();
}
