/** At which port of this machine a tunnel listens. */
import { RegctlError } from "../errors.ts";

export interface PortWish {
  /** Of `--local-port`. */
  readonly exact: number | null;
  /** The one of last time: it stands in every tag that was pushed. */
  readonly remembered: number | null;
}

const usualPort = 5000;
const tries = 200;

export interface PortFacts {
  isFree(port: number): Promise<boolean>;
  /** Who listens there, where that is known. */
  holderOf(port: number): Promise<string | null>;
}

/** Ports in the order in which they are taken; one alone is meant exactly. Pure. */
export function planPorts({ exact, remembered }: PortWish): readonly number[] {
  if (exact !== null) return [exact];
  const others = Array.from({ length: tries }, (_, index) => usualPort + index);
  return [...new Set([...(remembered === null ? [] : [remembered]), ...others])];
}

/** Throws PORT_HELD. */
export async function choosePort(wish: PortWish, { isFree, holderOf }: PortFacts): Promise<number> {
  const [first = usualPort, ...others] = planPorts(wish);
  if (first === 0 || (await isFree(first))) return first;
  for (const port of others) if (await isFree(port)) return port;
  throw new RegctlError("PORT_HELD", {
    address: `127.0.0.1:${first}`,
    by: await holderOf(first),
    instead: wish.exact === null ? "--local-port 0" : "leave --local-port out, or --local-port 0",
  });
}
