/** One veth pair for each host: `eth0` inside, `rlabN` here or in the jump host. Addresses follow from N. */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Finished, runCommand } from "./command.ts";

export interface Cable {
  /** IPv4 of the host. */
  readonly address: string;
  /** IPv4 of the other end: this machine, or the jump host. */
  readonly gateway: string;
  setLink(state: "up" | "down"): Promise<void>;
  /** Takes it away; nothing happens when it is gone. */
  remove(): Promise<void>;
}

/** 16384 networks of four addresses in 10.231.0.0/16. */
export function planAddresses(number: number): { readonly address: string; readonly gateway: string } {
  const prefix = `10.231.${number >> 6}`;
  const network = (number & 63) * 4;
  return { address: `${prefix}.${network + 2}`, gateway: `${prefix}.${network + 1}` };
}

/** $1 is the base root. Newer releases of `ip` look a pid up in /proc, which is empty in a root that nobody booted. */
const ipScript = 'mount --bind /proc "$1/proc"; root=$1; shift; exec chroot "$root" ip "$@"';

/** Runs `ip` of a base root, for this machine may have none, in a process's network namespace or in ours. */
function runIp(base: string, namespaceOf: number | undefined, args: readonly string[]): Promise<Finished> {
  const enter = namespaceOf === undefined ? [] : ["nsenter", "-t", String(namespaceOf), "-n"];
  const apart = ["unshare", "-m", "--propagation", "private", "sh", "-euc", ipScript, "ip"];
  return runCommand([...enter, ...apart, base, ...args]);
}

/** Lays a cable between the network namespace of `hostPid` and this machine, or the namespace of `behindPid`. */
export async function connectHost(
  number: number,
  base: string,
  hostPid: number,
  behindPid?: number,
): Promise<Cable> {
  const { address, gateway } = planAddresses(number);
  const outer = `rlab${number}`;
  const ip = async (namespaceOf: number | undefined, ...args: readonly string[]) => {
    const { code, stderr } = await runIp(base, namespaceOf, args);
    if (code !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
  };
  await ip(undefined, "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", String(hostPid));
  if (behindPid !== undefined) await ip(undefined, "link", "set", outer, "netns", String(behindPid));
  await ip(behindPid, "addr", "add", `${gateway}/30`, "dev", outer);
  await ip(behindPid, "link", "set", outer, "up");
  await ip(hostPid, "addr", "add", `${address}/30`, "dev", "eth0");
  return {
    address,
    gateway,
    // The inner end, as when a cable is pulled there: the route from here stays, so nothing goes astray.
    setLink: (state) => ip(hostPid, "link", "set", "eth0", state),
    remove: async () => void (await runIp(base, behindPid, ["link", "del", outer])),
  };
}

/**
 * Removes what is left of a host's cable here. It goes with the host's network namespace, but a connection that
 * was cut by a pulled cable keeps that namespace for minutes.
 */
export async function removeCable(number: number, base: string): Promise<void> {
  if (!existsSync(`/sys/class/net/rlab${number}`)) return;
  await runIp(base, undefined, ["link", "del", `rlab${number}`]);
  await waitForCableEnd(number);
}

/** The kernel may be busy removing it already. Throws after 10 s. */
async function waitForCableEnd(number: number): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (!existsSync(`/sys/class/net/rlab${number}`)) return;
    await sleep(20);
  }
  throw new Error(`the interface rlab${number} is still there`);
}
