import { readRecords } from "../tunnel/records.ts";

type World = Parameters<typeof readRecords>[0];

/** Of tunnels that run or ran. */
export async function readTunnelNames(world: World): Promise<readonly string[]> {
  return Object.keys(await readRecords(world));
}
