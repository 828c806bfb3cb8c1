/** Servers that do what they should not, or at the wrong moment: an error or the right bytes, and nobody waits for ever. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { computeDigest } from "../../../src/registry/digest.ts";
import { createPlaces } from "../../../src/system/wire-http/places.ts";
import { makeBytes } from "../../support/image-maker.ts";
import { answering, coded, startServer } from "./wire-server.ts";

const ok = "HTTP/1.1 200 OK\r\n";
const hello = `${ok}Content-Length: 5\r\n\r\nhello`;

describe("heads that are none", () => {
  for (const [name, answer, code] of [
    ["one length twice", `${ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`, "HPE_INVALID"],
    ["two lengths in one", `${ok}Content-Length: 5, 6\r\n\r\nhello`, "HPE_INVALID"],
    ["a length in hexadecimal", `${ok}Content-Length: 0x5\r\n\r\nhello`, "HPE_INVALID"],
    ["a length with a sign", `${ok}Content-Length: +5\r\n\r\nhello`, "HPE_INVALID"],
    ["a length beyond all numbers", `${ok}Content-Length: 99999999999999999999\r\n\r\nhello`, "HPE_INVALID"],
    [
      "chunks and a length",
      `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      "HPE_INVALID",
    ],
    ["chunks twice", `${ok}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`, "HPE_INVALID"],
    ["a folded line", `${ok}A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello`, "HPE_INVALID"],
    ["a zero byte", `${ok}A: b\0c\r\nContent-Length: 5\r\n\r\nhello`, "HPE_INVALID"],
    ["a bare line feed", `${ok}A: b\nContent-Length: 5\r\n\r\nhello`, "HPE_INVALID"],
    ["a space before the colon", `${ok}Content-Length : 5\r\n\r\nhello`, "HPE_INVALID"],
    ["another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\nhello", "HPE_INVALID"],
    ["interim answers without end", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(200), "HPE_INVALID"],
  ] as const) {
    test(`${name} is refused`, async () => {
      await using server = await startServer(answering(answer));
      await assert.rejects(server.request(), coded(code));
    });
  }

  test("a head that trickles is given up when the time for it is over", async () => {
    await using server = await startServer((socket) => {
      const timer = setInterval(() => socket.write("HTTP/1.1 103 Early Hints\r\n\r\n"), 20);
      socket.on("close", () => clearInterval(timer));
    });
    await assert.rejects(server.request({ headersTimeoutMs: 100 }), coded("UND_ERR_HEADERS_TIMEOUT"));
  });
});

describe("chunks that are none", () => {
  for (const [name, chunks] of [
    ["a size that is no number", "zz\r\nhello\r\n0\r\n\r\n"],
    ["a size beyond all numbers", "ffffffffffffffffff\r\nhello"],
    ["a size below nothing", "-5\r\nhello\r\n0\r\n\r\n"],
    ["content longer than its size", "5\r\nhello world\r\n0\r\n\r\n"],
    ["a size line without end", `5;${"x".repeat(5000)}`],
    ["a trailer without end", `0\r\n${`A: ${"x".repeat(1000)}\r\n`.repeat(80)}`],
  ] as const) {
    test(name, async () => {
      await using server = await startServer(answering(`${ok}Transfer-Encoding: chunked\r\n\r\n${chunks}`));
      const { body } = await server.request();
      await assert.rejects(buffer(body), coded("HPE_INVALID_CHUNK_SIZE"));
    });
  }

  test("a connection that ends before the last chunk is no end of the body", async () => {
    const answer = `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`;
    await using server = await startServer(answering(answer, (socket) => socket.end()));
    const { body } = await server.request();
    await assert.rejects(buffer(body), coded("UND_ERR_SOCKET"));
  });
});

describe("bytes after the end of an answer", () => {
  for (const [name, answer] of [
    ["with a length", hello],
    ["of no length", `${ok}Content-Length: 0\r\n\r\n`],
    ["in chunks", `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
    ["without content", "HTTP/1.1 204 No Content\r\n\r\n"],
  ] as const) {
    test(`${name} are no answer to the next request`, async () => {
      await using server = await startServer((socket, count) => {
        const more = count === 1 ? "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil" : "";
        socket.on("data", () => socket.write(answer + more));
      });
      const first = await buffer((await server.request()).body);
      await sleep(1);
      assert.deepEqual(await buffer((await server.request()).body), first);
      assert.equal(server.connections(), 2, "the connection is not used again");
    });
  }

  test("that come later end the connection", async () => {
    await using server = await startServer((socket) => {
      socket.on("data", () => socket.write(hello));
      setTimeout(() => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"), 60);
    });
    await buffer((await server.request()).body);
    await sleep(120);
    assert.equal((await buffer((await server.request()).body)).toString(), "hello");
    assert.equal(server.connections(), 2);
  });
});

describe("connections", () => {
  test("one that the server closed while it was idle is not used", async () => {
    await using server = await startServer(answering(hello, (socket) => setTimeout(() => socket.end(), 5)));
    await buffer((await server.request()).body);
    await sleep(60);
    assert.equal((await buffer((await server.request()).body)).toString(), "hello");
  });

  test("one that the server closes as it is used again: an error that may be tried again, and the place is free", async () => {
    await using server = await startServer((socket, count) => {
      let asked = 0;
      socket.on("data", () => {
        asked += 1;
        if (count === 1 && asked === 2) socket.destroy();
        else socket.write(hello);
      });
    }, 1);
    await buffer((await server.request()).body);
    await sleep(1);
    await assert.rejects(
      server.request(),
      (error) => coded("UND_ERR_SOCKET")(error) || coded("ECONNRESET")(error),
    );
    assert.equal((await buffer((await server.request()).body)).toString(), "hello");
  });

  test("a server that ends its half and answers nothing", async () => {
    await using server = await startServer((socket) => socket.once("data", () => socket.end()));
    await assert.rejects(server.request(), coded("UND_ERR_SOCKET"));
  });

  test("an error that comes while nobody reads the body yet waits for its reader", async () => {
    await using server = await startServer(
      answering(`${ok}Content-Length: 50\r\n\r\nhello`, (socket) => socket.end()),
    );
    const { body } = await server.request();
    await new Promise((resolve) => body.once("close", resolve));
    assert.ok(body.errored !== null && coded("UND_ERR_SOCKET")(body.errored));
  });
});

describe("silence", () => {
  test("behind a pause of the reader is given up as well", async () => {
    const content = makeBytes(1_000_000, "stalls");
    const head = Buffer.from(`${ok}Content-Length: ${content.length + 1}\r\n\r\n`);
    await using server = await startServer(answering(Buffer.concat([head, content])));
    const { body } = await server.request({ idleTimeoutMs: 100 });
    await once(body, "readable");
    await sleep(150);
    await assert.rejects(buffer(body), coded("UND_ERR_BODY_TIMEOUT"));
  });

  test("is not what a slow body is: every chunk that leaves counts", async () => {
    await using server = await startServer((socket) => {
      let left = 20;
      socket.on("data", (bytes) => {
        left -= bytes.toString("latin1").replace(/^PATCH.*\r\n\r\n/s, "").length;
        if (left === 0) socket.write("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
      });
    });
    const body = Readable.from(trickle(20, 20), { objectMode: false });
    const headers = { "content-length": "20" };
    const { status } = await server.request({ method: "PATCH", headers, body, headersTimeoutMs: 200 });
    assert.equal(status, 202);
  });
});

async function* trickle(count: number, ms: number): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < count; sent += 1) {
    yield Buffer.from("x");
    await sleep(ms);
  }
}

describe("places", () => {
  test("who gives up waiting takes no place from those behind", async () => {
    const held: Socket[] = [];
    await using server = await startServer((socket, count) => {
      socket.on("data", () => (count === 1 && held.length === 0 ? held.push(socket) : socket.write(hello)));
    }, 1);
    const first = server.request();
    const controller = new AbortController();
    const second = server.request({ signal: controller.signal });
    const third = server.request();
    await sleep(20);
    controller.abort(new RangeError("mine"));
    await assert.rejects(second, RangeError);
    held[0]?.write(hello);
    await buffer((await first).body);
    assert.equal((await buffer((await third).body)).toString(), "hello");
  });

  test("nobody waits for a pool that is closed", async () => {
    await using server = await startServer((socket) => void socket.resume(), 1);
    const asked = [server.request(), server.request()];
    await sleep(20);
    server.close();
    for (const each of await Promise.allSettled([...asked, server.request()]))
      assert.ok(each.status === "rejected" && coded("UND_ERR_SOCKET")(each.reason));
  });

  test("an abort that came before takes none", async () => {
    const places = createPlaces(1);
    await assert.rejects(places.take(AbortSignal.abort(new RangeError("mine"))), RangeError);
    await places.take(new AbortController().signal);
  });
});

test("a character that would be cut to a line feed is never sent", async () => {
  await using server = await startServer((socket) => void socket.resume());
  await assert.rejects(server.request({ headers: { authorization: "Bearer x\u010aEvil: y" } }), TypeError);
});

test("memory that is used again never changes bytes that are still on their way", async () => {
  const contents = Array.from({ length: 4 }, (_, index) => makeBytes(16_000_000 + index, `blob ${index}`));
  await using source = await startServer((socket) => {
    socket.on("data", (asked) => {
      const content = contents[Number(/^GET \/(\d)/.exec(asked.toString("latin1"))?.[1])] ?? Buffer.alloc(0);
      socket.write(`${ok}Content-Length: ${content.length}\r\n\r\n`);
      socket.write(content);
    });
  }, 6);
  const arrived: Buffer[] = [];
  await using target = await startServer(receiveSlowly(arrived), 6, source.slabs);
  await Promise.all(
    contents.map(async ({ length }, index) => {
      const { body } = await source.request({ url: new URL(`http://x/${index}`) });
      const headers = { "content-length": String(length) };
      await target.request({ method: "PUT", headers, body, spends: true, idleTimeoutMs: 20_000 });
    }),
  );
  const digests = (all: readonly Buffer[]) => all.map((each) => computeDigest(each)).toSorted();
  assert.deepEqual(digests(arrived), digests(contents));
});

/** Reads in pieces of any size, with pauses of any length; answers when all has come. */
function receiveSlowly(arrived: Buffer[]) {
  return (socket: Socket) => {
    const pieces: Buffer[] = [];
    let wanted = Number.POSITIVE_INFINITY;
    socket.on("data", (piece) => {
      const bytes = Buffer.from(piece);
      if (pieces.length === 0) {
        const begins = bytes.indexOf("\r\n\r\n") + 4;
        wanted = Number(/content-length: (\d+)/i.exec(bytes.toString("latin1", 0, begins))?.[1]);
        pieces.push(bytes.subarray(begins));
      } else pieces.push(bytes);
      socket.pause();
      setTimeout(() => socket.resume(), Math.random() * 4);
      const content = pieces.reduce((sum, { length }) => sum + length, 0);
      if (content < wanted) return;
      arrived.push(Buffer.concat(pieces));
      socket.write("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    });
  };
}
