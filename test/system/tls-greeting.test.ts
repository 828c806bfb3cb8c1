/** Plain HTTP or TLS, by the first byte: against servers of both kinds. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { describe, test } from "node:test";
import tls from "node:tls";
import { greetByTls } from "../../src/system/tls-greeting.ts";
import { createTlsAuthority, withoutOpenssl } from "../support/tls-authority.ts";

async function listening<Server extends net.Server>(server: Server, close = () => {}) {
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`),
    open: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      close();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const greet = (origin: URL, timeoutMs = 10_000, signal = new AbortController().signal) =>
  greetByTls({ origin, timeoutMs, signal });

const failsWith = (code: string) => (error: unknown) =>
  (error instanceof Error && "code" in error && error.code === code) || assert.fail(String(error));

describe("plain HTTP is known at once", () => {
  test("from Node's server, whose connection is ended", async () => {
    await using server = await listening(http.createServer());
    await assert.rejects(greet(server.origin), failsWith("ERR_SSL_WRONG_VERSION_NUMBER"));
    while (server.open() > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test("from one that waits for the end of a line, as Go's and Python's do", async () => {
    const lines = net.createServer((socket) => {
      let read = "";
      socket.on("data", (chunk) => {
        read += chunk.toString("latin1");
        if (read.includes("\n")) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
      });
    });
    await using server = await listening(lines);
    await assert.rejects(greet(server.origin), failsWith("ERR_SSL_WRONG_VERSION_NUMBER"));
  });
});

describe("TLS may go on", { skip: withoutOpenssl }, () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    test(`with a server of ${version} alone`, async () => {
      await using authority = await createTlsAuthority();
      const { cert, key } = await authority.issue();
      const secure = tls.createServer({ cert, key, minVersion: version, maxVersion: version });
      const problems: string[] = [];
      secure.on("tlsClientError", (error) => problems.push(error.message));
      await using server = await listening(secure);
      await greet(server.origin);
      // The greeting was understood as far as it went: nothing but its end was held against it.
      while (problems.length === 0) await new Promise((resolve) => setImmediate(resolve));
      assert.match(problems.join(), /disconnected|ECONNRESET|socket hang up|no shared|EPIPE/i);
    });
  }
});

test("who hangs up without a word is left to be asked in earnest", async () => {
  await using server = await listening(net.createServer((socket) => socket.destroy()));
  await greet(server.origin);
});

test("a silent server is given up in time, or when nobody waits any more", async () => {
  await using server = await listening(net.createServer());
  await assert.rejects(greet(server.origin, 50), failsWith("UND_ERR_CONNECT_TIMEOUT"));
  const controller = new AbortController();
  const greeting = greet(server.origin, 10_000, controller.signal);
  while (server.open() < 2) await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  await assert.rejects(greeting, failsWith("UND_ERR_ABORTED"));
});

test("nobody there is the system's own error", async () => {
  const { origin } = await (async () => {
    await using gone = await listening(net.createServer());
    return gone;
  })();
  await assert.rejects(greet(origin), failsWith("ECONNREFUSED"));
});
