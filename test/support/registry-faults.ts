/** What a registry can do to one kind of request, once or for ever, as a table that commands are put through. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, isRegctlError } from "../../src/errors.ts";
import type { Fault, FaultProxy, Rule } from "./fault-proxy.ts";

export type Requests = Omit<Rule, "fault" | "times">;
export type LastingFaults = Readonly<Record<string, readonly [Fault, ErrorCode]>>;

export const always = 1000;

/** An answer of the registry's own, with an error of the OCI's in it. */
export function says(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Fault {
  const body = JSON.stringify({ errors: [{ code, message: "the test says so" }] });
  return { kind: "status", status, body, headers };
}

/** A connection that breaks in front of an answer, or at a byte of it. */
export function breaks(kind: "cut" | "reset" | "half-close" | "stall", at: number | "head" = "head"): Fault {
  return { kind, side: "response", at };
}

/** Each is got over when it happens once. */
export const passingFaults: Readonly<Record<string, Fault>> = {
  "answers 500": says(500, "UNKNOWN"),
  "answers 503 and asks for patience": says(503, "UNAVAILABLE", { "retry-after": "1" }),
  "answers 429": says(429, "TOOMANYREQUESTS", { "retry-after": "1" }),
  "hangs up before its answer": breaks("cut"),
  "resets the connection": breaks("reset"),
  "is silent": breaks("stall"),
};

/** And of each that stays it is told what it is. */
export const lastingFaults: LastingFaults = {
  "answers 500": [says(500, "UNKNOWN"), "REGISTRY_ERROR"],
  "knows nobody": [says(401, "UNAUTHORIZED", { "www-authenticate": 'Basic realm="x"' }), "UNAUTHORIZED"],
  "refuses whoever it is": [says(403, "DENIED"), "DENIED"],
};

export interface FaultCells<World> {
  open(): Promise<World>;
  /** What is put through them. */
  go(world: World): Promise<unknown>;
  /** Fails unless nothing has come of it. */
  untouched(world: World): Promise<void>;
  /** Once more without any fault: fails unless it ends well and leaves nothing behind. */
  mended(world: World): Promise<void>;
  readonly passing: Readonly<Record<string, Fault>>;
  readonly lasting: LastingFaults;
}

export const cellLimits = { timeout: 60_000 };

export function describeFaults<World extends AsyncDisposable & { readonly proxy: FaultProxy }>(
  where: string,
  requests: Requests,
  { open, go, untouched, mended, passing, lasting }: FaultCells<World>,
): void {
  describe(`${where}: the registry`, { concurrency: 4 }, () => {
    for (const [what, fault] of Object.entries(passing)) {
      it(`${what} once: it is got over`, cellLimits, async () => {
        await using world = await open();
        world.proxy.set({ ...requests, fault });
        await go(world);
        assert.equal(world.proxy.count(fault.kind), 1);
        await mended(world);
      });
    }

    for (const [what, [fault, code]] of Object.entries(lasting)) {
      it(`${what} again and again: ${code}, and the next run goes well`, cellLimits, async () => {
        await using world = await open();
        world.proxy.set({ ...requests, times: always, fault });
        await assertCode(go(world), code);
        await untouched(world);
        await mended(world);
      });
    }
  });
}

export function assertCode(running: Promise<unknown>, code: ErrorCode): Promise<void> {
  return assert.rejects(running, (error) => {
    assert.ok(isRegctlError(error), String(error));
    assert.equal(error.code, code, JSON.stringify(error.facts));
    return true;
  });
}
