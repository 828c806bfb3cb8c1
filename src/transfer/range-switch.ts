/** From one stream to several ranges, at most once for a blob. */
import { judgeRanges, type Measured, type RangeToken } from "./ranges.ts";

export interface RangeSwitch {
  /** Called while bytes flow. True: now is the time. */
  consider(measured: () => Measured): boolean;
  /** The stream in ranges broke: the rest comes in one. */
  broke(): void;
  /** The stream is over, and another may follow. */
  over(): void;
  close(): void;
}

/** `heeds` asks the source whether it heeds ranges, beside the stream that flows meanwhile; it never rejects. */
export function createRangeSwitch(token: RangeToken | null, heeds: () => Promise<boolean>): RangeSwitch {
  let state: "watching" | "asking" | "ready" | "taken" | "never" = token === null ? "never" : "watching";
  const leave = (next: "watching" | "never"): void => {
    if (state === "ready" || state === "taken") token?.giveBack();
    state = next;
  };
  const ask = async (): Promise<void> => {
    state = "asking";
    const heeded = await heeds();
    // The blob was left meanwhile.
    if (state !== "asking") token?.giveBack();
    else {
      state = "ready";
      if (!heeded) leave("never");
    }
  };
  return {
    consider: (measured) => {
      if (state === "ready") {
        state = "taken";
        return true;
      }
      if (state !== "watching") return false;
      const judged = judgeRanges(measured());
      if (judged === "never") state = "never";
      if (judged === "ranges" && token?.take() === true) ask().catch(() => leave("never"));
      return false;
    },
    broke: () => {
      if (state === "taken") leave("never");
    },
    over: () => {
      if (state === "taken") leave("watching");
    },
    close: () => leave("never"),
  };
}
