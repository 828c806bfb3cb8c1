/** `regctl tunnel` against `ssh -N -L`, through a real sshd of a lab host, with the same cipher. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { LabHost } from "../lab/lab.ts";
import { startHost } from "../lab/lab.ts";
import { watchMemory } from "../support/child-memory.ts";
import { createTempHome } from "../support/temp-home.ts";
import { judgeMemory, median, type Verdict } from "./measure.ts";
import type { SideInput, SideMessage } from "./tunnel-side.ts";
import { renderRequest, startBenchTarget } from "./tunnel-target.ts";

const mib = 2 ** 20;
const usualRounds = 7;
const bulkBytes = 512 * mib;
const requests = 300;
const freshRequests = 100;
const streams = 64;
const mostMemory = 130 * mib;
const cipher = "aes128-gcm@openssh.com";

type Tell = (verdict: Verdict) => void;

interface Way extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  readonly pid: number | undefined;
  /** From nothing to a connection that carries, in milliseconds, without the start of a program of ours. */
  readonly connectMs: number;
}

interface World {
  readonly host: LabHost;
  readonly home: string;
  readonly configFile: string;
  readonly target: number;
  /** Our side, bundled as the package is: to run from source costs a compiler's memory. */
  readonly program: string;
  readonly rounds: number;
  readonly tell: Tell;
}

export async function benchTunnel(rounds = usualRounds, tell: Tell = () => {}): Promise<void> {
  const host = await startHost("systemd");
  try {
    await using home = await createTempHome();
    await using target = await startBenchTarget(host.gateway);
    const configFile = `${home.path}/config`;
    const lines = [
      `Host ${host.address}`,
      "  User root",
      `  IdentityFile ${host.keyFile}`,
      `  UserKnownHostsFile ${host.knownHosts}`,
      "  GlobalKnownHostsFile none",
      "  IdentitiesOnly yes",
      "  IdentityAgent none",
      `  Ciphers ${cipher}`,
    ];
    await writeFile(configFile, `${lines.join("\n")}\n`, { mode: 0o600 });
    const program = `${home.path}/side.mjs`;
    await bundleSide(program);
    const world = { host, home: home.path, configFile, target: target.port, program, rounds, tell };
    for (const carrier of ["openssh", "node"] as const) await benchCarrier(world, carrier);
  } finally {
    await host.stop();
  }
}

async function bundleSide(outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL("tunnel-side.ts", import.meta.url))],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    external: ["*.node", "cpu-features"],
    // What CommonJS inside the bundle takes for granted.
    banner: {
      js: `import { createRequire } from "node:module";
const require = createRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;`,
    },
    logLevel: "error",
  });
}

async function benchCarrier(world: World, carrier: SideInput["carrier"]): Promise<void> {
  const { tell } = world;
  const name = `regctl (${carrier})`;
  {
    await using ours = await openOurs(world, carrier);
    await using peer = await openPeer(world);
    const ways = [ours, peer] as const;
    const atLeast = carrier === "openssh" ? 0.9 : 0.45;
    tell(await compareSpeed(world, ways, "down", atLeast));
    tell(await compareSpeed(world, ways, "up", atLeast));
    tell(await compareRequests(world, ways, `request on one connection, ${requests} a round`, askOften));
    tell(
      await compareRequests(world, ways, `request on a new connection, ${freshRequests} a round`, askAnew),
    );
    tell(await carryMany(ours));
  }
  tell(await compareConnects(world, carrier, name));
  tell(await comeBack(world, carrier, name));
  tell(await holdMemory(world, carrier, name));
}

/** The throughput of ours over that of the peer. */
async function compareSpeed(
  { rounds }: World,
  [ours, peer]: readonly [Way, Way],
  direction: "up" | "down",
  atLeast: number,
): Promise<Verdict> {
  const times = await inTurn(rounds, [ours, peer], (way) => bulk(way.port, direction));
  const speeds = times.map((each) => bulkBytes / mib / (median(each) / 1000));
  const ratio = (speeds[0] ?? 0) / (speeds[1] ?? Number.NaN);
  const met = ratio >= atLeast;
  const shown = [ours, peer].map((way, index) => `${way.name} ${speeds[index]?.toFixed(0)} MiB/s`).join(", ");
  const line = `tunnel, ${bulkBytes / mib} MiB ${direction}, ${cipher}: ${shown}, N=${rounds}, ratio ${ratio.toFixed(2)} (asked ≥ ${atLeast}) ${met ? "MET" : "MISSED"}`;
  return { line, met };
}

async function compareRequests(
  { rounds }: World,
  [ours, peer]: readonly [Way, Way],
  what: string,
  ask: (port: number) => Promise<number>,
): Promise<Verdict> {
  const [mine = Number.NaN, theirs = Number.NaN] = (
    await inTurn(rounds, [ours, peer], (way) => ask(way.port))
  ).map(median);
  const more = mine - theirs;
  const met = more <= 1;
  const line = `tunnel, ${what}, p50: ${ours.name} ${mine.toFixed(2)} ms, ${peer.name} ${theirs.toFixed(2)} ms, N=${rounds}, ${more.toFixed(2)} ms more (asked ≤ 1) ${met ? "MET" : "MISSED"}`;
  return { line, met };
}

/** What `measure` tells, for each way, interleaved, after one warm-up of each. */
async function inTurn(
  rounds: number,
  ways: readonly Way[],
  measure: (way: Way) => Promise<number>,
): Promise<readonly number[][]> {
  const all = ways.map((): number[] => []);
  for (let round = -1; round < rounds; round += 1) {
    for (const [index, way] of ways.entries()) {
      const value = await measure(way);
      if (round >= 0) all[index]?.push(value);
    }
  }
  return all;
}

async function compareConnects(world: World, carrier: SideInput["carrier"], name: string): Promise<Verdict> {
  const [mine, theirs]: [number[], number[]] = [[], []];
  for (let round = -1; round < world.rounds; round += 1) {
    await using ours = await openOurs(world, carrier);
    await using peer = await openPeer(world);
    if (round < 0) continue;
    mine.push(ours.connectMs);
    theirs.push(peer.connectMs);
  }
  const ratio = median(mine) / median(theirs);
  const met = ratio <= 1.2;
  const line = `tunnel, connect: ${name} ${median(mine).toFixed(0)} ms without its start, ssh -N -L ${median(theirs).toFixed(0)} ms, N=${world.rounds}, ratio ${ratio.toFixed(2)} (asked ≤ 1.2) ${met ? "MET" : "MISSED"}`;
  return { line, met };
}

async function carryMany({ name, port }: Way): Promise<Verdict> {
  const bytes = 4 * mib;
  const received = await Promise.all(Array.from({ length: streams }, () => exchange(port, 0, bytes)));
  const whole = received.filter((count) => count === bytes).length;
  const met = whole === streams;
  const line = `tunnel, ${streams} streams of ${bytes / mib} MiB at once: ${name} ${whole} whole (asked ${streams}) ${met ? "MET" : "MISSED"}`;
  return { line, met };
}

/** From the link that is up again to the first byte through the tunnel. */
async function comeBack(world: World, carrier: SideInput["carrier"], name: string): Promise<Verdict> {
  await using ours = await openOurs(world, carrier);
  const times: number[] = [];
  for (let round = 0; round < Math.min(world.rounds, 3); round += 1) {
    await exchange(ours.port, 0, 1);
    const cut = exchange(ours.port, 1024 ** 4, 1);
    await world.host.linkDown();
    // Long enough that it is found out: the stream breaks.
    await cut;
    await world.host.linkUp();
    const start = performance.now();
    while ((await exchange(ours.port, 0, 1)) !== 1);
    times.push(performance.now() - start);
  }
  const worst = Math.max(...times);
  const met = worst <= 3000;
  const line = `tunnel, back after a cut link returns: ${name} ${worst.toFixed(0)} ms at worst, N=${times.length} (asked ≤ 3000) ${met ? "MET" : "MISSED"}`;
  return { line, met };
}

/** In all of it: streams that nobody reads, on one side or the other, and a bulk beside them. */
async function holdMemory(world: World, carrier: SideInput["carrier"], name: string): Promise<Verdict> {
  await using ours = await openOurs(world, carrier);
  const memory = watchMemory(ours.pid);
  const stalled = await Promise.all(Array.from({ length: streams }, () => stall(ours.port)));
  await bulk(ours.port, "down");
  await bulk(ours.port, "up");
  await Promise.all(Array.from({ length: streams }, () => exchange(ours.port, 0, 4 * mib)));
  await sleep(100);
  const verdict = judgeMemory(
    `tunnel, ${streams} stalled readers and bulk: ${name}`,
    memory.peak(),
    mostMemory,
  );
  for (const socket of stalled) socket.destroy();
  return verdict;
}

async function stall(port: number): Promise<net.Socket> {
  const socket = net.connect({ host: "127.0.0.1", port });
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(renderRequest(0, 64 * mib));
  socket.pause();
  return socket;
}

async function bulk(port: number, direction: "up" | "down"): Promise<number> {
  const start = performance.now();
  const [up, down] = direction === "up" ? [bulkBytes, 1] : [0, bulkBytes];
  if ((await exchange(port, up, down)) !== down) throw new Error("the tunnel broke");
  return performance.now() - start;
}

const block = Buffer.alloc(256 * 1024, 3);
const space = Buffer.alloc(256 * 1024);

/** How many of the bytes asked for came back. */
function exchange(port: number, up: number, down: number): Promise<number> {
  return new Promise((resolve) => {
    let [left, received] = [up, 0];
    const callback = (count: number): boolean => {
      received += count;
      if (received >= down) socket.end();
      return true;
    };
    const socket = net.connect({
      host: "127.0.0.1",
      port,
      noDelay: true,
      onread: { buffer: space, callback },
    });
    const send = (): void => {
      while (left > 0) {
        const part = left < block.length ? block.subarray(0, left) : block;
        left -= part.length;
        if (!socket.write(part)) return;
      }
    };
    socket.on("error", () => {});
    socket.on("drain", send);
    socket.once("close", () => resolve(received));
    socket.write(renderRequest(up, down));
    send();
  });
}

/** The median of many, in milliseconds. */
async function askOften(port: number): Promise<number> {
  const socket = net.connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  const times: number[] = [];
  for (let count = 0; count < requests; count += 1) {
    const start = performance.now();
    socket.write(renderRequest(0, 100));
    await once(socket, "data");
    times.push(performance.now() - start);
  }
  socket.destroy();
  return median(times);
}

async function askAnew(port: number): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < freshRequests; count += 1) {
    const start = performance.now();
    const socket = net.connect({ host: "127.0.0.1", port, noDelay: true });
    socket.write(renderRequest(0, 100));
    await once(socket, "data");
    times.push(performance.now() - start);
    socket.destroy();
  }
  return median(times);
}

async function openOurs(world: World, carrier: SideInput["carrier"]): Promise<Way> {
  const input: SideInput = {
    carrier,
    host: world.host.address,
    home: world.home,
    configFile: world.configFile,
    to: [{ kind: "tcp", host: world.host.gateway, port: world.target }],
  };
  const child = fork(world.program, [], {
    stdio: ["pipe", "inherit", "inherit", "ipc"],
  });
  child.stdin?.end(JSON.stringify(input));
  const [message]: [SideMessage] = (await Promise.race([once(child, "message"), failed(child)])) as [
    SideMessage,
  ];
  if (!("ports" in message)) throw new Error("it tells where it listens first");
  return {
    name: `regctl (${carrier})`,
    port: message.ports[0] ?? 0,
    pid: child.pid,
    connectMs: message.connectMs,
    [Symbol.asyncDispose]: async () => {
      child.disconnect();
      await once(child, "exit");
    },
  };
}

async function openPeer({ host, configFile, target }: World): Promise<Way> {
  const port = await freePort();
  const start = performance.now();
  const forward = `127.0.0.1:${port}:${host.gateway}:${target}`;
  // Its own word that it stands: so both are timed to the same point.
  const ready = ["-o", "PermitLocalCommand=yes", "-o", "LocalCommand=echo ready"];
  const child = spawn("ssh", ["-F", configFile, "-N", ...ready, "-L", forward, host.address], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await Promise.race([once(child.stdout, "data"), failed(child)]);
  const connectMs = performance.now() - start;
  return {
    name: "ssh -N -L",
    port,
    pid: child.pid,
    connectMs,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await once(child, "exit");
    },
  };
}

async function failed(child: ChildProcess): Promise<never> {
  const [code] = await once(child, "exit");
  throw new Error(`ended with ${code}`);
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
