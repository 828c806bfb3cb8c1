import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import net from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { usualLimits } from "../../src/server/listener.ts";
import { makeBytes } from "../support/image-maker.ts";
import { openPlainClient } from "../support/plain-http.ts";
import { type Served, startServed } from "../support/served-registry.ts";
import { createTempHome } from "../support/temp-home.ts";
import { pieceOf } from "./content.ts";

const mib = 2 ** 20;
/** The program run from its sources takes some 110 MiB before it is asked anything. */
const mostMemory = 320 * mib;
const deadlineMs = 20_000;

interface Crowd extends Disposable {
  /** Connects and sends; what is answered is read, or left lying there. */
  join(bytes: string | Buffer, reads?: boolean): net.Socket;
  readonly sockets: ReadonlySet<net.Socket>;
}

function gather({ host }: Served): Crowd {
  const { hostname, port } = new URL(`http://${host}`);
  const sockets = new Set<net.Socket>();
  return {
    sockets,
    join: (bytes, reads = true) => {
      const socket = net.connect({ host: hostname, port: Number(port) });
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => sockets.delete(socket));
      if (reads) socket.resume();
      else socket.pause();
      socket.write(bytes);
      return socket;
    },
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Someone who wants nothing but to push and pull, over a new connection each time. */
async function pushAndPull({ host }: Served, round: number): Promise<void> {
  using client = openPlainClient(host);
  const { bytes, digest } = pieceOf(makeBytes(100_000, `bystander ${round}`));
  const pushed = await client.ask("POST", `/v2/mine/blobs/uploads/?digest=${digest}`, { body: bytes });
  assert.equal(pushed.status, 201);
  const pulled = await client.ask("GET", `/v2/mine/blobs/${digest}`);
  assert.ok(pulled.bytes.equals(bytes));
}

async function within<T>(work: Promise<T>, what: string): Promise<T> {
  const timer = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} took more than ${deadlineMs} ms`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
    await late.catch(() => {});
  }
}

async function readMemory({ pid }: Served): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

const descriptors = async ({ pid }: Served): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length;

const head = (line: string, ...headers: readonly string[]) =>
  `${[`${line} HTTP/1.1`, "Host: r", ...headers].join("\r\n")}\r\n`;

/** Each is what some try, many times over. */
function attack(crowd: Crowd, blob: string): void {
  for (let count = 0; count < usualLimits.connections + 300; count += 1)
    crowd.join(head("GET /v2/", "X-Slow: "));
  for (let count = 0; count < 100; count += 1) crowd.join("");
  for (let count = 0; count < 32; count += 1) crowd.join(`${head(`GET ${blob}`)}\r\n`, false);
  for (let count = 0; count < 32; count += 1) {
    const socket = crowd.join(
      `${head("POST /v2/theirs/blobs/uploads/?digest=sha256:0", "Content-Length: 9")}\r\n`,
    );
    socket.write(Buffer.alloc(9));
    const length = `Content-Length: ${100 * mib}`;
    crowd
      .join(`${head(`POST /v2/theirs/blobs/uploads/?digest=sha256:${"0".repeat(64)}`, length)}\r\n`)
      .write(Buffer.alloc(100_000));
  }
  for (let count = 0; count < 20; count += 1) crowd.join(`${head(`GET ${blob}`)}\r\n`.repeat(3000), false);
  for (let count = 0; count < 20; count += 1) crowd.join(Buffer.alloc(200_000, "\r\n"));
  const bomb = `{"schemaVersion":2,"layers":[${"{},".repeat(1_300_000)}{}]}`;
  const type = `Content-Type: ${mediaTypes.ociManifest}`;
  for (let count = 0; count < 8; count += 1)
    crowd.join(`${head("PUT /v2/theirs/manifests/bomb", type, `Content-Length: ${bomb.length}`)}\r\n${bomb}`);
}

test("slow, silent, endless and greedy clients starve nobody, and leave nothing behind", {
  skip: process.platform === "linux" ? false : "memory and descriptors are read from /proc",
}, async (told) => {
  await using home = await createTempHome();
  await using served = await startServed({ home: home.path, storage: `${home.path}/registry` });
  using client = openPlainClient(served.host);
  const large = pieceOf(makeBytes(20 * mib, "large"));
  const target = `/v2/theirs/blobs/uploads/?digest=${large.digest}`;
  assert.equal((await client.ask("POST", target, { body: large.bytes })).status, 201);
  await pushAndPull(served, -1);
  const before = await descriptors(served);
  let peak = 0;
  let pulls = 0;
  let slowest = 0;
  {
    using crowd = gather(served);
    for (let wave = 0; wave < 2; wave += 1) {
      attack(crowd, `/v2/theirs/blobs/${large.digest}`);
      for (let round = 0; round < 12; round += 1) {
        for (const socket of crowd.sockets) if (socket.readyState === "open") socket.write("x");
        const begin = performance.now();
        await within(pushAndPull(served, pulls), `push and pull ${pulls}`);
        slowest = Math.max(slowest, performance.now() - begin);
        pulls += 1;
        peak = Math.max(peak, await readMemory(served));
        await sleep(200);
      }
    }
    assert.ok(crowd.sockets.size > 0);
  }
  assert.equal(pulls, 24);
  assert.ok(peak < mostMemory, `${Math.round(peak / mib)} MiB`);
  // Everything that they had opened is closed again, and nothing of their uploads stays.
  for (let waited = 0; (await descriptors(served)) > before + 4 && waited < deadlineMs; waited += 50)
    await sleep(50);
  assert.ok(
    (await descriptors(served)) <= before + 4,
    `${before} descriptors before, ${await descriptors(served)} after`,
  );
  // What was sent in one request is of no use to anybody once its connection is gone; taking it away is the last step.
  const uploads = () => readdir(`${home.path}/registry/uploads/theirs`);
  for (let waited = 0; (await uploads()).length > 0 && waited < deadlineMs; waited += 50) await sleep(50);
  assert.deepEqual(await uploads(), []);
  await pushAndPull(served, pulls);
  assert.equal(served.alive(), true);
  assert.equal(served.log(), "");
  told.diagnostic(
    `most memory ${Math.round(peak / mib)} MiB, slowest push and pull ${Math.round(slowest)} ms`,
  );
});
