/** Engines over one connection whose end may come at any time. What every carrier must do is in test/engine. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http, { type RequestListener } from "node:http";
import net from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { HttpRequest } from "../../src/engine/carrier.ts";
import { openHttp } from "../../src/system/http.ts";
import { createTempHome } from "../support/temp-home.ts";

async function startEngine(listener: RequestListener) {
  const home = await createTempHome();
  const path = join(home.path, "engine.sock");
  const server = http.createServer({ keepAliveTimeout: 0 }, listener);
  server.listen(path);
  await once(server, "listening");
  const dialled: net.Socket[] = [];
  const dial = async (): Promise<Duplex> => {
    const socket = net.connect(path);
    await once(socket, "connect");
    dialled.push(socket);
    return socket;
  };
  return {
    dial,
    dialled,
    cut: () => server.closeAllConnections(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      await home[Symbol.asyncDispose]();
    },
  };
}

const short = (path: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: "GET",
  path,
  headers: {},
  short: true,
  signal: AbortSignal.timeout(20_000),
  ...more,
});

test("a connection that the engine ends meanwhile is dialled again", async () => {
  await using engine = await startEngine((request, response) => response.end(request.url));
  const opened = openHttp(engine.dial);
  for (const path of ["/one", "/two"]) {
    assert.equal(await text((await opened.request(short(path))).body), path);
    engine.cut();
    const [last] = engine.dialled.slice(-1);
    if (last?.destroyed === false) await once(last, "close");
  }
  assert.equal(engine.dialled.length, 2);
  await opened.close();
});

test("requests at once take their turns; a body and its length arrive, and none is said to be none", async () => {
  await using engine = await startEngine(async (request, response) => {
    const body = await text(request);
    response.end(`${request.method} ${request.headers["content-length"] ?? "-"} ${body}`);
  });
  const opened = openHttp(engine.dial);
  const requests = [
    short("/a"),
    short("/b", { method: "POST" }),
    short("/c", { method: "POST", body: Buffer.from("x") }),
  ];
  const answers = requests.map(async (request) => await text((await opened.request(request)).body));
  assert.deepEqual(await Promise.all(answers), ["GET - ", "POST 0 ", "POST 1 x"]);
  assert.equal(engine.dialled.length, 1);
  await opened.close();
});

test("an engine that hangs up in the middle fails that request alone", async () => {
  await using engine = await startEngine((request, response) => {
    if (request.url !== "/half") return response.end("whole");
    response.writeHead(200, { "content-length": "9" });
    return response.write("half", () => request.socket.destroy());
  });
  const opened = openHttp(engine.dial);
  await assert.rejects(async () => await text((await opened.request(short("/half"))).body));
  assert.equal(await text((await opened.request(short("/whole"))).body), "whole");
  await opened.close();
  await assert.rejects(opened.request(short("/closed")));
});

test("a long answer has a connection of its own while short ones go on", async () => {
  await using engine = await startEngine((request, response) => {
    response.write(request.url);
    if (request.url !== "/long") response.end();
  });
  const opened = openHttp(engine.dial);
  const { body } = await opened.request({ ...short("/long"), short: false });
  assert.equal(await text((await opened.request(short("/short"))).body), "/short");
  assert.equal(engine.dialled.length, 2);
  const broken = assert.rejects(text(body));
  await opened.close();
  await broken;
});
