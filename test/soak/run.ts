/**
 * `npm run soak [-- copy|publish|serve] [--minutes N]`: what takes minutes and gibibytes. Each line says what was done
 * and what held; exit 1 when something did not.
 */
import { once } from "node:events";
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { withoutGo } from "../interop/peers.ts";
import { watchMemory } from "../support/child-memory.ts";
import { type Rule, startFaultProxy } from "../support/fault-proxy.ts";
import { type Installed, installRegctl } from "../support/installed.ts";
import { pushLargeImage } from "../support/large-image.ts";
import { digestAt } from "../support/registry-content.ts";
import { startCli } from "../support/run-cli.ts";
import { type Distribution, startDistribution } from "../support/start-distribution.ts";

const gib = 2 ** 30;
const size = 3 * gib;
const mostMemory = 150 * 2 ** 20;
const deadlineMs = 300_000;

const say = (line: string) => process.stdout.write(`${line}\n`);

interface Ended {
  readonly code: number | null;
  readonly moved: number;
  readonly peak: number;
  readonly seconds: number;
}

/** `stopAfterMs`: an impatient person's Ctrl-C. */
async function copy(
  { home, program }: Installed,
  source: string,
  destination: string,
  stopAfterMs?: number,
): Promise<Ended> {
  const begin = performance.now();
  const child = startCli(["copy", source, destination, "--json", "--progress", "none"], {
    program,
    env: { HOME: home, DOCKER_HOST: `unix://${home}/none.sock` },
  });
  child.stdin.end();
  const memory = watchMemory(child.pid);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const stop = stopAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGINT"), stopAfterMs);
  const deadline = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
  const [code] = await once(child, "close");
  clearTimeout(stop);
  clearTimeout(deadline);
  if (stderr !== "") say(`  ${stderr.trim()}`);
  const document = stdout === "" ? {} : JSON.parse(stdout);
  const seconds = (performance.now() - begin) / 1000;
  return { code, moved: document.items?.[0]?.bytesMoved ?? 0, peak: memory.peak(), seconds };
}

let failed = false;
function judge(title: string, { code, moved, peak, seconds }: Ended, ok: boolean): void {
  const facts = `exit ${code}, ${(moved / gib).toFixed(2)} GiB moved, ${seconds.toFixed(0)} s, RSS ${(peak / 2 ** 20).toFixed(0)} MiB`;
  judgeLine(title, facts, ok);
}

function judgeLine(title: string, facts: string, ok: boolean): void {
  failed ||= !ok;
  say(`${ok ? "ok  " : "FAIL"} ${title}: ${facts}`);
}

async function soakLargeBlob(from: Distribution, to: Distribution): Promise<void> {
  await using regctl = await installRegctl();
  const digest = await pushLargeImage(from.host, "large", [size]);
  const arrived = async () => (await digestAt(to.host, "large", "1")) === digest;
  const [source, destination] = [`${from.host}/large:1`, `${to.host}/large:1`];
  const whole = await copy(regctl, source, destination);
  judge("a blob of 3 GiB", whole, whole.code === 0 && whole.peak < mostMemory && (await arrived()));

  const breaks: readonly (readonly [string, "source" | "destination", Rule])[] = [
    [
      "cut at 1.5 GiB on its way out of the source",
      "source",
      { method: "GET", path: /\/blobs\//, fault: { kind: "cut", side: "response", at: 1.5 * gib } },
    ],
    [
      "cut at 1.5 GiB on its way into the destination",
      "destination",
      {
        path: /\/blobs\/uploads\/./,
        leastBytes: size,
        fault: { kind: "cut", side: "request", at: 1.5 * gib },
      },
    ],
  ];
  for (const [title, side, rule] of breaks) {
    await to.empty();
    await using proxy = await startFaultProxy((side === "source" ? from : to).host, rule);
    const through =
      side === "source" ? [`${proxy.host}/large:1`, destination] : [source, `${proxy.host}/large:1`];
    const [a = "", b = ""] = through;
    const ended = await copy(regctl, a, b);
    const met = proxy.count("cut") > 0;
    judge(title, ended, met && ended.code === 0 && ended.peak < mostMemory && (await arrived()));
  }

  await to.empty();
  const stopped = await copy(regctl, source, destination, (whole.seconds * 1000) / 2);
  judge("interrupted in the middle", stopped, stopped.code === 130);
  const again = await copy(regctl, source, destination);
  judge("again, and less travels", again, again.code === 0 && again.moved < size && (await arrived()));
}

const { length: count, 0: first } = cpus();
say(
  `${count} × ${first?.model ?? "unknown processor"}, Linux ${release()}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`,
);
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: "string", default: "10" } },
});
const isWanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name);

if (!isWanted("copy")) say("copy was not asked for");
else if (withoutGo === false) {
  await using from = await startDistribution();
  await using to = await startDistribution();
  await soakLargeBlob(from, to);
} else say(`skipped: ${withoutGo}`);

if (isWanted("publish") && withoutGo === false) {
  const { soakPublish } = await import("./publish.ts");
  await soakPublish({ judge: judgeLine });
}

if (isWanted("serve")) {
  const { soakServe } = await import("./serve.ts");
  await using regctl = await installRegctl();
  await soakServe({
    program: regctl.program,
    minutes: Number(values.minutes),
    judge: judgeLine,
  });
}
process.exitCode = failed ? 1 : 0;
