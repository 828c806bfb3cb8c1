import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerRequest } from "../../src/server/message.ts";
import { answerWith, connectRaw, listenWith, readBody } from "../support/listening-registry.ts";

test("of more connections than allowed the one that is idle for longest makes way, and no busy one", async () => {
  const gate = Promise.withResolvers<void>();
  const handle = async ({ path }: ServerRequest) => {
    if (path === "/busy") await gate.promise;
    return answerWith(200, `<${path}>`);
  };
  await using server = await listenWith(handle, { limits: { connections: 2 } });
  using busy = await connectRaw(server);
  busy.socket.write("GET /busy HTTP/1.1\r\nHost: r\r\n\r\n");
  while (server.stats().active === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  using idle = await connectRaw(server);
  idle.socket.write("GET / HTTP/1.1\r\nHost: r\r\nX-Slow: ");
  using other = await connectRaw(server);
  other.socket.write("GET /busy HTTP/1.1\r\nHost: r\r\n\r\n");
  assert.equal(await idle.rest(), "");
  while (server.stats().active < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  using late = await connectRaw(server);
  assert.equal(await late.rest(), "");
  gate.resolve();
  await busy.until("</busy>");
  await other.until("</busy>");
});

test("pipelined requests are answered one after the other", async () => {
  let [most, running] = [0, 0];
  await using server = await listenWith(async (request) => {
    running += 1;
    most = Math.max(most, running);
    const body = await readBody(request);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    return answerWith(200, `<${request.path} ${body}>`);
  });
  using client = await connectRaw(server);
  const put = (index: number) => `PUT /${index} HTTP/1.1\r\nHost: r\r\nContent-Length: 1\r\n\r\n${index}`;
  client.socket.write([1, 2, 3, 4, 5].map(put).join(""));
  const answered = await client.until("</5 5>");
  assert.deepEqual(
    answered.match(/<.*?>/g),
    [1, 2, 3, 4, 5].map((index) => `</${index} ${index}>`),
  );
  assert.equal(most, 1);
});

test("whoever pipelines without an end is cut off, also while what came first takes its time", async () => {
  const gate = Promise.withResolvers<void>();
  let handled = 0;
  await using server = await listenWith(async () => {
    handled += 1;
    await gate.promise;
    return answerWith(200, "x");
  });
  using client = await connectRaw(server);
  client.socket.write("GET / HTTP/1.1\r\nHost: r\r\n\r\n".repeat(2000));
  await client.rest();
  gate.resolve();
  await server.exchanges(1);
  assert.deepEqual([handled, server.stats().active], [1, 0]);
  assert.equal(await server.close({ graceMs: 0 }), 0);
});
