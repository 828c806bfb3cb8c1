/** `search` and `tags` against shell loops of other clients, and against themselves without what they remember. */
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { openPeer, titleOf } from "../interop/peers.ts";
import { makeImage } from "../support/image-maker.ts";
import { installRegctl } from "../support/installed.ts";
import { openTestClient } from "../support/registry-world.ts";
import { type Distribution, startDistribution } from "../support/start-distribution.ts";
import { compare, judgeMemory, type Verdict } from "./measure.ts";

const run = promisify(execFile);
const usualRounds = 3;
const repositories = 2000;
const tags = 500;
const atOnce = 16;

async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Many repositories with one image each, and one with many tags of different images. */
async function fill({ host }: Distribution): Promise<void> {
  await using opened = await openTestClient(host);
  const { client } = opened;
  const push = async (repository: string, tag: string, seed: string) => {
    const image = makeImage({ seed, layers: [100] });
    for (const [digest, bytes] of image.blobs) {
      await client.putUpload(await client.startUpload(repository), digest, bytes);
    }
    await client.putManifest(repository, tag, image.manifest);
  };
  await inParallel(repositories, (index) => push(`team/app-${index}`, "1.0", `app ${index}`));
  await inParallel(tags, (index) => push("team/many", `1.${index}`, `tag ${index}`));
}

/** What somebody types who has only the other client: names and tags of all, details of what a page shows. */
const searchLoop = `set -e
crane=$1 host=$2
"$crane" catalog "$host" | grep app | while read -r name; do
  printf '%s %s\\n' "$name" "$("$crane" ls "$host/$name" | wc -l)"
done >list
head -n 25 list | while read -r name _; do "$crane" config "$host/$name:1.0"; done >details`;

const tagsLoop = {
  crane: `"$1" ls "$2/team/many" | while read -r tag; do "$1" config "$2/team/many:$tag"; done >details`,
  skopeo: `"$1" list-tags --tls-verify=false "docker://$2/team/many" | sed -n 's/^ *"\\(1\\.[0-9]*\\)".*/\\1/p' |
while read -r tag; do "$1" inspect --config --tls-verify=false "docker://$2/team/many:$tag"; done >details`,
} as const;

export async function benchBrowse(
  rounds = usualRounds,
  tell: (verdict: Verdict) => void = () => {},
): Promise<void> {
  await using registry = await startDistribution();
  await using ours = await installRegctl();
  await fill(registry);
  const { host } = registry;
  const forget = () => rm(join(ours.home, ".cache"), { recursive: true, force: true });
  const loop = async (script: string, peer: "crane" | "skopeo") => {
    const words = ["-c", script, "loop", await openPeer(peer), host];
    await run("sh", words, { cwd: ours.home, env: { PATH: process.env.PATH, HOME: "/nonexistent" } });
  };
  const search = () => ours.run(["search", "app", "--registry", host]);
  const list = () => ours.run(["tags", `${host}/team/many`]);
  tell(
    await compare({
      title: `search over ${repositories} repositories`,
      ours: { name: "regctl", before: forget, run: search },
      peer: { name: `shell loop of ${titleOf("crane")}`, run: () => loop(searchLoop, "crane") },
      atMost: 0.1,
      rounds,
    }),
  );
  for (const peer of ["crane", "skopeo"] as const) {
    tell(
      await compare({
        title: `tags with dates on ${tags} tags`,
        ours: { name: "regctl", before: forget, run: list },
        peer: { name: `shell loop of ${titleOf(peer)}`, run: () => loop(tagsLoop[peer], peer) },
        atMost: 0.1,
        rounds,
      }),
    );
  }
  for (const [title, again] of [
    [`search over ${repositories} repositories`, search],
    [`tags with dates on ${tags} tags`, list],
  ] as const) {
    tell(
      await compare({
        title: `${title}, again`,
        ours: { name: "with its cache", run: again },
        peer: { name: "without", before: forget, run: again },
        atMost: 1 / 1.6,
        rounds: Math.max(rounds, 5),
      }),
    );
  }
  tell(judgeMemory("search and tags", ours.peak(), 150 * 2 ** 20));
}
