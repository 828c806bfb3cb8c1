/** One veth pair for each host: `eth0` inside, `rlabN` here or in the jump host. Addresses follow from N. */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { mustRun } from "./command.ts";

export interface Cable {
  /** IPv4 of the host. */
  readonly address: string;
  /** IPv4 of the other end: this machine, or the jump host. */
  readonly gateway: string;
  setLink(state: "up" | "down"): Promise<void>;
}

/** 16384 networks of four addresses in 10.231.0.0/16. */
export function planAddresses(number: number): { readonly address: string; readonly gateway: string } {
  const prefix = `10.231.${number >> 6}`;
  const network = (number & 63) * 4;
  return { address: `${prefix}.${network + 2}`, gateway: `${prefix}.${network + 1}` };
}

/**
 * Lays a cable between the network namespace of `hostPid` and this machine, or the namespace of `behindPid`. Both ends
 * vanish with the host's namespace. `base` lends its `ip`: this machine may have none.
 */
export async function connectHost(
  number: number,
  base: string,
  hostPid: number,
  behindPid?: number,
): Promise<Cable> {
  const { address, gateway } = planAddresses(number);
  const outer = `rlab${number}`;
  const ip = (namespaceOf: number | undefined, ...args: readonly string[]) => {
    const enter = namespaceOf === undefined ? [] : ["nsenter", "-t", String(namespaceOf), "-n"];
    return mustRun([...enter, "chroot", base, "ip", ...args]);
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
    setLink: async (state) => void (await ip(hostPid, "link", "set", "eth0", state)),
  };
}

/** The kernel takes the cable away soon after the last process of the host's network. Throws after 10 s. */
export async function waitForCableEnd(number: number): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (!existsSync(`/sys/class/net/rlab${number}`)) return;
    await sleep(20);
  }
  throw new Error(`the interface rlab${number} is still there`);
}
