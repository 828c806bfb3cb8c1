/** A listener on the far side of an SSH connection, which is this machine too: opened again, refused, and taken away. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { Intake } from "../../src/intake.ts";
import type { Destination } from "../../src/ports.ts";
import { connectSsh } from "../../src/ssh/connect.ts";
import { createClock } from "../../src/system/clock.ts";
import { holdFolder } from "../../src/system/folder-hold.ts";
import { listenThere } from "../../src/tunnel/entrance-there.ts";
import { keepConnection } from "../../src/tunnel/kept-connection.ts";
import type { KeptConnection } from "../../src/tunnel/tunnel.ts";
import { hasOpenSsh } from "../support/openssh.ts";
import { type SshServerOptions, startSshServer, type TestSshServer } from "../support/ssh-server.ts";
import { createSshWorld, quickly, type TestWorld } from "../support/ssh-world.ts";

/** More than all buffers on the way hold. */
const body = randomBytes(24_000_000);
const digestOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

type Carrier = "node" | "openssh";

interface Far extends AsyncDisposable {
  readonly server: TestSshServer;
  readonly engine: KeptConnection;
  /** How often something has changed. */
  readonly changes: () => number;
  /** Cuts the connection; it is made again once `work` is done. */
  cutFor(work: () => Promise<unknown>): Promise<void>;
  listen(port?: number): ReturnType<typeof listenThere>;
}

async function openFar(carrier: Carrier, options: SshServerOptions = {}): Promise<Far> {
  const server = await startSshServer(options);
  const surroundings: TestWorld = await createSshWorld({ knownHosts: server.knownHosts });
  const registry = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.once("data", (chunk: Buffer) => {
      socket.end(chunk.toString() === "much" ? body : `you said ${chunk}`);
    });
  });
  registry.listen(0, "127.0.0.1");
  await once(registry, "listening");
  const spec = { user: "tester", host: "127.0.0.1", port: server.port };
  let gate = Promise.resolve();
  const connect = async () => {
    await gate;
    return await connectSsh(spec, { ...quickly, ssh: carrier }, surroundings.world);
  };
  const stop = new AbortController();
  const keeping = { clock: createClock(), random: () => 0.5, signal: stop.signal };
  const engine = await keepConnection(connect, { connectTimeoutMs: 10_000 }, keeping);
  const world = {
    environment: {},
    home: surroundings.home,
    files: surroundings.world.files,
    holdFolder: async () => holdFolder,
  };
  let changes = 0;
  const dial = async () => {
    const { port } = registry.address() as net.AddressInfo;
    // As a dialled stream of a tunnel: it reads into one piece of memory again and again.
    const intake = new Intake();
    const to = { port, host: "127.0.0.1", allowHalfOpen: true, onread: intake.onread };
    const stream = net.connect(to);
    await once(stream, "connect");
    return { stream, intake, ending: async () => null, discard: () => void stream.destroy() };
  };
  return {
    server,
    engine,
    changes: () => changes,
    cutFor: async (work) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      server.cut();
      await work();
      resolve();
    },
    listen: (port = 0) =>
      listenThere(engine, { kind: "tcp", host: "127.0.0.1", port }, dial, {
        world,
        clock: createClock(),
        random: () => 0.5,
        onChange: () => {
          changes += 1;
        },
      }),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await engine.close();
      registry.close();
      await server.close();
      await surroundings[Symbol.asyncDispose]();
    },
  };
}

const portOf = (at: Destination): number => (at.kind === "tcp" ? at.port : assert.fail());

async function ask(port: number, words: string): Promise<string> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(words);
  return await text(socket);
}

/** Until it is so, or the test's own limit. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

for (const carrier of (hasOpenSsh ? ["node", "openssh"] : ["node"]) as readonly Carrier[]) {
  describe(`a listener over there, ${carrier}`, { timeout: 60_000 }, () => {
    it("takes what comes to the registry, and counts it", async () => {
      await using far = await openFar(carrier);
      const entrance = await far.listen();
      assert.equal(await ask(portOf(entrance.at), "hello"), "you said hello");
      await until(() => entrance.traffic.open === 0);
      assert.deepEqual({ ...entrance.traffic }, { bytesUp: 5, bytesDown: 14, open: 0 });
      await entrance.close();
      await assert.rejects(ask(portOf(entrance.at), "hello"));
    });

    it("brings what was sent, whole, to a reader that is slow", async () => {
      await using far = await openFar(carrier);
      const entrance = await far.listen();
      const socket = net.connect({ port: portOf(entrance.at), host: "127.0.0.1", allowHalfOpen: true });
      socket.end("much");
      const pieces: Buffer[] = [];
      for await (const piece of socket) {
        pieces.push(piece);
        if (pieces.length % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      assert.equal(digestOf(Buffer.concat(pieces)), digestOf(body));
      await entrance.close();
    });

    it("listens at the same port again after a cut, and says meanwhile why not", async () => {
      await using far = await openFar(carrier);
      const entrance = await far.listen();
      const port = portOf(entrance.at);
      for (const round of [1, 2]) {
        far.server.cut();
        await until(() => entrance.problem !== null);
        assert.ok(isRegctlError(entrance.problem, "SSH_CONNECTION_LOST"));
        await until(() => entrance.problem === null);
        assert.equal(await ask(port, `${round}`), `you said ${round}`);
      }
      assert.equal(far.changes(), 4);
      await entrance.close();
    });

    it("says who holds the port, and takes it once it is free", async () => {
      await using far = await openFar(carrier);
      const other = net.createServer().listen(0, "127.0.0.1");
      await once(other, "listening");
      const { port } = other.address() as net.AddressInfo;
      await assert.rejects(far.listen(port), (error) => {
        assert.ok(isRegctlError(error, "PORT_HELD"));
        assert.match(error.facts.by ?? "", new RegExp(`pid ${process.pid}`));
        assert.equal(error.facts.address, `127.0.0.1:${port}`);
        return error.facts.host !== undefined;
      });
      other.close();
      await once(other, "close");
      const entrance = await far.listen(port);
      assert.equal(await ask(port, "x"), "you said x");
      await entrance.close();
    });

    it("waits for a port that somebody took while the connection was cut", async () => {
      await using far = await openFar(carrier);
      const entrance = await far.listen();
      const port = portOf(entrance.at);
      const thief = net.createServer();
      await far.cutFor(async () => {
        await until(() => entrance.problem !== null && far.server.open === 0);
        thief.listen(port, "127.0.0.1");
        await once(thief, "listening");
      });
      await until(() => isRegctlError(entrance.problem, "PORT_HELD"));
      thief.close();
      await until(() => entrance.problem === null);
      assert.equal(await ask(port, "mine"), "you said mine");
      await entrance.close();
    });

    it("a server that lets nobody listen says no", async () => {
      await using far = await openFar(carrier, { forbidForwarding: true });
      await assert.rejects(far.listen(1024 + (process.pid % 1000)), (error) => {
        assert.ok(isRegctlError(error, "SSH_FORWARD_DENIED"));
        return error.facts.listening === true;
      });
    });

    it("a second one at the same place does not end the first", async () => {
      await using far = await openFar(carrier);
      const entrance = await far.listen();
      const port = portOf(entrance.at);
      await assert.rejects(far.listen(port), (error) => isRegctlError(error, "PORT_HELD"));
      assert.equal(await ask(port, "still"), "you said still");
      await entrance.close();
    });

    it("is closed while it is being opened again", async () => {
      await using far = await openFar(carrier);
      const entrance = await far.listen();
      far.server.cut();
      await until(() => entrance.problem !== null);
      await entrance.close();
      await far.engine.up(10_000);
      await assert.rejects(ask(portOf(entrance.at), "x"));
    });
  });
}
