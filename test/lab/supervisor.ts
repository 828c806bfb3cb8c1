/** The process that owns one host's namespaces, seen from here: supervise.sh says what its arguments mean. */
import { ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hierarchy } from "./cgroups.ts";

export interface SupervisorSettings {
  readonly space: string;
  readonly base: string;
  readonly name: string;
  readonly init: string;
  readonly changes: "kept" | "lost";
  readonly cgroup: string;
  /** Those that the host sees. */
  readonly hierarchies: readonly Hierarchy[];
  readonly checkout: string;
}

export class Supervisor {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  #complaints = "";
  /** Resolves when everything that it owned has ended. */
  readonly ended: Promise<void>;

  constructor(settings: SupervisorSettings) {
    const s = settings;
    const hierarchies = s.hierarchies.map((h) => `${h.version}:${h.options}:${h.mountpoint}`);
    const args = [s.space, s.base, s.name, s.init, s.changes, s.cgroup, s.checkout, hierarchies.join(" ")];
    const script = `${import.meta.dirname}/supervise.sh`;
    this.#child = spawn("unshare", ["-m", "-n", "--propagation", "private", "--", "sh", script, ...args]);
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#lines.push(line));
    this.#child.stderr.on("data", (chunk: Buffer) => {
      this.#complaints += chunk.toString();
    });
    this.#child.stdin.on("error", () => undefined);
    this.ended = once(this.#child, "close").then(() => undefined);
    this.ended.catch(() => undefined);
    this.#setWaited(false);
  }

  /** Its mount and network namespaces are the host's outermost ones and survive a reboot. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("unshare could not be started");
    return this.#child.pid;
  }

  /** How often the host has been booted. */
  get boots(): number {
    return this.#initPids().length;
  }

  /** The pid, here, of the host's first process since the last boot. */
  get initPid(): number {
    const pid = this.#initPids().at(-1);
    if (pid === undefined) throw new Error("the host was not booted");
    return pid;
  }

  #initPids(): readonly number[] {
    return this.#lines.filter((line) => line.startsWith("init ")).map((line) => Number(line.slice(5)));
  }

  async prepared(): Promise<void> {
    await this.#until(() => this.#lines.includes("prepared"), "the files of the host");
  }

  /** Starts the host; resolves when its first process runs. */
  async boot(): Promise<void> {
    this.#child.stdin.write("boot\n");
    await this.booted(1);
  }

  async booted(times: number): Promise<void> {
    await this.#until(() => this.boots >= times, `boot ${times}`);
  }

  /** A test that forgets to stop its host must still be able to end, and its end stops the host. */
  #setWaited(waited: boolean): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const handle of [this.#child, stdin, stdout, stderr]) {
      if (!(handle instanceof Socket || handle instanceof ChildProcess)) continue;
      if (waited) handle.ref();
      else handle.unref();
    }
  }

  async stop(): Promise<void> {
    this.#setWaited(true);
    this.#child.stdin.end();
    await this.ended;
  }

  /** Waits for a condition; throws with what the scripts said when they ended instead, or after 60 s. */
  async #until(condition: () => boolean, what: string): Promise<void> {
    for (let attempt = 0; attempt < 6000; attempt++) {
      if (condition()) return;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        await this.ended;
        break;
      }
      // A host that halted does not come back.
      const last = this.#lines.at(-1);
      if (last?.startsWith("ended ") && last !== "ended 129") break;
      await sleep(10);
    }
    throw new Error(
      `lab host: waited in vain for ${what}\n${this.#lines.join("\n")}\n${this.#complaints.slice(-3000)}`,
    );
  }
}
