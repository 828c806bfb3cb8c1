/** What a running tunnel does for another regctl that asks it over its control socket. */
import { RegctlError } from "../errors.ts";
import type { ControlAnswer } from "../service/control.ts";
import type { TunnelItem } from "./tunnel-outcome.ts";

export interface ControlledTunnel {
  /** As it is, `healthy` as it was when somebody last looked. */
  item(): TunnelItem;
  /** The same, after asking the registry. */
  look(): Promise<TunnelItem>;
  /** Begins to stop and comes back when it has. */
  stop(): Promise<void>;
}

export function answerTunnelControl(tunnel: ControlledTunnel): ControlAnswer {
  const answers: Readonly<Record<string, () => Promise<object>>> = {
    who: async () => tunnel.item(),
    status: () => tunnel.look(),
    stop: async () => {
      const item = tunnel.item();
      await tunnel.stop();
      return item;
    },
  };
  return async ({ ask }) => {
    const answer = Object.hasOwn(answers, ask) ? answers[ask] : undefined;
    if (answer !== undefined) return await answer();
    throw new RegctlError("USAGE", { problem: `A tunnel of another version does not know "${ask}"` });
  };
}
