import assert from "node:assert/strict";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import type { Prompt } from "../../src/ports.ts";
import { connectSsh } from "../../src/ssh/connect.ts";
import { findRegistry, renderTo } from "../../src/tunnel/find-registry.ts";
import { probeRegistry } from "../../src/tunnel/probe-registry.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import { type SshServerOptions, startSshServer } from "../support/ssh-server.ts";
import { createSshWorld, quickly } from "../support/ssh-world.ts";

/** Answers each connection with this, whatever it asks. */
async function startTalker(answer: string | null) {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", () => (answer === null ? undefined : socket.end(answer, "latin1")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** SOURCE: RFC 9112 for the form; Go's net/http `tls: first record does not look like…` answer of docker-registry 2.8. */
const answers = {
  registry: [
    "HTTP/1.1 200 OK\r\nDocker-Distribution-Api-Version: registry/2.0\r\nContent-Length: 2\r\n\r\n{}",
    'HTTP/1.1 401 Unauthorized\r\nWww-Authenticate: Basic realm="r"\r\nContent-Length: 0\r\n\r\n',
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}",
    "HTTP/1.1 503 Service Unavailable\r\ndocker-distribution-api-version: registry/2.0\r\n\r\n",
  ],
  https: [
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    "\u0015\u0003\u0003\u0000\u0002\u0002\u0046",
  ],
  other: [
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>",
    "HTTP/1.1 404 Not Found\r\n\r\nno",
    "SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/1.1 400 Bad Request\r\n\r\nno",
  ],
  silent: [""],
} as const;

describe("what is at the end of a stream", () => {
  for (const [verdict, texts] of Object.entries(answers)) {
    for (const text of texts) {
      test(`${JSON.stringify(text.slice(0, 40))} is ${verdict}`, async () => {
        await using talker = await startTalker(text);
        const stream = net.connect(talker.port, "127.0.0.1");
        assert.equal(await probeRegistry(stream), verdict);
        assert.equal(stream.destroyed, true);
      });
    }
  }

  test("our own registry is one", async () => {
    await using registry = await startOwnRegistry();
    const port = Number(registry.host.split(":")[1]);
    assert.equal(await probeRegistry(net.connect(port, "127.0.0.1")), "registry");
  });
});

async function look(options: SshServerOptions, to: number, prompt: Partial<Prompt> = {}) {
  await using server = await startSshServer(options);
  await using there = await createSshWorld({ knownHosts: server.knownHosts });
  const spec = { host: "127.0.0.1", port: server.port };
  const connection = await connectSsh(spec, quickly, there.world);
  try {
    return await findRegistry(
      connection,
      { kind: "tcp", host: "localhost", port: to },
      {
        prompt: { ...there.world.prompt, ...prompt },
        emit: () => {},
        signal: new AbortController().signal,
      },
    );
  } finally {
    await connection.close();
  }
}

async function nobodyAt(): Promise<number> {
  await using talker = await startTalker("");
  return talker.port;
}

describe("the registry of a server", () => {
  test("is where it was said to be", async () => {
    await using registry = await startOwnRegistry();
    const port = Number(registry.host.split(":")[1]);
    assert.equal(renderTo(await look({}, port)), `localhost:${port}`);
  });

  test("is offered where it was found, and a person takes it", async () => {
    await using registry = await startOwnRegistry();
    const port = Number(registry.host.split(":")[1]);
    const asked: string[] = [];
    const wanted = `localhost:${port}`;
    // Registries of other tests may run here as well: then there is a list to choose from.
    const found = await look({}, await nobodyAt(), {
      interactive: true,
      consent: async ({ question }) => asked.push(question) > 0,
      text: async ({ question }) => {
        asked.push(question);
        return wanted;
      },
    });
    assert.equal(renderTo(found), wanted);
    assert.match(asked.join("\n"), new RegExp(`No registry answers at localhost:\\d+.*${wanted}`));
  });

  test("is named to whom cannot be asked, and is not the web server in its place", async () => {
    await using registry = await startOwnRegistry();
    await using web = await startTalker("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>");
    const [, port = ""] = registry.host.split(":");
    await assert.rejects(look({}, web.port), (error: unknown) => {
      assert.ok(isRegctlError(error, "TUNNEL_NO_REGISTRY"));
      const { candidates, reason } = error.facts;
      assert.match(reason, /no registry/);
      assert.ok(candidates.includes(`localhost:${port}`));
      assert.ok(!candidates.includes(`localhost:${web.port}`));
      return true;
    });
  });

  test("stays unknown where no command may be run there", async () => {
    await using registry = await startOwnRegistry();
    assert.ok(registry.host !== "");
    await assert.rejects(look({ maxSessions: 0 }, await nobodyAt()), (error: unknown) => {
      assert.ok(isRegctlError(error, "TUNNEL_NO_REGISTRY"));
      assert.deepEqual(error.facts.candidates, []);
      return true;
    });
  });
});
