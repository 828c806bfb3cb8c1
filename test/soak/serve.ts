/** `npm run soak -- serve`: a registry of ours that is killed, loaded and held up for minutes; memory is the kernel's word. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { seeded } from "../fuzz/mutate.ts";
import { assertKept } from "../server/crash-check.ts";
import { crashInRounds } from "../server/crash-rounds.ts";
import { createLedger } from "../server/ledger.ts";
import { push } from "../server/pusher.ts";
import { watchMemory } from "../support/child-memory.ts";
import { makeBytes } from "../support/image-maker.ts";
import { openPlainClient, type PlainClient } from "../support/plain-http.ts";
import { runOver, type Served, startServed } from "../support/served-registry.ts";

const mib = 2 ** 20;
const mostMemory = 150 * mib;
const clients = 64;
const largeBytes = 200 * mib;
/** A store is checked whole after each kill: it begins anew before that takes longer than the pushing. */
const roundsOfStore = 12;
/** Garbage stays for an hour: so much is pushed under load at most, some 10 GB. */
const mostPushed = 40_000;

export interface SoakOptions {
  /** The installed program. */
  readonly program: string;
  readonly minutes: number;
  /** `facts` in words; a line of the report. */
  readonly judge: (title: string, facts: string, ok: boolean) => void;
}

type Soak = (options: SoakOptions, folder: string) => Promise<string>;

/** Each in a folder of its own; what throws is a line that failed. */
export async function soakServe(options: SoakOptions): Promise<void> {
  for (const [title, soak] of Object.entries(soaks)) {
    const folder = await mkdtemp(join(tmpdir(), "regctl-soak-"));
    try {
      options.judge(title, await soak(options, folder), true);
    } catch (error) {
      options.judge(title, error instanceof Error ? error.message : String(error), false);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

const inMib = (bytes: number): string => `${Math.round(bytes / mib)} MiB`;

const crash: Soak = async ({ program, minutes }, folder) => {
  const end = Date.now() + minutes * 60_000;
  const total = { rounds: 0, acknowledged: 0, resumed: 0 };
  for (let store = 0; Date.now() < end; store += 1) {
    const home = join(folder, `${store}`);
    const { rounds, acknowledged, resumed } = await crashInRounds({
      home,
      storage: join(home, "registry"),
      program,
      seed: 1_000_000 * store,
      pushers: 16,
      more: (round) => round < roundsOfStore && Date.now() < end,
      acknowledgements: [50, 800],
      mostBytes: 4 * mib,
    });
    await rm(home, { recursive: true, force: true });
    total.rounds += rounds;
    total.acknowledged += acknowledged;
    total.resumed += resumed;
  }
  return `${total.rounds} kills, ${total.acknowledged} acknowledgements all there, ${total.resumed} uploads went on, verify clean each time`;
};

async function withServer<T>(
  { program }: SoakOptions,
  folder: string,
  action: (served: Served, client: PlainClient) => Promise<T>,
): Promise<T & { readonly peak: number }> {
  const options = { home: folder, storage: join(folder, "registry"), program };
  await using served = await startServed(options);
  using client = openPlainClient(served.host);
  const memory = watchMemory(served.pid);
  const result = await action(served, client);
  assert.ok(served.alive() && served.log() === "", served.log());
  const verified = await runOver(options, "verify");
  assert.equal(verified.code, 0, verified.stdout);
  await sleep(50);
  return { ...result, peak: memory.peak() };
}

function assertMemory(peak: number): void {
  assert.ok(peak < mostMemory, `${inMib(peak)} at most, and ${inMib(mostMemory)} are asked`);
}

const openDescriptors = async ({ pid }: Served): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length;

const load: Soak = async (options, folder) => {
  const { seconds, acknowledged, there, before, after, peak } = await withServer(
    options,
    folder,
    async (served, client) => {
      const before = await openDescriptors(served);
      const ledger = createLedger();
      const shared = Array.from({ length: 8 }, (_, index) => makeBytes(100_000 << index, `shared ${index}`));
      const begin = Date.now();
      const end = begin + options.minutes * 60_000;
      const all = Array.from({ length: 16 }, (_, index) => `load/app${index}`);
      await Promise.all(
        Array.from({ length: clients }, (_, index) => {
          const repositories = all.map((_, at) => all[(at + index) % all.length] ?? "");
          const own = { repositories, random: seeded(index), name: `p${index}` };
          return push(
            { client, ledger, shared, mostBytes: 2 * mib, ...own },
            () => Date.now() > end || ledger.count() > mostPushed,
          );
        }),
      );
      const seconds = Math.round((Date.now() - begin) / 1000);
      const there = await assertKept(client, ledger);
      client[Symbol.dispose]();
      for (let waited = 0; waited < 5000 && (await openDescriptors(served)) > before; waited += 50)
        await sleep(50);
      return { seconds, acknowledged: ledger.count(), there, before, after: await openDescriptors(served) };
    },
  );
  assert.ok(after <= before, `${before} descriptors before, and ${after} after`);
  assertMemory(peak);
  return `${seconds} s, ${acknowledged} acknowledgements, no error, ${there} things there, ${after} descriptors as before, RSS ${inMib(peak)}`;
};

const block = makeBytes(mib, "a block of every large blob");

function* largeBlob(): Generator<Buffer> {
  for (let at = 0; at < largeBytes; at += mib) yield block;
}

function digestOfLarge(): string {
  const hash = createHash("sha256");
  for (const piece of largeBlob()) hash.update(piece);
  return `sha256:${hash.digest("hex")}`;
}

async function pushLarge(client: PlainClient, repository: string, digest: string): Promise<void> {
  const headers = { "content-length": String(largeBytes) };
  const body = Readable.from(largeBlob(), { objectMode: false });
  const target = `/v2/${repository}/blobs/uploads/?digest=${digest}`;
  const { status, bytes } = await client.ask("POST", target, { headers, body });
  assert.equal(status, 201, `${bytes}`);
}

const uploads: Soak = async (options, folder) => {
  const digest = digestOfLarge();
  const { peak } = await withServer(options, folder, async (_served, client) => {
    await Promise.all(Array.from({ length: clients }, (_, index) => pushLarge(client, `up${index}`, digest)));
    return {};
  });
  assertMemory(peak);
  return `RSS ${inMib(peak)}`;
};

/** Reads a little now and then; resolves to the bytes that came in so many seconds. */
function readSlowly(host: string, target: string, seconds: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(`http://${host}${target}`, { agent: false }, (response) => {
      let got = 0;
      response.on("data", (piece: Buffer) => {
        got += piece.length;
        response.pause();
        setTimeout(() => response.resume(), 100);
      });
      setTimeout(() => {
        asked.destroy();
        resolve(got);
      }, seconds * 1000);
    });
    asked.on("error", reject);
    asked.end();
  });
}

const downloads: Soak = async (options, folder) => {
  const digest = digestOfLarge();
  const { peak, fewest } = await withServer(options, folder, async ({ host }, client) => {
    await pushLarge(client, "down", digest);
    const target = `/v2/down/blobs/${digest}`;
    const got = await Promise.all(Array.from({ length: clients }, () => readSlowly(host, target, 30)));
    return { fewest: Math.min(...got) };
  });
  assert.ok(fewest > 0, "one of them got nothing");
  assertMemory(peak);
  return `RSS ${inMib(peak)}, each got ${Math.round(fewest / 1024)} KiB and more`;
};

const soaks: Readonly<Record<string, Soak>> = {
  "kill -9 under 16 pushers": crash,
  "64 clients push and pull 1 KB to 12 MiB": load,
  "64 uploads of 200 MiB in flight": uploads,
  "64 slow downloads of 200 MiB": downloads,
};
