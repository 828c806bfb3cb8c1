/** `regctl serve` against docker-registry 2.8.2, the one that Debian has and the lab's hosts run. */
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readdirSync } from "node:fs";
import { open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { watchMemory } from "../support/child-memory.ts";
import { makeImage } from "../support/image-maker.ts";
import { type Installed, installRegctl } from "../support/installed.ts";
import { openTestClient } from "../support/registry-world.ts";
import { type Served, startServed } from "../support/served-registry.ts";
import { startDistribution } from "../support/start-distribution.ts";
import { createTempHome } from "../support/temp-home.ts";
import { createTlsAuthority } from "../support/tls-authority.ts";
import { type Comparison, compare, judgeMemory, median, type Timed, type Verdict } from "./measure.ts";
import {
  askOften,
  downloadSlowly,
  downloadSlowlyByHttp2,
  firstAnswer,
  getBlob,
  putBlob,
  uploadForAWhile,
} from "./serve-clients.ts";

const run = promisify(execFile);
const mib = 2 ** 20;
const usualRounds = 7;
const blobBytes = 500 * mib;
const repositories = 10_000;
const connections = 16;
const inFlight = 64;
const loadMs = 15_000;
const mostMemory = 150 * mib;

type Tell = (verdict: Verdict) => void;

/** One of the two registries. */
interface Side {
  readonly name: string;
  readonly url: string;
}

export async function benchServe(
  program: string,
  rounds = usualRounds,
  tell: Tell = () => {},
): Promise<void> {
  const { stdout } = await run(program, ["--version"]);
  const peerName = `docker-registry ${/\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? stdout.trim()}`;
  await using ours = await installRegctl();
  await using home = await createTempHome();
  const blob = await makeBlob(join(home.path, "blob"));
  const world = { program, peerName, ours, home: home.path, rounds, blob, tell };
  await benchBlobs(world, "http");
  await benchBlobs(world, "https");
  await benchLists(world);
}

interface World {
  /** Of the peer. */
  readonly program: string;
  readonly peerName: string;
  readonly ours: Installed;
  readonly home: string;
  readonly rounds: number;
  readonly blob: Blob;
  readonly tell: Tell;
}

interface Blob {
  readonly path: string;
  readonly digest: string;
}

async function makeBlob(path: string): Promise<Blob> {
  const hash = createHash("sha256");
  await using file = await open(path, "w");
  for (let written = 0; written < blobBytes; written += mib) {
    const block = randomBytes(mib);
    hash.update(block);
    await file.write(block);
  }
  return { path, digest: `sha256:${hash.digest("hex")}` };
}

function startOurs({ ours, home }: World, storage: string, args: readonly string[] = []): Promise<Served> {
  return startServed({ home: ours.home, storage: join(home, storage), program: ours.program, args });
}

async function benchBlobs(world: World, scheme: "http" | "https"): Promise<void> {
  const { program, peerName, home } = world;
  await using authority = await createTlsAuthority();
  const issued = scheme === "https" ? await authority.issue() : undefined;
  const [cert, key] = [join(home, "cert.pem"), join(home, "key.pem")];
  if (issued !== undefined) await writeFile(cert, issued.cert);
  if (issued !== undefined) await writeFile(key, issued.key, { mode: 0o600 });
  const flags = issued === undefined ? [] : ["--tls-cert", cert, "--tls-key", key];
  await using peer = await startDistribution({ program, ...(issued === undefined ? {} : { tls: issued }) });
  {
    await using served = await startOurs(world, scheme, flags);
    const sides = {
      ours: { name: "regctl", url: `${scheme}://${served.host}` },
      peer: { name: peerName, url: peer.url },
    };
    for (const version of scheme === "http" ? ["--http1.1"] : ["--http1.1", "--http2"]) {
      const over = scheme === "http" ? "HTTP/1.1" : `TLS, HTTP/${version.slice(6)}`;
      await compareBlobs(world, over, version, sides);
    }
  }
  await peer.empty();
  await rm(join(home, scheme), { recursive: true, force: true });
  await benchMemory(world, scheme, flags);
}

interface Sides {
  readonly ours: Side;
  readonly peer: Side;
}

/** Each run pushes to a repository of its own: no registry has it there already. */
async function compareBlobs(world: World, over: string, version: string, sides: Sides): Promise<void> {
  const { blob, rounds, tell } = world;
  let count = 0;
  const put = ({ name, url }: Side): Timed => ({
    name,
    run: () => putBlob(url, `put/${version.slice(2, 7)}/${count++}`, blob.path, blob.digest, version),
  });
  const fetch = ({ name, url }: Side): Timed => ({
    name,
    run: () => getBlob(url, "get/app", blob.digest, version),
  });
  const both = (title: string, timed: (side: Side) => Timed, atMost: number): Comparison => ({
    title: `${title} over ${over}`,
    ours: timed(sides.ours),
    peer: timed(sides.peer),
    atMost,
    rounds,
  });
  // Over HTTP/2 curl needs more of the processors for a PUT than either registry: the figure would be its own.
  if (version === "--http1.1") tell(await compare(both("PUT of 500 MiB", put, 1 / 1.5)));
  for (const { url } of [sides.ours, sides.peer])
    await putBlob(url, "get/app", blob.path, blob.digest, version);
  tell(await compare(both("GET of 500 MiB", fetch, 1)));
}

/** In servers of their own: the highest mark of one that has done other work says nothing. */
async function benchMemory(world: World, scheme: string, flags: readonly string[]): Promise<void> {
  const { blob, tell } = world;
  const measure = async (title: string, load: (url: string) => Promise<void>): Promise<void> => {
    const storage = `memory-${scheme}`;
    await using served = await startOurs(world, storage, flags);
    const memory = watchMemory(served.pid);
    await load(`${scheme}://${served.host}`);
    tell(judgeMemory(`${inFlight} ${title} over ${scheme}`, memory.peak(), mostMemory));
    await served.kill();
    await rm(join(world.home, storage), { recursive: true, force: true });
  };
  await measure("uploads of 200 MB in flight", (url) => uploadForAWhile(url, inFlight, 200 * mib, loadMs));
  const path = `/v2/app/blobs/${blob.digest}`;
  for (const [title, version, download] of [
    ["slow downloads, HTTP/1.1,", "--http1.1", downloadSlowly],
    ...(scheme === "https" ? [["slow downloads, HTTP/2,", "--http2", downloadSlowlyByHttp2] as const] : []),
  ] as const) {
    await measure(title, async (url) => {
      await putBlob(url, "app", blob.path, blob.digest, version);
      await download(url, path, inFlight, loadMs);
    });
  }
}

async function benchLists(world: World): Promise<void> {
  const { program, peerName, rounds, home, tell } = world;
  await using peer = await startDistribution({ program });
  {
    await using served = await startOurs(world, "lists");
    for (const host of [served.host, peer.host]) await pushFirst(host);
  }
  multiply(join(home, "lists/repositories"), (index) => `team+app-${index}`);
  multiply(join(peer.storage, "docker/registry/v2/repositories/team"), (index) => `app-${index}`);
  await benchStart(world);
  await using served = await startOurs(world, "lists");
  const sides = {
    ours: { name: "regctl", url: `http://${served.host}` },
    peer: { name: peerName, url: peer.url },
  };
  const often =
    (path: (index: number) => string, count: number, method: "GET" | "HEAD" = "GET", many = connections) =>
    ({ name, url }: Side): Timed => ({
      name,
      run: () => askOften(url, many, count, (index) => ({ method, path: path(index) })),
    });
  const race = async (title: string, timed: (side: Side) => Timed, atMost: number) =>
    tell(await compare({ title, ours: timed(sides.ours), peer: timed(sides.peer), atMost, rounds }));
  for (const method of ["GET", "HEAD"] as const) {
    const title = `4000 × ${method} of a manifest by its tag, ${connections} connections`;
    await race(
      title,
      often(() => "/v2/team/app-0/manifests/1.0", 4000, method),
      1 / 3,
    );
  }
  const page = often((index) => `/v2/_catalog?n=1000&last=team/app-${1000 + index}`, 20, "GET", 1);
  await race(`20 × a page of 1000 from _catalog over ${repositories} repositories`, page, 0.1);
  const search = often((index) => `/v1/search?q=app-${index}&n=100`, 20, "GET", 1);
  tell(
    await compare({
      title: `20 × /v1/search over ${repositories} repositories`,
      ours: { ...search(sides.ours), name: "search" },
      peer: { ...page(sides.ours), name: "our own _catalog" },
      atMost: 2,
      rounds,
    }),
  );
}

async function pushFirst(host: string): Promise<void> {
  const image = makeImage({ layers: [100] });
  await using opened = await openTestClient(host);
  const { client } = opened;
  for (const [digest, bytes] of image.blobs) {
    await client.putUpload(await client.startUpload("team/app-0"), digest, bytes);
  }
  await client.putManifest("team/app-0", "1.0", image.manifest);
}

/** The first repository once more under every other name, by links: 10,000 pushes would take many minutes. */
function multiply(folder: string, nameOf: (index: number) => string): void {
  for (let index = 1; index < repositories; index += 1) {
    linkTree(join(folder, nameOf(0)), join(folder, nameOf(index)));
  }
}

function linkTree(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else linkSync(source, target);
  }
}

/** No peer: how long people wait who start it. */
async function benchStart(world: World): Promise<void> {
  const { rounds, tell } = world;
  const times: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const before = performance.now();
    await run(process.execPath, ["-e", "0"]);
    const start = performance.now();
    bare.push(start - before);
    await using served = await startOurs(world, "lists");
    await firstAnswer(`http://${served.host}`);
    times.push(performance.now() - start);
    // What was compiled is kept by a program that ends by itself.
    process.kill(served.pid, "SIGTERM");
    while (served.alive()) await sleep(10);
  }
  // The first one compiles.
  const [ours, node] = [times, bare].map((each) => median(each.slice(1)));
  const met = ours !== undefined && ours < 250;
  const line = `start to first answer with ${repositories} repositories: ${ours?.toFixed(0)} ms (of which Node alone ${node?.toFixed(0)} ms), N=${rounds} (asked < 250 ms) ${met ? "MET" : "MISSED"}`;
  tell({ line, met });
}
