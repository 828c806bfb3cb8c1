/** Large bodies over our own HTTP/1.1: framing, reuse of connections and of memory, and everything that can break. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import { computeDigest } from "../../../src/registry/digest.ts";
import { createChunkedReader } from "../../../src/system/wire-http/chunked.ts";
import { framingOf, parseHead } from "../../../src/system/wire-http/response-head.ts";
import { createSlabs } from "../../../src/system/wire-http/slabs.ts";
import { makeBytes } from "../../support/image-maker.ts";
import { answering, coded, startServer } from "./wire-server.ts";

describe("heads", () => {
  test("status and headers, repeated ones joined", () => {
    const head = parseHead(
      "HTTP/1.1 206 Partial\r\nContent-Length: 5\r\nA: 1\r\na:  2 \r\nConnection: Close",
    );
    assert.deepEqual(head, {
      status: 206,
      headers: { "content-length": "5", a: "1, 2", connection: "Close" },
      keepAlive: false,
    });
    assert.equal(parseHead("HTTP/1.0 200 OK")?.keepAlive, false);
    assert.equal(parseHead("HTTP/1.1 200")?.keepAlive, true);
  });

  for (const text of [
    "",
    "SSH-2.0-x",
    "HTTP/2 200",
    "HTTP/1.1 999 x",
    "HTTP/1.1 200 OK\r\nno colon",
    "HTTP/1.1 200 OK\r\n a: b",
  ]) {
    test(`${JSON.stringify(text)} is none`, () => assert.equal(parseHead(text), null));
  }

  for (const [headers, method, framing] of [
    [{ "content-length": "7" }, "GET", { kind: "length", bytes: 7 }],
    [{ "content-length": "7" }, "HEAD", { kind: "length", bytes: 0 }],
    [{ "transfer-encoding": "Chunked" }, "GET", { kind: "chunked" }],
    [{}, "GET", { kind: "close" }],
    [{ "content-length": "7, 8" }, "GET", null],
    [{ "content-length": "-1" }, "GET", null],
    [{ "content-length": "7", "transfer-encoding": "chunked" }, "GET", null],
    [{ "transfer-encoding": "gzip" }, "GET", null],
  ] as const) {
    test(`${method} ${JSON.stringify(headers)}`, () => {
      assert.deepEqual(framingOf({ status: 200, headers: { ...headers }, keepAlive: true }, method), framing);
    });
  }
});

describe("chunks", () => {
  const text = Buffer.from("5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: t\r\n\r\n");
  test("are taken apart wherever they are cut", () => {
    for (let cut = 0; cut <= text.length; cut += 1) {
      const reader = createChunkedReader();
      let content = "";
      const give = (start: number, end: number) => {
        content += text.toString("latin1", start, end);
      };
      const results = [reader.read(text, 0, cut, give), reader.read(text, cut, text.length, give)];
      assert.deepEqual([content, results.includes(text.length)], ["hello world", true]);
    }
  });

  for (const broken of ["x\r\n", "5\r\nhelloX\r\n", "-1\r\n", "\r\n"]) {
    test(`${JSON.stringify(broken)} is none`, () => {
      const bytes = Buffer.from(broken);
      assert.equal(
        createChunkedReader().read(bytes, 0, bytes.length, () => {}),
        "broken",
      );
    });
  }
});

test("memory is used again when all of it has come back, and not before", () => {
  const slabs = createSlabs();
  const { slab, target } = slabs.space(null);
  const fill = (bytes: number) => {
    const start = slab.filled;
    slab.filled += bytes;
    return slabs.lend(slab, start, slab.filled);
  };
  const first = fill(100_000);
  const second = fill(target.length - 100_000);
  const { slab: other } = slabs.space(slab);
  assert.notEqual(other, slab);
  slabs.giveBack(first.subarray(0, 50_000));
  slabs.giveBack(second);
  assert.notEqual(slabs.space(null).slab, slab, "half of the first chunk is still out");
  slabs.giveBack(first.subarray(50_000));
  assert.equal(slabs.space(null).slab, slab);
  slabs.giveBack(Buffer.alloc(10));
});

describe("exchanges", () => {
  for (const [name, answer, ends] of [
    ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false],
    ["chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false],
    ["the end of the connection", "HTTP/1.1 200 OK\r\n\r\nhello", true],
    [
      "an interim answer before",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      false,
    ],
  ] as const) {
    test(`a body that ends by ${name}`, async () => {
      await using server = await startServer(answering(answer, (socket) => ends && socket.end()));
      for (const _ of [1, 2]) {
        const { status, body } = await server.request();
        assert.deepEqual([status, (await buffer(body)).toString()], [200, "hello"]);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(server.connections(), ends ? 2 : 1, "connections are used again where they can be");
    });
  }

  for (const [name, answer, code] of [
    ["no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", "HPE_INVALID"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "HPE_INVALID"],
    ["an endless head", `HTTP/1.1 200 OK\r\nA: ${"x".repeat(70_000)}`, "HPE_HEADER_OVERFLOW"],
  ] as const) {
    test(`${name} is refused`, async () => {
      await using server = await startServer(answering(answer));
      await assert.rejects(server.request(), coded(code));
    });
  }

  test("a body that ends too early is an error of its reader", async () => {
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello";
    await using server = await startServer(answering(answer, (socket) => socket.end()));
    const { body } = await server.request();
    await assert.rejects(buffer(body), coded("UND_ERR_SOCKET"));
  });

  test("silence is given up: before the head, and in the body", async () => {
    await using silent = await startServer((socket) => void socket.resume());
    await assert.rejects(silent.request({ headersTimeoutMs: 30 }), coded("UND_ERR_HEADERS_TIMEOUT"));
    await using half = await startServer(answering("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello"));
    const { body } = await half.request({ idleTimeoutMs: 30 });
    await assert.rejects(buffer(body), coded("UND_ERR_BODY_TIMEOUT"));
  });

  test("a reader that holds back is no silence, and loses nothing", async () => {
    const content = makeBytes(5_000_000, "held");
    const head = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n`);
    await using server = await startServer(answering(Buffer.concat([head, content])));
    const { body } = await server.request({ idleTimeoutMs: 50 });
    await once(body, "readable");
    await new Promise((resolve) => setTimeout(resolve, 120));
    assert.equal(computeDigest(await buffer(body)), computeDigest(content));
  });

  test("an answer that comes before the body is sent is read, and the rest of the body is not sent", async () => {
    await using server = await startServer((socket) => {
      socket.once("data", () => socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"));
      socket.on("data", () => {});
    });
    const endless = new Readable({ read: () => {} });
    endless.push(Buffer.alloc(1000));
    const { status, body } = await server.request({
      method: "PATCH",
      headers: { "content-length": "1000000" },
      body: endless,
    });
    assert.deepEqual([status, (await buffer(body)).toString()], [413, "no"]);
    assert.ok(endless.destroyed);
  });

  for (const [name, length] of [
    ["longer", "5"],
    ["shorter", "50"],
  ] as const) {
    test(`a body that is ${name} than it was said to be is not sent as a whole`, async () => {
      await using server = await startServer((socket) => void socket.resume());
      const body = Readable.from([Buffer.alloc(10)], { objectMode: false });
      await assert.rejects(
        server.request({ method: "PATCH", headers: { "content-length": length }, body }),
        /body is/,
      );
    });
  }

  test("what fails in the body ends the request with its error", async () => {
    await using server = await startServer((socket) => void socket.resume());
    const body = new Readable({ read: () => {} });
    const failing = server.request({ method: "PATCH", headers: { "content-length": "10" }, body });
    setImmediate(() => body.destroy(new RangeError("mine")));
    await assert.rejects(failing, RangeError);
  });

  test("a line break in a header is never sent", async () => {
    await using server = await startServer((socket) => void socket.resume());
    await assert.rejects(server.request({ headers: { a: "b\r\nc: d" } }), TypeError);
  });

  test("no more connections than allowed; the third waits for its turn", async () => {
    await using server = await startServer(answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
    const answers = await Promise.all([1, 2, 3, 4].map(async () => buffer((await server.request()).body)));
    assert.deepEqual(answers.map(String), ["hello", "hello", "hello", "hello"]);
    assert.equal(server.connections(), 2);
  });

  test("an abort ends it at once", async () => {
    await using server = await startServer((socket) => void socket.resume());
    const controller = new AbortController();
    const asked = server.request({ signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await assert.rejects(asked, coded("UND_ERR_ABORTED"));
  });
});
