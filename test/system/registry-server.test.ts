import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { usualLimits } from "../../src/server/listener.ts";
import type { ServerRequest } from "../../src/server/message.ts";
import { startRegistryServer } from "../../src/system/registry-server.ts";
import {
  answerWith,
  connectRaw,
  countingSlice,
  listenWith,
  readBody,
} from "../support/listening-registry.ts";

const hello = "GET /hello HTTP/1.1\r\nHost: r\r\n\r\n";

describe("requests", () => {
  test("reach the handler as they were sent", async () => {
    const seen: ServerRequest[] = [];
    await using server = await listenWith(async (request) => {
      seen.push(request);
      return answerWith(200, "x");
    });
    using client = await connectRaw(server);
    client.socket.write(
      "GET /v2/a%2Fb/../c?n=1&n=2&last=x%20y HTTP/1.1\r\nHost: Reg.test:5000\r\nX-A: 1\r\nx-a: 2\r\n\r\n",
    );
    await client.until("\r\n\r\nx");
    const [request] = seen;
    assert.equal(request?.path, "/v2/a%2Fb/../c");
    assert.deepEqual(request?.query.getAll("n"), ["1", "2"]);
    assert.equal(request?.query.get("last"), "x y");
    assert.equal(request?.headers["x-a"], "1, 2");
    assert.deepEqual(
      [request?.method, request?.scheme, request?.authority, request?.remote, request?.length],
      ["GET", "http", "Reg.test:5000", "127.0.0.1", 0],
    );
  });

  test("X-Forwarded headers count only behind a proxy, and only its own words", async () => {
    const origins: string[] = [];
    const handle = async ({ scheme, authority, remote }: ServerRequest) => {
      origins.push(`${scheme} ${authority} ${remote}`);
      return answerWith(200, "x");
    };
    const headers = {
      "x-forwarded-proto": "https",
      "x-forwarded-host": "reg.test",
      "x-forwarded-for": "9.9.9.9, 10.0.0.7",
    };
    await using direct = await listenWith(handle);
    await fetch(direct.url, { headers });
    await using behind = await listenWith(handle, { behindProxy: true });
    await fetch(behind.url, { headers });
    assert.deepEqual(origins, [`http ${new URL(direct.url).host} 127.0.0.1`, "https reg.test 10.0.0.7"]);
  });

  test("a host that is none is refused before the handler sees it", async () => {
    await using server = await listenWith(async () => answerWith(200, "reached"));
    using client = await connectRaw(server);
    client.socket.write('GET / HTTP/1.1\r\nHost: a/b"c\r\n\r\n');
    assert.match(await client.until("errors"), /^HTTP\/1\.1 400 /);
  });

  test("several go over one connection, and idle ones are counted", async () => {
    await using server = await listenWith(async ({ path }) => answerWith(200, `<${path}>`));
    using client = await connectRaw(server);
    client.socket.write("GET /1 HTTP/1.1\r\nHost: r\r\n\r\n");
    await client.until("</1>");
    client.socket.write("GET /2 HTTP/1.1\r\nHost: r\r\n\r\n");
    await client.until("</2>");
    await server.exchanges(2);
    assert.deepEqual([server.stats().connections, server.stats().active], [1, 0]);
  });

  test("too many headers, and too large ones, are 431", async () => {
    await using server = await listenWith(async () => answerWith(200, "reached"), {
      limits: { headerCount: 20, headerBytes: 4096 },
    });
    for (const headers of [
      Array.from({ length: 30 }, (_, index) => `x-${index}: 1\r\n`).join(""),
      `x-large: ${"a".repeat(5000)}\r\n`,
    ]) {
      using client = await connectRaw(server);
      client.socket.write(`GET / HTTP/1.1\r\nHost: r\r\n${headers}\r\n`);
      assert.match(await client.until("\r\n\r\n"), /^HTTP\/1\.1 431 /);
    }
  });

  test("what is no HTTP is 400, and the server lives", async () => {
    await using server = await listenWith(async () => answerWith(200, "well"));
    using client = await connectRaw(server);
    client.socket.write("not http at all\r\n\r\n");
    assert.match(await client.rest(), /^HTTP\/1\.1 400 /);
    assert.equal((await fetch(server.url)).status, 200);
  });
});

describe("responses", () => {
  test("a body has its length, nothing has none, HEAD has no body", async () => {
    await using server = await listenWith(async ({ path }) =>
      path === "/none" ? answerWith(202) : answerWith(200, "four"),
    );
    const full = await fetch(server.url);
    assert.deepEqual([full.headers.get("content-length"), await full.text()], ["4", "four"]);
    const none = await fetch(`${server.url}/none`);
    assert.deepEqual(
      [none.headers.get("content-length"), none.headers.get("transfer-encoding")],
      ["0", null],
    );
    using client = await connectRaw(server);
    client.socket.write(`HEAD / HTTP/1.1\r\nHost: r\r\n\r\n${hello}`);
    const both = await client.until("\r\n\r\nfour");
    assert.equal(both.match(/content-length: 4/gi)?.length, 2);
    assert.equal(both.match(/four/g)?.length, 1);
  });

  test("a handler that throws is 500 without a word of why, and is told", async () => {
    await using server = await listenWith(async () => {
      throw new Error("a secret path");
    });
    const response = await fetch(server.url);
    assert.equal(response.status, 500);
    assert.doesNotMatch(await response.text(), /secret/);
    const problem = server.notices.find(({ kind }) => kind === "problem");
    assert.ok(problem?.kind === "problem" && String(problem.error).includes("a secret path"));
  });

  test("a slice arrives whole, whatever its size, and is closed", async () => {
    const slices = [0, 1, 16_384, 16_385, 1_048_577, 5_000_000].map(countingSlice);
    await using server = await listenWith(async ({ path }) =>
      answerWith(200, slices[Number(path.slice(1))] ?? null),
    );
    for (const [index, slice] of slices.entries()) {
      const bytes = Buffer.from(await (await fetch(`${server.url}/${index}`)).arrayBuffer());
      assert.equal(bytes.length, slice.length);
      assert.ok(bytes.every((byte, position) => byte === position % 251));
    }
    await server.exchanges(slices.length);
    assert.deepEqual(
      slices.map((slice) => slice.closed()),
      slices.map(() => 1),
    );
    assert.equal(server.stats().bufferBytes, 0);
  });

  test("a slice that ends too early cuts the connection: a short answer never looks whole", async () => {
    const slice = {
      ...countingSlice(3_000_000),
      read: async (_: Buffer, position: number) => (position > 1_500_000 ? 0 : 700_000),
    };
    await using server = await listenWith(async () => answerWith(200, slice));
    await assert.rejects(async () => await (await fetch(server.url)).arrayBuffer());
    assert.equal((await server.exchanges(1))[0]?.end, "broken");
  });

  test("64 readers that do not read hold no more than the budget", async () => {
    const budget = 4 * 1024 * 1024;
    const slices = Array.from({ length: 64 }, () => countingSlice(200_000_000));
    const waiting = [...slices];
    await using server = await listenWith(async () => answerWith(200, waiting.pop() ?? null), {
      limits: { bufferBytes: budget },
    });
    const clients = await Promise.all(slices.map(() => connectRaw(server)));
    for (const { socket } of clients) {
      socket.pause();
      socket.write(hello);
    }
    while (waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    // Somebody else is still served meanwhile.
    waiting.push(countingSlice(300_000));
    assert.equal((await (await fetch(server.url)).arrayBuffer()).byteLength, 300_000);
    const { mostBufferBytes } = server.stats();
    assert.ok(mostBufferBytes <= budget + 130 * 16 * 1024, `${mostBufferBytes}`);
    for (const client of clients) client[Symbol.dispose]();
    const ended = await server.exchanges(65);
    assert.equal(ended.filter(({ end }) => end === "aborted").length, 64);
    assert.deepEqual([...new Set(slices.map((slice) => slice.closed()))], [1]);
    assert.equal(server.stats().bufferBytes, 0);
  });
});

describe("bodies", () => {
  test("are pulled: what the handler does not read stays with the client", async () => {
    const gate = Promise.withResolvers<void>();
    await using server = await listenWith(async (request) => {
      await gate.promise;
      return answerWith(200, String((await readBody(request)).length));
    });
    using client = await connectRaw(server);
    const pieces = 64;
    client.socket.write(`PUT / HTTP/1.1\r\nHost: r\r\nContent-Length: ${pieces << 20}\r\n\r\n`);
    let taken = 0;
    for (let count = 0; count < pieces; count += 1)
      client.socket.write(Buffer.alloc(1 << 20), () => (taken += 1));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(taken < pieces / 2, `${taken} MiB were taken`);
    gate.resolve();
    await client.until(`\r\n\r\n${pieces << 20}`);
  });

  test("100-continue is said when the handler begins to read, and never to a refused request", async () => {
    await using server = await listenWith(async (request) =>
      request.path === "/no" ? answerWith(403, "no") : answerWith(201, String(await readBody(request))),
    );
    const head = (path: string) =>
      `PUT ${path} HTTP/1.1\r\nHost: r\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n`;
    using welcome = await connectRaw(server);
    welcome.socket.write(head("/yes"));
    await welcome.until("HTTP/1.1 100 Continue\r\n\r\n");
    welcome.socket.write("body");
    assert.match(await welcome.until("\r\n\r\nbody"), /HTTP\/1\.1 201 /);
    using refused = await connectRaw(server);
    refused.socket.write(head("/no"));
    const answered = await refused.rest();
    assert.match(answered, /^HTTP\/1\.1 403 /);
    assert.match(answered, /connection: close/i);
  });

  test("of a refused request: a small one is drained, a large one ends the connection after the answer", async () => {
    await using server = await listenWith(async () => answerWith(403, "refused"));
    using small = await connectRaw(server);
    small.socket.write("PUT / HTTP/1.1\r\nHost: r\r\nContent-Length: 1000\r\n\r\n");
    await small.until("refused");
    small.socket.write(Buffer.alloc(1000, "b"));
    small.socket.write(hello);
    await server.exchanges(2);
    using large = await connectRaw(server);
    large.socket.write("PUT / HTTP/1.1\r\nHost: r\r\nContent-Length: 100000000\r\n\r\n");
    large.socket.write(Buffer.alloc(2_000_000));
    const answered = await large.rest();
    assert.match(answered, /^HTTP\/1\.1 403 [\s\S]*connection: close[\s\S]*refused$/i);
    // So much was read on that the answer could not be overtaken by a reset.
    assert.ok(((await server.exchanges(3)).at(-1)?.bytesIn ?? 0) > usualLimits.drainBytes);
  });

  test("a client that goes in the middle breaks the body, aborts the signal and is no fault of ours", async () => {
    const broken = Promise.withResolvers<unknown>();
    const signals: AbortSignal[] = [];
    await using server = await listenWith(async (request) => {
      signals.push(request.signal);
      await readBody(request).catch(broken.resolve);
      throw new Error("whatever came of it");
    });
    using client = await connectRaw(server);
    client.socket.write("PUT / HTTP/1.1\r\nHost: r\r\nContent-Length: 1000\r\n\r\nfirst");
    while (signals.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    client.socket.resetAndDestroy();
    assert.ok((await broken.promise) instanceof Error);
    const [exchange] = await server.exchanges(1);
    assert.equal(exchange?.end, "aborted");
    assert.equal(signals[0]?.aborted, true);
    assert.equal(
      server.notices.some(({ kind }) => kind === "problem"),
      false,
    );
  });

  test("a half-closed connection still gets its answer, however long that takes", async () => {
    await using server = await listenWith(async (request) => {
      const body = await readBody(request);
      await new Promise((resolve) => setTimeout(resolve, 100));
      return answerWith(200, `got ${body}`);
    });
    using client = await connectRaw(server);
    client.socket.end("PUT / HTTP/1.1\r\nHost: r\r\nContent-Length: 4\r\n\r\nbody");
    assert.match(await client.rest(), /got body/);
    await server.exchanges(1);
    assert.equal(server.stats().connections, 0);
  });
});

describe("slow clients", () => {
  test("headers must come in time", async () => {
    await using server = await listenWith(async () => answerWith(200, "x"), { limits: { headersMs: 200 } });
    using client = await connectRaw(server);
    client.socket.write("GET / HTTP/1.1\r\nHost: r\r\nX-Slow: ");
    assert.match(await client.rest(), /^(HTTP\/1\.1 408 |$)/);
  });

  test("a body that stops coming is cut off", async () => {
    await using server = await listenWith(
      async (request) => answerWith(200, String(await readBody(request))),
      {
        limits: { stallMs: 150 },
      },
    );
    using client = await connectRaw(server);
    client.socket.write("PUT / HTTP/1.1\r\nHost: r\r\nContent-Length: 1000\r\n\r\nfirst");
    await client.rest();
    assert.equal((await server.exchanges(1))[0]?.end, "aborted");
  });

  test("a body that only trickles is cut off as well", async () => {
    await using server = await listenWith(
      async (request) => answerWith(200, String(await readBody(request))),
      {
        limits: { stallMs: 200, leastBytesPerSecond: 1_000_000 },
      },
    );
    using client = await connectRaw(server);
    client.socket.write("PUT / HTTP/1.1\r\nHost: r\r\nContent-Length: 1000000\r\n\r\n");
    const drip = setInterval(() => client.socket.write("x"), 20);
    try {
      await client.rest();
    } finally {
      clearInterval(drip);
    }
    assert.equal((await server.exchanges(1))[0]?.end, "aborted");
  });

  test("a handler that takes its time is not taken for a slow client", async () => {
    await using server = await listenWith(
      async (request) => {
        const body = await readBody(request);
        await new Promise((resolve) => setTimeout(resolve, 400));
        return answerWith(201, `slow ${body}`);
      },
      { limits: { stallMs: 100 } },
    );
    const response = await fetch(server.url, { method: "PUT", body: "work" });
    assert.equal(await response.text(), "slow work");
  });
});

describe("the end", () => {
  test("what is in flight ends, idle connections go at once, new ones are refused", async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    await using server = await listenWith(async ({ path }) => {
      if (path === "/idle") return answerWith(200, "idle");
      begun.resolve();
      await gate.promise;
      return answerWith(200, "finished");
    });
    using idle = await connectRaw(server);
    idle.socket.write("GET /idle HTTP/1.1\r\nHost: r\r\n\r\n");
    await server.exchanges(1);
    using never = await connectRaw(server);
    using busy = await connectRaw(server);
    busy.socket.write(hello);
    await begun.promise;
    const closing = server.close({ graceMs: 30_000 });
    await idle.rest();
    await never.rest();
    await assert.rejects(connectRaw(server));
    gate.resolve();
    assert.match(await busy.rest(), /connection: close[\s\S]*finished$/i);
    assert.equal(await closing, 0);
  });

  test("what takes too long is cut, and counted", async () => {
    const begun = Promise.withResolvers<AbortSignal>();
    await using server = await listenWith(async ({ signal }) => {
      begun.resolve(signal);
      await once(signal, "abort");
      return answerWith(200, "too late");
    });
    using client = await connectRaw(server);
    client.socket.write(hello);
    await begun.promise;
    assert.equal(await server.close({ graceMs: 50 }), 1);
    assert.equal(await client.rest(), "");
  });

  test("a port that is taken is PORT_HELD and says by whom", {
    skip: process.platform !== "linux",
  }, async () => {
    const holder = createServer();
    holder.listen(0, "127.0.0.1");
    await once(holder, "listening");
    const address = holder.address();
    assert.ok(address !== null && typeof address === "object");
    const options = {
      handle: async () => answerWith(200),
      limits: usualLimits,
      behindProxy: false,
      emit: () => {},
    };
    const started = startRegistryServer({ ...options, listen: { host: "127.0.0.1", port: address.port } });
    await assert.rejects(started, (error) => {
      assert.ok(isRegctlError(error, "PORT_HELD"));
      assert.equal(error.facts.address, `127.0.0.1:${address.port}`);
      assert.match(error.facts.by ?? "", new RegExp(`pid ${process.pid}\\)$`));
      return true;
    });
    holder.close();
    const elsewhere = startRegistryServer({ ...options, listen: { host: "203.0.113.1", port: 0 } });
    await assert.rejects(elsewhere, (error) => isRegctlError(error, "LISTEN_FAILED"));
  });
});
