/** What tunnels have told, read from their files. */
import { RegctlError } from "../errors.ts";
import { exitCodeAfter } from "../service/exit-code.ts";
import { nameOfTunnel } from "./running-tunnels.ts";
import { logPath } from "./tunnel-place.ts";
import type { TunnelWorld } from "./world.ts";

export interface TunnelLogOutcome {
  readonly name: string;
  readonly log: string;
  /** The oldest first. */
  readonly lines: readonly string[];
}

const lookEveryMs = 250;

/** @throws RegctlError NOT_RUNNING: no tunnel of this name is there, or was */
export async function readTunnelLog(typed: string, world: TunnelWorld): Promise<TunnelLogOutcome> {
  const name = await nameOfTunnel(typed, "logs", world);
  const log = logPath(name, world);
  const [before, now] = await Promise.all([world.files.read(`${log}.1`), world.files.read(log)]);
  if (now === null) {
    throw new RegctlError("NOT_RUNNING", {
      what: "tunnel",
      name: `${name} has left a log, or`,
      start: "regctl tunnel USER@SERVER --detach",
    });
  }
  return { name, log, lines: [...linesOf(before), ...linesOf(now)] };
}

/** Resolves to the exit code when somebody ends it. */
export async function followTunnelLog(
  { log }: Pick<TunnelLogOutcome, "log">,
  say: (line: string) => void,
  world: TunnelWorld,
): Promise<number> {
  let seen = (await world.files.read(log))?.length ?? 0;
  for (;;) {
    await world.clock.sleep(lookEveryMs, world.signal).catch(() => {});
    if (world.signal.aborted) return exitCodeAfter(world.signal);
    const bytes = (await world.files.read(log)) ?? Buffer.alloc(0);
    // A log that is full begins again.
    if (bytes.length < seen) seen = 0;
    const end = bytes.lastIndexOf("\n") + 1;
    if (end <= seen) continue;
    for (const line of linesOf(bytes.subarray(seen, end))) say(line);
    seen = end;
  }
}

function linesOf(bytes: Buffer | null): readonly string[] {
  return (bytes?.toString("utf8") ?? "").split("\n").filter((line) => line !== "");
}
