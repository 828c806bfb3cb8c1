import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { controlSockets } from "../../src/system/control-socket.ts";
import { createTempHome } from "../support/temp-home.ts";

test("whoever takes a question and says nothing is found out, instead of waited for", async () => {
  await using home = await createTempHome();
  const path = `${home.path}/silent.sock`;
  const taken = new Set<net.Socket>();
  const silent = net.createServer((socket) => taken.add(socket)).listen(path);
  await once(silent, "listening");
  const { signal } = new AbortController();
  // Nothing else may keep this process alive: the answer has to come by itself.
  const asked = controlSockets.ask(path, { ask: "who" }, { signal, timeoutMs: 100 });
  silent.unref();
  await assert.rejects(asked, (error) => isRegctlError(error, "STATE_UNREADABLE"));
  const stopping = new AbortController();
  const stopped = controlSockets.ask(path, { ask: "who" }, { signal: stopping.signal, timeoutMs: 60_000 });
  await once(silent, "connection");
  stopping.abort(new Error("enough"));
  await assert.rejects(stopped, /enough/);
  for (const socket of taken) socket.destroy();
  silent.close();
});
