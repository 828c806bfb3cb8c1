/** `copy` from registry to registry (CNCF Distribution 3) against crane, skopeo and oras. */
import { clients, runPeer } from "../interop/clients.ts";
import { titleOf } from "../interop/peers.ts";
import { installRegctl } from "../support/installed.ts";
import { pushLargeImage } from "../support/large-image.ts";
import { startDistribution } from "../support/start-distribution.ts";
import { judgeMemory, race, type Verdict } from "./measure.ts";

const mib = 2 ** 20;
const usualRounds = 7;
/** For humans: what the machine that runs it must give. */
const mostMemory = 150 * mib;

const images = [
  { title: "8 × 128 MiB", name: "eight", layers: Array.from({ length: 8 }, () => 128 * mib) },
  { title: "1 × 1 GiB", name: "one", layers: [1024 * mib] },
] as const;

export async function benchCopy(
  rounds = usualRounds,
  tell: (verdict: Verdict) => void = () => {},
): Promise<void> {
  await using from = await startDistribution();
  await using to = await startDistribution();
  await using ours = await installRegctl();
  for (const { title, name, layers } of images) {
    await pushLargeImage(from.host, name, layers);
    const [source, destination] = [`${from.host}/${name}:1`, `${to.host}/${name}:1`];
    const before = () => to.empty();
    const peers = clients.filter((client) => client.name !== "regclient");
    tell(
      await race({
        title: `copy ${title}, Distribution 3 to Distribution 3`,
        ours: { name: "regctl", before, run: () => ours.run(["copy", source, destination]) },
        peers: peers.map((client) => ({
          name: titleOf(client.name),
          before,
          run: async () => void (await runPeer(client.name, client.copy(source, destination))),
        })),
        atMost: 1.05,
        rounds,
      }),
    );
    tell(judgeMemory(`copy ${title}`, ours.peak(), mostMemory));
    await from.empty();
    await to.empty();
  }
}
