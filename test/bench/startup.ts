/** How soon a command has started, against Node that runs nothing: the installed package, its caches warm. */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stagePackage } from "../../scripts/pack.ts";
import { judgeRatio, judgeTime, timeInTurn, type Verdict } from "./measure.ts";
import type { StartupPeers } from "./startup-peers.ts";

interface Start {
  readonly title: string;
  readonly args: readonly string[];
  readonly atMost: number;
  readonly code: number;
}

export async function benchStartup(rounds = 30, tell: (verdict: Verdict) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "regctl-startup-"));
  const home = join(folder, "home");
  const program = join(folder, "package", "bin", "run.js");
  await mkdir(join(home, ".cache"), { recursive: true });
  await mkdir(join(folder, "package"));
  await stagePackage(join(folder, "package"));
  const peers = fork(new URL("startup-peers.ts", import.meta.url));
  const [{ registry, sshPort, fingerprint }]: [StartupPeers] = (await once(peers, "message")) as [
    StartupPeers,
  ];
  const run = async (args: readonly string[], code: number): Promise<void> => {
    // NODE_EXTRA_CA_CERTS would cost both sides the same on some versions of Node, and hide the rest.
    const env = { HOME: home, PATH: process.env.PATH, LANG: "C.UTF-8" };
    const child = spawn(process.execPath, args, { env, stdio: "ignore" });
    const [ended] = await once(child, "exit");
    if (ended !== code) throw new Error(`node ${args.join(" ")} ended with ${String(ended)}`);
  };
  const host = `tester@127.0.0.1:${sshPort}`;
  const starts: readonly Start[] = [
    { title: "--version", args: ["--version"], atMost: 1.3, code: 0 },
    { title: "help", args: ["--help"], atMost: 2.2, code: 0 },
    { title: "help of a command", args: ["publish", "--help"], atMost: 2.2, code: 0 },
    { title: "a mistyped flag", args: ["publish", "--nope"], atMost: 2.2, code: 2 },
    { title: "local state alone (use)", args: ["use"], atMost: 2.2, code: 0 },
    { title: "first HTTP (ping)", args: ["ping", registry], atMost: 4, code: 0 },
    {
      title: "first SSH (setup status --on)",
      args: ["setup", "status", "--on", host, "--accept-host-key", fingerprint, "--ssh", "node"],
      atMost: 4,
      code: 0,
    },
  ];
  try {
    const took = await timeInTurn(
      [
        { name: "node -e 0", run: () => run(["-e", "0"], 0) },
        ...starts.map(({ title, args, code }) => ({ name: title, run: () => run([program, ...args], code) })),
      ],
      rounds,
    );
    const [peer, ...ours] = took;
    if (peer === undefined) return;
    for (const [index, mine] of ours.entries()) {
      const start = starts[index];
      if (start === undefined) continue;
      tell(
        judgeRatio({ title: `start: ${start.title}`, mine, theirs: [peer], atMost: start.atMost, rounds }),
      );
    }
    const key = { name: "tab", run: () => run([program, "__complete", "--", "tags", "te"], 0) };
    const [tab] = await timeInTurn([key], rounds);
    if (tab !== undefined) tell(judgeTime("the tab key, names of a registry", tab, 100, rounds));
    const bytes = await sizeOf(join(folder, "package"));
    tell({ line: `package: ${(bytes / 2 ** 20).toFixed(1)} MiB installed, no dependencies`, met: true });
  } finally {
    peers.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
