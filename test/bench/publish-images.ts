/** Images of a Debian system's files, the same in every engine: 509 MB in one layer or in twelve, and one that grew. */
import { openBaseRoot } from "../lab/base-root.ts";
import { mustRun } from "../lab/command.ts";
import type { LabHost } from "../lab/lab.ts";

/** Where a host keeps what images are made of. */
const place = "/root/bench";

/** Tars of equal size, of whole files: $1 the root, $2 the folder that they go to, $3 how many. */
const tarScript = `set -eu
mkdir -p "$2"
cd "$1"
find usr ! -type d -printf '%s\\t%p\\n' | LC_ALL=C sort -k 2 >"$2/files"
awk -F '\\t' -v parts="$3" -v to="$2" '
  FNR == NR { left += $1; next }
  part < parts - 1 && size > 0 && size >= left / (parts - part) { left -= size; size = 0; part += 1 }
  { print $2 >(to "/list-" part + 0); size += $1 }
' "$2/files" "$2/files"
for list in "$2"/list-*; do
  tar -c --no-recursion --numeric-owner -f "$2/part\${list##*list}.tar" -T "$list"
done
rm "$2"/list-* "$2/files"`;

async function writeTars(host: LabHost, parts: number): Promise<void> {
  const base = await openBaseRoot("systemd");
  const argv = ["sh", "-c", tarScript, "tars", base, `${host.root}${place}`, String(parts)];
  await mustRun(argv, { timeoutMs: 300_000 });
}

/** One layer under `name`, as \`docker import\` makes it. */
export async function makeOne(host: LabHost, name: string): Promise<void> {
  await writeTars(host, 1);
  await inside(host, `docker import ${place}/part-0.tar ${name}`);
}

/** So many layers, as the builder makes them. */
export async function makeMany(host: LabHost, name: string, layers: number): Promise<void> {
  await writeTars(host, layers);
  const add = `for part in $(seq 0 ${layers - 1}); do echo "ADD part-$part.tar /"; done`;
  await inside(
    host,
    `cd ${place}; { echo FROM scratch; ${add}; } >Dockerfile; DOCKER_BUILDKIT=0 docker build -q -t ${name} .`,
  );
}

/** A layer of 64 KiB of noise over another image. */
export async function makeTop(host: LabHost, from: string, name: string): Promise<void> {
  const noise = "head -c 65536 /dev/urandom >top";
  await inside(
    host,
    `mkdir -p ${place}; cd ${place}; ${noise}; printf 'FROM ${from}\\nADD top /top\\n' >Dockerfile; DOCKER_BUILDKIT=0 docker build -q -t ${name} .`,
  );
}

/** What images were made of goes; it takes memory. */
async function inside(host: LabHost, script: string): Promise<void> {
  const { code, stdout, stderr } = await host.run(["sh", "-ec", `${script}\nrm -rf ${place}`], {
    timeoutMs: 300_000,
  });
  if (code !== 0) throw new Error(`${script}: ${stdout}${stderr}`);
}
