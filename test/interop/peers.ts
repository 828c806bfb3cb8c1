/**
 * Other people's clients and registries, built from the Go module proxy at pinned versions into a cache outside the
 * checkout: once for a pin, whoever asks first.
 */
import { execFile } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

interface Recipe {
  readonly module: string;
  readonly version: string;
  /** Path of the program's package behind the module's. */
  readonly program: string;
  readonly tags?: string;
  /**
   * Built in a copy of its sources, since `go install` refuses it: its go.mod names another path than the module
   * proxy does, or the proxy lists no versions of it.
   */
  readonly copied?: true;
}

const recipes = {
  crane: { module: "github.com/google/go-containerregistry", version: "v0.20.7", program: "cmd/crane" },
  oras: { module: "oras.land/oras", version: "v1.3.3", program: "cmd/oras" },
  /** Its own name is regctl. */
  regclient: { module: "github.com/regclient/regclient", version: "v0.11.7", program: "cmd/regctl" },
  helm: { module: "helm.sh/helm/v3", version: "v3.19.0", program: "cmd/helm" },
  distribution: {
    module: "github.com/distribution/distribution/v3",
    version: "v3.1.0",
    program: "cmd/registry",
  },
  olareg: { module: "github.com/olareg/olareg", version: "v0.2.2", program: "cmd/olareg", copied: true },
  skopeo: {
    module: "github.com/containers/skopeo",
    version: "v1.14.4",
    program: "cmd/skopeo",
    tags: "containers_image_openpgp,exclude_graphdriver_btrfs,exclude_graphdriver_devicemapper",
    copied: true,
  },
  zot: {
    module: "github.com/project-zot/zot",
    version: "v1.4.3",
    program: "cmd/zot",
    tags: "minimal,containers_image_openpgp",
    copied: true,
  },
  buildkitd: {
    module: "github.com/moby/buildkit",
    version: "v0.34.2",
    program: "cmd/buildkitd",
    copied: true,
  },
  buildctl: { module: "github.com/moby/buildkit", version: "v0.34.2", program: "cmd/buildctl", copied: true },
  nerdctl: {
    module: "github.com/containerd/nerdctl",
    version: "v1.7.7",
    program: "cmd/nerdctl",
    copied: true,
  },
} as const satisfies Readonly<Record<string, Recipe>>;

export type PeerName = keyof typeof recipes;

/** As a line of a report names it. */
export const titleOf = (name: PeerName): string => `${name} ${recipes[name].version}`;

/** Nobody else builds meanwhile, and what is half built is never in its place. $1 place, $2 module@version, … */
const installScript = `set -e
[ -x "$1" ] && exit 0
temporary=$(mktemp -d "$1.XXXXXX"); trap 'rm -rf "$temporary"' EXIT
GOBIN="$temporary" go install -tags "$4" "\${2%@*}/$3@\${2#*@}"
mv "$temporary"/* "$1"`;

const copyScript = `set -e
[ -x "$1" ] && exit 0
temporary=$(mktemp -d "$1.XXXXXX"); trap 'rm -rf "$temporary"' EXIT
cd "$temporary"
sources=$(go mod download -json "$2" | sed -n 's/^.*"Dir": "\\(.*\\)",*$/\\1/p')
cp -R "$sources" sources && chmod -R u+w sources && cd sources
go build -mod=mod -tags "$4" -o "$temporary/program" "./$3"
mv "$temporary/program" "$1"`;

/** Why no peer can be had here, or false. For `skip` of a test. */
export const withoutGo: string | false = (process.env.PATH ?? "")
  .split(delimiter)
  .some((folder) => existsSync(join(folder, "go")))
  ? false
  : "go is not on the PATH";

async function openCache(): Promise<string> {
  const shared = process.env.REGCTL_INTEROP_CACHE ?? "/var/cache/regctl-interop";
  const own = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "regctl-interop");
  for (const folder of [shared, own]) {
    const bin = join(folder, "bin");
    const usable = await mkdir(bin, { recursive: true })
      .then(() => access(bin, constants.W_OK))
      .then(() => true)
      .catch(() => false);
    if (usable) return bin;
  }
  throw new Error(`neither ${shared} nor ${own} can be written`);
}

/** Path of the program. Builds it when this pin was not built yet, which takes a minute or two each. */
export async function openPeer(name: PeerName): Promise<string> {
  const recipe: Recipe = recipes[name];
  const { module, version, program, tags = "", copied = false } = recipe;
  const bin = await openCache();
  const place = join(bin, `${name}-${version}`);
  if (existsSync(place)) return place;
  const words = [place, `${module}@${version}`, program, tags];
  const shell = ["sh", "-c", copied ? copyScript : installScript, "build", ...words];
  await run("flock", [`${bin}.lock`, ...shell], {
    cwd: bin,
    env: { ...process.env, GOFLAGS: "-buildvcs=false", CGO_ENABLED: "0" },
    timeout: 900_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return place;
}

/** Of the long runs alone: their build takes minutes. */
const ofLongRuns: readonly string[] = ["buildkitd", "buildctl", "nerdctl"];

/** Builds all that are missing, one after the other: each uses all processors. Throws when one cannot be built. */
export async function openAllPeers(say: (line: string) => void): Promise<void> {
  for (const name of Object.keys(recipes) as PeerName[]) {
    if (ofLongRuns.includes(name)) continue;
    const begin = performance.now();
    await openPeer(name);
    const seconds = Math.round((performance.now() - begin) / 1000);
    if (seconds > 1) say(`built ${titleOf(name)} in ${seconds} s`);
  }
}
