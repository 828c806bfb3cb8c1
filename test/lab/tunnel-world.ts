/** A person with a tunnel: regctl on this machine, its tunnels in the background, and what becomes of them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { TunnelItem } from "../../src/tunnel/tunnel-outcome.ts";
import type { LabHost } from "./lab.ts";
import { openPerson, type Person } from "./regctl-over-ssh.ts";

export interface TunnelPerson extends Person {
  /** Starts one in the background. */
  start(...args: readonly string[]): Promise<TunnelItem>;
  /** All that run. */
  list(): Promise<readonly TunnelItem[]>;
  /** Waits until the only one is so; fails after a minute and a half. */
  until(what: string, holds: (item: TunnelItem) => boolean): Promise<TunnelItem>;
  /** Exit and error code of a tunnel that does not start. */
  failure(...args: readonly string[]): Promise<readonly [number | null, unknown, string]>;
}

const patienceMs = 90_000;

/** The environment is that of every call. */
export async function openTunnelPerson(
  hosts: readonly LabHost[],
  env: (home: string) => Readonly<Record<string, string>> = () => ({}),
): Promise<TunnelPerson> {
  const person = await openPerson(...hosts);
  const nowhere = { DOCKER_HOST: `unix://${person.home}/none.sock` };
  const options = { env: { ...nowhere, ...env(person.home) } };
  const regctl: Person["regctl"] = (args, more = {}) =>
    person.regctl(args, { ...more, env: { ...options.env, ...more.env } });
  const itemsOf = async (...args: readonly string[]): Promise<readonly TunnelItem[]> => {
    const { code, stdout, stderr } = await regctl(["tunnel", ...args, "--json", "--progress", "none"]);
    assert.equal(code, 0, `regctl tunnel ${args.join(" ")}: ${stdout}${stderr}`);
    return JSON.parse(stdout).items;
  };
  return {
    ...person,
    regctl,
    start: async (...args) => {
      const [item] = await itemsOf(...args, "--detach");
      return item ?? assert.fail();
    },
    list: () => itemsOf("list"),
    until: async (what, holds) => {
      const end = performance.now() + patienceMs;
      for (;;) {
        const [item] = await itemsOf("list");
        if (item !== undefined && holds(item)) return item;
        if (performance.now() > end) assert.fail(`waited in vain: ${what}: ${JSON.stringify(item)}`);
        await sleep(200);
      }
    },
    failure: async (...args) => {
      const { code, stdout, stderr } = await regctl(["tunnel", ...args, "--json", "--progress", "none"]);
      assert.notEqual(code, 0, stdout);
      const { error } = JSON.parse(stdout || assert.fail(stderr));
      return [code, error.code, error.message];
    },
    leave: async () => {
      await regctl(["tunnel", "stop", "--all"]);
      await person.leave();
    },
  };
}

export const isWell = ({ state, healthy }: TunnelItem): boolean => state === "up" && healthy;

/** Status of `GET /v2/` on a connection of its own, or null. */
export async function askRegistry(registry: string, timeoutMs = 40_000): Promise<number | null> {
  const asked = request(`http://${registry}/v2/`, { agent: false, timeout: timeoutMs });
  asked.on("timeout", () => asked.destroy());
  asked.end();
  try {
    const [answer]: IncomingMessage[] = await once(asked, "response");
    answer?.resume();
    return answer?.statusCode ?? null;
  } catch {
    return null;
  }
}

/** Processes of this machine that have this word in their command line. */
export async function processesWith(word: string): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (pid) => [pid, await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")] as const),
  );
  return lines.filter(([, line]) => line.includes(word)).map(([pid]) => Number(pid));
}
