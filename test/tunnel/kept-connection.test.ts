/** What is kept, with a clock that only goes when it is waited for. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { isRegctlError, RegctlError } from "../../src/errors.ts";
import type { Clock } from "../../src/ports.ts";
import type { SshConnection } from "../../src/ssh/connection.ts";
import { type ConnectOnce, keepConnection } from "../../src/tunnel/kept-connection.ts";
import { until } from "../support/opened-tunnel.ts";

interface TestConnection {
  readonly connection: SshConnection;
  lose(): void;
  closed: boolean;
}

/** `answers`: whether its server still does. */
function makeConnection(answers = true): TestConnection {
  const { promise, resolve } = Promise.withResolvers<RegctlError | undefined>();
  const made = { closed: false };
  const connection = {
    name: "tester@server",
    closed: promise,
    answers: async () => answers,
    close: async () => {
      made.closed = true;
      resolve(undefined);
    },
  };
  const lost = new RegctlError("SSH_CONNECTION_LOST", { host: "tester@server", reason: "cut" });
  return Object.assign(made, {
    connection: connection as unknown as SshConnection,
    lose: () => resolve(lost),
  });
}

/** Time passes by sleeping alone, at once, unless it stands still. `jump` makes the wall clock go on without it. */
class TestClock implements Clock {
  ms = Date.UTC(2026, 0, 1);
  slept = 0;
  still = false;

  now(): Date {
    return new Date(this.ms);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    do await new Promise((resolve) => setTimeout(resolve));
    while (this.still && signal?.aborted !== true);
    signal?.throwIfAborted();
    this.ms += ms;
    this.slept += ms;
  }

  jump(ms: number): void {
    this.ms += ms;
  }
}

const stops: AbortController[] = [];
after(() => {
  for (const stop of stops) stop.abort();
});

type Step = TestConnection | RegctlError;

/** Connects by these steps, in order; the last one again and again. */
function follow(steps: readonly Step[]) {
  const attempts: number[] = [];
  const clock = new TestClock();
  const stop = new AbortController();
  stops.push(stop);
  const connect: ConnectOnce = async () => {
    const step = steps[Math.min(attempts.length, steps.length - 1)];
    attempts.push(clock.ms);
    if (step === undefined || step instanceof RegctlError) throw step;
    return step.connection;
  };
  const world = { clock, random: () => 0, signal: stop.signal };
  return { attempts, clock, stop, keep: () => keepConnection(connect, { connectTimeoutMs: 15_000 }, world) };
}

const unreachable = new RegctlError("SSH_UNREACHABLE", { host: "server", port: 22, reason: "no route" });
const refused = new RegctlError("SSH_AUTH_FAILED", { host: "server", user: "tester", tried: ["publickey"] });

describe("a kept connection", { timeout: 20_000 }, () => {
  it("throws why the first attempt failed, and tries no other", async () => {
    const { attempts, keep } = follow([unreachable]);
    await assert.rejects(keep(), (error) => error === unreachable);
    assert.equal(attempts.length, 1);
  });

  it("tries on while the network is away, and counts one reconnect", async () => {
    const [first, second] = [makeConnection(), makeConnection()];
    const { attempts, keep } = follow([first, unreachable, unreachable, unreachable, second]);
    const kept = await keep();
    const told: string[] = [];
    kept.onChange(() => told.push(`${kept.state} ${kept.problem?.code ?? ""}`.trim()));
    first.lose();
    await until("it is up again", () => kept.reconnects === 1 && kept.state === "up");
    assert.equal(await kept.up(60_000), second.connection);
    assert.deepEqual([kept.state, kept.reconnects, kept.problem], ["up", 1, null]);
    assert.deepEqual(told, [
      "reconnecting SSH_CONNECTION_LOST",
      ...Array.from({ length: 3 }, () => "reconnecting SSH_UNREACHABLE"),
      "up",
    ]);
    const gaps = attempts.slice(2).map((at, index) => at - (attempts[index + 1] ?? 0));
    assert.deepEqual(gaps, [250, 500, 1_000]);
    await kept.close();
    assert.ok(second.closed);
  });

  it("leaves a server alone that refuses, until somebody asks, once a minute at most", async () => {
    const [first, second] = [makeConnection(), makeConnection()];
    const { attempts, clock, keep } = follow([first, refused, refused, second]);
    const kept = await keep();
    kept.onChange(() => {
      clock.still = kept.state === "failed";
    });
    first.lose();
    await until("it is told", () => kept.state === "failed");
    const isRefused = (error: unknown): boolean => error === refused;
    await assert.rejects(kept.up(1_000), isRefused);
    await assert.rejects(kept.up(1_000), isRefused);
    const slept = clock.slept;
    clock.still = false;
    await until("five minutes are over", () => clock.slept > slept + 300_000);
    assert.equal(attempts.length, 2);
    await assert.rejects(kept.up(10_000), isRefused);
    assert.equal(attempts.length, 3);
    clock.still = false;
    await until("a minute is over", () => clock.ms > (attempts[2] ?? 0) + 60_000);
    assert.equal(await kept.up(10_000), second.connection);
    assert.equal(attempts.length, 4);
    await kept.close();
  });

  it("asks the server as soon as the machine has slept", async () => {
    const [first, second] = [makeConnection(false), makeConnection()];
    const { clock, keep } = follow([first, second]);
    const kept = await keep();
    const slept = clock.slept;
    await until("a while is over", () => clock.slept > slept + 60_000);
    assert.equal(kept.state, "up");
    clock.jump(3_600_000);
    await until("it is up again", () => kept.reconnects === 1);
    assert.ok(first.closed);
    await kept.close();
  });

  it("keeps a connection that answers after a sleep", async () => {
    const first = makeConnection(true);
    const { clock, keep } = follow([first]);
    const kept = await keep();
    clock.jump(3_600_000);
    const slept = clock.slept;
    await until("a while is over", () => clock.slept > slept + 60_000);
    assert.deepEqual([kept.state, kept.reconnects], ["up", 0]);
    await kept.close();
  });

  it("ends with its signal, and with it whoever waits", async () => {
    const first = makeConnection();
    const { stop, keep } = follow([first, unreachable]);
    const kept = await keep();
    first.lose();
    await until("it is lost", () => kept.state === "reconnecting");
    const waiting = kept.up(60_000);
    stop.abort();
    const isClosed = (error: unknown): boolean => isRegctlError(error, "SSH_CONNECTION_LOST");
    await assert.rejects(waiting, isClosed);
    await kept.close();
    await assert.rejects(kept.up(0), isClosed);
  });
});
