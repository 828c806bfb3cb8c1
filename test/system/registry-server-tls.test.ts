import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { after, test } from "node:test";
import tls from "node:tls";
import { promisify } from "node:util";
import type { ServerIdentity } from "../../src/server/listener.ts";
import { openSelfSigned, type SelfSigned } from "../../src/server/tls/self-signed.ts";
import { createClock } from "../../src/system/clock.ts";
import { createFiles } from "../../src/system/files.ts";
import {
  answerWith,
  connectRaw,
  countingSlice,
  listenWith,
  readBody,
} from "../support/listening-registry.ts";
import { createTempHome } from "../support/temp-home.ts";
import { withoutOpenssl } from "../support/tls-authority.ts";

const world = { files: createFiles(), clock: createClock() };
const home = await createTempHome();
after(() => home[Symbol.asyncDispose]());
const made = await openSelfSigned(join(home.path, "tls"), ["reg.test", "127.0.0.1", "::1"], world);
const ca = made.identity.certificate.slice(made.identity.certificate.lastIndexOf("-----BEGIN"));

async function ask(session: ClientHttp2Session, headers: Record<string, string | number>, body?: Buffer) {
  const stream = session.request({ ":path": "/", ...headers }, { endStream: body === undefined });
  const [response] = await Promise.all([
    once(stream, "response"),
    body === undefined ? null : stream.end(body),
  ]);
  const content = await buffer(stream);
  return { status: response[0][":status"], headers: response[0], content };
}

async function openSession(url: string) {
  const session = connect(url, { ca });
  await once(session, "connect");
  return { session, [Symbol.dispose]: () => session.destroy() };
}

test("HTTP/2: bodies both ways, names, and many at once", async () => {
  await using server = await listenWith(
    async (request) => {
      if (request.path === "/slice") return answerWith(200, countingSlice(3_000_000));
      const { method, scheme, authority, length } = request;
      return answerWith(
        200,
        `${method} ${scheme} ${authority} ${length} ${(await readBody(request)).length}`,
      );
    },
    { tls: made.identity },
  );
  using client = await openSession(server.url);
  const { host } = new URL(server.url);
  const got = await ask(client.session, { ":method": "GET" });
  assert.equal(String(got.content), `GET https ${host} 0 0`);
  const put = await ask(client.session, { ":method": "PUT" }, Buffer.alloc(2_000_000));
  assert.equal(String(put.content), `PUT https ${host} null 2000000`);
  const many = await Promise.all(
    Array.from({ length: 40 }, () => ask(client.session, { ":path": "/slice" })),
  );
  for (const { content } of many) {
    assert.equal(content.length, 3_000_000);
    assert.ok(content.every((byte, index) => byte === index % 251));
  }
  const head = await ask(client.session, { ":method": "HEAD", ":path": "/slice" });
  assert.deepEqual([head.headers["content-length"], head.content.length], ["3000000", 0]);
  const exchanges = await server.exchanges(43);
  assert.deepEqual(
    new Set(exchanges.map(({ protocol, end, remote }) => `${protocol} ${end} ${remote}`)),
    new Set(["2.0 sent 127.0.0.1"]),
  );
  assert.equal(server.stats().bufferBytes, 0);
});

test("HTTP/2: a refused request gets its answer whole, its body read or not", async () => {
  await using server = await listenWith(async () => answerWith(403, "refused"), { tls: made.identity });
  using client = await openSession(server.url);
  for (const bytes of [10, 100_000, 5_000_000]) {
    const headers = { ":method": "PUT", "content-length": bytes };
    const stream = client.session.request(headers);
    stream.on("error", () => {});
    stream.write(Buffer.alloc(bytes));
    const [response] = await once(stream, "response");
    assert.equal(response[":status"], 403);
    assert.equal(String(await buffer(stream)), "refused");
    assert.equal(stream.rstCode, 0);
    stream.destroy();
  }
});

test("HTTP/2: a cancelled stream is an aborted exchange, the session lives on", async () => {
  const aborted = Promise.withResolvers<void>();
  await using server = await listenWith(
    async ({ path, signal }) => {
      if (path === "/well") return answerWith(200, "well");
      signal.addEventListener("abort", () => aborted.resolve());
      return answerWith(200, countingSlice(500_000_000));
    },
    { tls: made.identity },
  );
  using client = await openSession(server.url);
  const stream = client.session.request({ ":path": "/slice" });
  await once(stream, "response");
  stream.close(8);
  await aborted.promise;
  assert.equal(String((await ask(client.session, { ":path": "/well" })).content), "well");
  const [first] = await server.exchanges(1);
  assert.equal(first?.end, "aborted");
});

test("HTTP/2: a graceful end lets streams finish", async () => {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  await using server = await listenWith(
    async () => {
      begun.resolve();
      await gate.promise;
      return answerWith(200, "finished");
    },
    { tls: made.identity },
  );
  using client = await openSession(server.url);
  const asked = ask(client.session, {});
  await begun.promise;
  const closing = server.close({ graceMs: 30_000 });
  gate.resolve();
  assert.equal(String((await asked).content), "finished");
  assert.equal(await closing, 0);
});

async function shownBy(server: { readonly port: number }): Promise<string> {
  const socket = tls.connect({ host: "127.0.0.1", port: server.port, ca, ALPNProtocols: ["http/1.1"] });
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

test("another certificate is shown from then on, and a broken one changes nothing", async () => {
  await using server = await listenWith(async () => answerWith(200, "x"), { tls: made.identity });
  const before = await shownBy(server);
  const other: SelfSigned = await openSelfSigned(join(home.path, "tls"), ["127.0.0.1"], world);
  server.useIdentity(other.identity);
  const after = await shownBy(server);
  assert.notEqual(after, before);
  const broken: ServerIdentity = { certificate: "none", key: "none" };
  assert.throws(() => server.useIdentity(broken));
  assert.equal(await shownBy(server), after);
});

test("a client that never shakes hands is let go", async () => {
  await using server = await listenWith(async () => answerWith(200, "x"), {
    tls: made.identity,
    limits: { headersMs: 150 },
  });
  const { connectRaw } = await import("../support/listening-registry.ts");
  using client = await connectRaw(server);
  assert.equal(await client.rest(), "");
});

test("openssl finds nothing wrong with the certificates", { skip: withoutOpenssl }, async () => {
  const run = promisify(execFile);
  const server = join(home.path, "server.pem");
  await createFiles().write(server, made.identity.certificate);
  for (const [kind, name] of [
    ["-verify_hostname", "reg.test"],
    ["-verify_ip", "127.0.0.1"],
    ["-verify_ip", "::1"],
  ] as const) {
    const strict = [
      "verify",
      "-x509_strict",
      "-purpose",
      "sslserver",
      "-CAfile",
      made.caPath,
      kind,
      name,
      server,
    ];
    assert.match((await run("openssl", strict)).stdout, /: OK/);
  }
  const other = ["verify", "-CAfile", made.caPath, "-verify_hostname", "other.test", server];
  await assert.rejects(run("openssl", other), /hostname mismatch|Hostname mismatch/);
});

test("plain HTTP is told that this port speaks HTTPS, and a handshake may come byte by byte", async () => {
  await using server = await listenWith(async () => answerWith(200, "secret"), { tls: made.identity });
  using plain = await connectRaw(server);
  plain.socket.write(`PUT /v2/ HTTP/1.1\r\nHost: r\r\nContent-Length: 100000\r\n\r\n${"x".repeat(100_000)}`);
  const told = await plain.rest();
  assert.match(told, /^HTTP\/1\.1 400 .*this port speaks HTTPS/s);
  assert.equal(told.includes("secret"), false);
  using slow = await connectRaw(server);
  const bytewise = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      slow.socket.write(chunk.subarray(0, 1));
      setImmediate(() => slow.socket.write(chunk.subarray(1), () => done()));
    },
  });
  slow.socket.on("data", (chunk) => bytewise.push(chunk));
  const client = tls.connect({ socket: bytewise, ca, servername: "reg.test" });
  client.end("GET / HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n");
  assert.match(String(await buffer(client)), /secret$/);
});

test("who says nothing at a port of HTTPS is let go", async () => {
  const limits = { headersMs: 50 };
  await using server = await listenWith(async () => answerWith(200), { tls: made.identity, limits });
  using silent = await connectRaw(server);
  assert.equal(await silent.rest(), "");
  using short = await connectRaw(server);
  short.socket.end();
  assert.equal(await short.rest(), "");
});
