/** What every tunnel does, whichever carrier and whichever server: needs a server to be reached through a proxy. */
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { describe, it } from "node:test";
import type { Destination } from "../../src/ports.ts";
import type { ConnectOnce } from "../../src/tunnel/kept-connection.ts";
import {
  dialTunnel,
  hear,
  loopback,
  makeBody,
  type OpenedTunnel,
  openTestTunnel,
  startDialling,
  startTarget,
  until,
} from "../support/opened-tunnel.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { createTempHome } from "../support/temp-home.ts";

/** An SSH server, and where it finds what the test makes. */
export interface TunnelServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** An address of this machine that the server reaches, where the test's targets listen. */
  readonly targets: string;
  /** A folder for unix sockets: as it is called here, and over there. */
  readonly sockets: { readonly here: string; readonly there: string };
  /** Connects to 127.0.0.1 at `port`, where this server's keys are known. */
  connectTo(port: number): Promise<ConnectOnce>;
}

const mib = 2 ** 20;
const nothingListens: Destination = { kind: "tcp", host: "127.0.0.1", port: 1 };

interface Opened extends AsyncDisposable {
  readonly server: TunnelServer;
  readonly proxy: TcpProxy;
  readonly connect: ConnectOnce;
  at(port?: number): Destination;
}

async function openAll(start: () => Promise<TunnelServer>): Promise<Opened> {
  const server = await start();
  const proxy = await startTcpProxy(server.host, server.port);
  return {
    server,
    proxy,
    connect: await server.connectTo(proxy.port),
    at: (port = 0) => ({ kind: "tcp", host: server.targets, port }),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const echo = (socket: net.Socket): void => void socket.pipe(socket);

async function ask(port: number, body: Buffer) {
  const socket = await dialTunnel(port);
  const heard = hear(socket);
  socket.end(body);
  return await heard;
}

export function describeTunnel(name: string, start: () => Promise<TunnelServer>): void {
  describe(`tunnel: ${name}`, { timeout: 120_000 }, () => {
    it("carries bodies both ways, each way with an end of its own, and counts them", async () => {
      await using opened = await openAll(start);
      await using target = await startTarget(opened.at(), echo);
      await using open = await openTestTunnel(opened.connect, [target.at]);
      const { body, hash } = makeBody(1, 8 * mib);
      assert.deepEqual(await ask(open.port, body), { bytes: body.length, hash, end: "end" });
      await until("nothing open", () => open.tunnel.facts.open === 0);
      const { state, bytesUp, bytesDown, reconnects, problem } = open.tunnel.facts;
      const facts = { state, bytesUp, bytesDown, reconnects, problem };
      const counted = { bytesUp: body.length, bytesDown: body.length };
      assert.deepEqual(facts, { state: "up", ...counted, reconnects: 0, problem: null });
      assert.deepEqual(open.problems, []);
    });

    it("answers after its client has ended, and hears on after its target has", async () => {
      await using opened = await openAll(start);
      await using late = await startTarget(opened.at(), (socket) => {
        socket.resume().once("end", () => socket.end("late"));
      });
      const received: string[] = [];
      await using early = await startTarget(opened.at(), (socket) => {
        socket.end("early");
        socket.on("data", (chunk: Buffer) => void received.push(chunk.toString()));
      });
      await using open = await openTestTunnel(opened.connect, [late.at, early.at]);
      assert.equal((await ask(open.port, Buffer.from("question"))).bytes, 4);
      const socket = await dialTunnel(portOf(open, 1));
      socket.resume();
      await once(socket, "end");
      socket.end("after the end");
      await until("all of it", () => received.join("") === "after the end");
    });

    it("reaches unix sockets, and listens at one", async () => {
      await using opened = await openAll(start);
      await using home = await createTempHome();
      const { here, there } = opened.server.sockets;
      await using target = await startTarget({ kind: "unix", path: `${here}/target.sock` }, echo);
      const path = `${home.path}/own/local.sock`;
      await using _open = await openTestTunnel(opened.connect, [], {
        forwards: [
          {
            from: { kind: "unix", path },
            side: "here",
            to: { kind: "unix", path: `${there}/target.sock` },
          },
        ],
      });
      const socket = net.connect({ path, allowHalfOpen: true });
      const heard = hear(socket);
      socket.end("through files");
      assert.equal((await heard).bytes, 13);
      assert.equal(target.taken, 1);
    });

    it("breaks a connection that leads nowhere, and says why", async () => {
      await using opened = await openAll(start);
      await using open = await openTestTunnel(opened.connect, [nothingListens]);
      const heard = await hear(startDialling(open.port));
      assert.deepEqual([heard.bytes, heard.end], [0, "break"]);
      assert.deepEqual(open.problems, ["SSH_FORWARD_FAILED"]);
      assert.equal(open.tunnel.facts.state, "up");
    });

    it("carries 64 streams at once, while 16 more are read by nobody", async () => {
      await using opened = await openAll(start);
      await using target = await startTarget(opened.at(), echo);
      const { body: endless } = makeBody(0, 4 * mib);
      await using flood = await startTarget(opened.at(), (socket) => {
        const more = (): void => {
          while (!socket.destroyed && socket.write(endless));
        };
        socket.on("drain", more);
        more();
      });
      await using open = await openTestTunnel(opened.connect, [target.at, flood.at]);
      const stalled = await Promise.all(Array.from({ length: 16 }, () => dialTunnel(portOf(open, 1))));
      for (const socket of stalled) socket.pause();
      await until("all of them there", () => flood.taken === 16);
      const bodies = Array.from({ length: 64 }, (_, seed) => makeBody(seed, mib / 4));
      const heard = await Promise.all(bodies.map(({ body }) => ask(open.port, body)));
      for (const [index, { hash, end }] of heard.entries())
        assert.deepEqual([index, hash, end], [index, bodies[index]?.hash, "end"]);
      for (const socket of stalled) socket.destroy();
      await until("nothing open", () => open.tunnel.facts.open === 0);
      await until("nothing open over there", () => flood.open === 0);
    });

    it("breaks what is cut, never ends it, and carries on", async () => {
      await using opened = await openAll(start);
      await using target = await startTarget(opened.at(), (socket) => void socket.write("half of it"));
      await using open = await openTestTunnel(opened.connect, [target.at]);
      const streams = await Promise.all(Array.from({ length: 16 }, () => dialTunnel(open.port)));
      const heard = streams.map((socket) => hear(socket));
      await until("all of them there", () => open.tunnel.facts.bytesDown === 160);
      opened.proxy.cut();
      for (const { bytes, end } of await Promise.all(heard)) assert.deepEqual([bytes, end], [10, "break"]);
      assert.deepEqual(new Set(open.problems), new Set(["SSH_CONNECTION_LOST"]));
      const next = await dialTunnel(open.port);
      await once(next, "data");
      assert.deepEqual([open.tunnel.facts.state, open.tunnel.facts.reconnects], ["up", 1]);
      next.destroy();
    });

    it("holds new connections while it is cut, but none for a client that leaves", async () => {
      await using opened = await openAll(start);
      await using target = await startTarget(opened.at(), echo);
      await using open = await openTestTunnel(opened.connect, [target.at]);
      await opened.proxy.refuse(true);
      opened.proxy.cut();
      await until("the cut is seen", () => open.tunnel.facts.state === "reconnecting");
      const waiting = ask(open.port, Buffer.from("patient"));
      const leaving = await dialTunnel(open.port);
      await until("both are held", () => open.tunnel.facts.open === 2);
      leaving.end();
      await until("one is gone", () => open.tunnel.facts.open === 1);
      await until("it is told", () => open.tunnel.facts.problem?.code === "SSH_UNREACHABLE");
      await opened.proxy.refuse(false);
      assert.deepEqual([(await waiting).bytes, (await waiting).end], [7, "end"]);
      assert.equal(target.taken, 1);
    });

    it("breaks what it cannot hold any longer", async () => {
      await using opened = await openAll(start);
      await using open = await openTestTunnel(opened.connect, [nothingListens], { holdMs: 100 });
      await opened.proxy.refuse(true);
      opened.proxy.cut();
      await until("the cut is seen", () => open.tunnel.facts.state === "reconnecting");
      assert.equal((await hear(startDialling(open.port))).end, "break");
    });

    it("finds a connection that has gone silent", async () => {
      await using opened = await openAll(start);
      await using target = await startTarget(opened.at(), echo);
      await using open = await openTestTunnel(opened.connect, [target.at]);
      const socket = await dialTunnel(open.port);
      socket.write("x");
      await once(socket, "data");
      const heard = hear(socket);
      opened.proxy.silence();
      await until("it is found", () => open.tunnel.facts.state === "reconnecting", 30_000);
      opened.proxy.speak();
      assert.equal((await heard).end, "break");
      assert.equal((await ask(open.port, Buffer.from("again"))).bytes, 5);
    });

    it("tells a changed host key once, and leaves the server alone", async () => {
      await using opened = await openAll(start);
      await using other = await start();
      await using open = await openTestTunnel(opened.connect, [nothingListens]);
      const told: string[] = [];
      open.tunnel.onChange(() => told.push(open.tunnel.facts.state));
      opened.proxy.lead(other.port, other.host);
      opened.proxy.cut();
      await until("it is told", () => open.tunnel.facts.state === "failed");
      assert.equal(open.tunnel.facts.problem?.code, "SSH_HOST_KEY_CHANGED");
      const tried = opened.proxy.taken;
      for (let client = 0; client < 5; client += 1)
        assert.equal((await hear(startDialling(open.port))).end, "break");
      assert.equal(opened.proxy.taken, tried);
      assert.deepEqual(told, ["reconnecting", "failed"]);
    });

    it("does not mind that its target restarts", async () => {
      await using opened = await openAll(start);
      const first = await startTarget(opened.at(), echo);
      await using open = await openTestTunnel(opened.connect, [first.at]);
      assert.equal((await ask(open.port, Buffer.from("one"))).bytes, 3);
      await first[Symbol.asyncDispose]();
      assert.equal((await hear(startDialling(open.port))).bytes, 0);
      const port = first.at.kind === "tcp" ? first.at.port : 0;
      await using _second = await startTarget(opened.at(port), echo);
      assert.equal((await ask(open.port, Buffer.from("two"))).bytes, 3);
      assert.deepEqual([open.tunnel.facts.reconnects, open.tunnel.facts.state], [0, "up"]);
    });

    it("takes a client's break over to the target", async () => {
      await using opened = await openAll(start);
      await using target = await startTarget(opened.at(), (socket) => {
        socket.write("hello");
        socket.resume().once("end", () => socket.end());
      });
      await using open = await openTestTunnel(opened.connect, [target.at]);
      const socket = await dialTunnel(open.port);
      await once(socket, "data");
      socket.resetAndDestroy();
      await until("the target knows", () => target.open === 0);
      await until("nothing open", () => open.tunnel.facts.open === 0);
    });

    it("closes while it reconnects, and with it whoever waits", async () => {
      await using opened = await openAll(start);
      await using open = await openTestTunnel(opened.connect, [nothingListens]);
      opened.proxy.silence();
      opened.proxy.cut();
      await until("the cut is seen", () => open.tunnel.facts.state === "reconnecting");
      const waiting = hear(startDialling(open.port));
      await until("an attempt hangs", () => opened.proxy.taken > 1);
      await open.tunnel.close();
      assert.equal((await waiting).end, "break");
      const refused = net.connect({ host: "127.0.0.1", port: open.port });
      await assert.rejects(once(refused, "connect"));
    });
  });
}

function portOf({ tunnel }: OpenedTunnel, index: number): number {
  const at = tunnel.entrances[index]?.at ?? loopback();
  return at.kind === "tcp" ? at.port : 0;
}
