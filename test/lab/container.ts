/** A container that only has to stay alive. */
import type { LabHost } from "./lab.ts";

const image = "lab/sleeper:1";

/** Ends at once on SIGTERM, so that stopping an engine needs no grace period. */
const sleeper = "trap 'exit 0' TERM; while :; do /bin/busybox sleep 3600 & wait $!; done";

const importScript = `set -e
docker image inspect ${image} >/dev/null 2>&1 && exit 0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin"
cp /bin/busybox "$folder/bin/busybox"
tar -C "$folder" -c . | docker import - ${image}
`;

/** Starts a container without network from an image made of the host's busybox. Gives its id. */
export async function runContainer(host: LabHost, name: string): Promise<string> {
  await must(host, ["sh", "-c", importScript]);
  const command = ["/bin/busybox", "sh", "-c", sleeper];
  const id = await must(host, [
    "docker",
    "run",
    "-d",
    "--network",
    "none",
    "--name",
    name,
    image,
    ...command,
  ]);
  return id.trim();
}

async function must(host: LabHost, argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await host.run(argv);
  if (code !== 0) throw new Error(`${host.name}: ${argv[0]} ended with ${code}: ${stderr}`);
  return stdout;
}
