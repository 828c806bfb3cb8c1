/** A tunnel whose engine lives elsewhere has two connections: what it shows while one of them is away. */
import assert from "node:assert/strict";
import net from "node:net";
import { describe, it } from "node:test";
import type { Destination } from "../../src/ports.ts";
import { createClock } from "../../src/system/clock.ts";
import { holdFolder } from "../../src/system/folder-hold.ts";
import { openThere } from "../../src/tunnel/engine-landing.ts";
import type { RunningTunnel } from "../../src/tunnel/tunnel.ts";
import {
  connectBy,
  dialTunnel,
  hear,
  loopback,
  openTestTunnel,
  startTarget,
  until,
} from "../support/opened-tunnel.ts";
import { carriers } from "../support/openssh.ts";
import { startSshServer } from "../support/ssh-server.ts";
import { createSshWorld } from "../support/ssh-world.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";

interface Two extends AsyncDisposable {
  readonly tunnel: RunningTunnel;
  /** The way to the server, and that to the engine's machine. */
  readonly toServer: TcpProxy;
  readonly toMachine: TcpProxy;
  /** Where it listens for whoever is here, and over there. */
  readonly here: number;
  readonly there: number;
  /** The port of another machine at the same address: its host key is not the one that is known. */
  readonly stranger: number;
}

const portOf = (at: Destination | undefined): number => (at?.kind === "tcp" ? at.port : assert.fail());

async function openTwo(carrier: "node" | "openssh"): Promise<Two> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startSshServer());
  const machine = stack.use(await startSshServer());
  const other = stack.use(await startSshServer());
  const toServer = stack.use(await startTcpProxy("127.0.0.1", server.port));
  const toMachine = stack.use(await startTcpProxy("127.0.0.1", machine.port));
  const registry = stack.use(await startTarget(loopback(), (socket) => socket.end("a registry")));
  const knownHosts = [
    server.knownHosts.replaceAll(`:${server.port} `, `:${toServer.port} `),
    machine.knownHosts.replaceAll(`:${machine.port} `, `:${toMachine.port} `),
  ].join("");
  const surroundings = stack.use(await createSshWorld({ knownHosts }));
  const connectTo = ({ port }: TcpProxy) =>
    connectBy(carrier, { user: "tester", host: "127.0.0.1", port }, surroundings.world);
  const world = {
    clock: createClock(),
    random: Math.random,
    signal: new AbortController().signal,
    environment: {},
    home: surroundings.home,
    files: surroundings.world.files,
    holdFolder: async () => holdFolder,
    connectTimeoutMs: 10_000,
  };
  const { tunnel } = stack.use(
    await openTestTunnel(connectTo(toServer), [], {
      // Both sides are this machine, so the ports have to differ.
      forwards: [
        { from: loopback(), side: "engine", to: registry.at },
        { from: loopback(), side: "here", to: registry.at },
      ],
      openAtEngine: openThere(connectTo(toMachine), world),
    }),
  );
  const [there, here] = tunnel.entrances.map(({ at }) => portOf(at));
  return {
    tunnel,
    toServer,
    toMachine,
    here: here ?? assert.fail(),
    there: there ?? assert.fail(),
    stranger: other.port,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function answers(port: number): Promise<boolean> {
  const { bytes, end } = await hear(await dialTunnel(port));
  return bytes === "a registry".length && end === "end";
}

for (const { carrier, skip } of carriers) {
  describe(`two connections, ${carrier}`, { skip, timeout: 120_000 }, () => {
    it("the engine's is cut: it reconnects alone, and who is here notices nothing", async () => {
      await using two = await openTwo(carrier);
      const { tunnel, toServer, toMachine } = two;
      assert.equal(await answers(two.there), true);
      await toMachine.refuse(true);
      toMachine.cut();
      await until("it is noticed", () => tunnel.facts.state !== "up");
      await until("it is tried", () => tunnel.facts.problem?.code === "SSH_UNREACHABLE");
      assert.deepEqual([tunnel.facts.state, tunnel.facts.connected], ["reconnecting", true]);
      assert.equal(await answers(two.here), true);
      await toMachine.refuse(false);
      await until("it is back", () => tunnel.facts.state === "up");
      assert.deepEqual([tunnel.facts.problem, tunnel.facts.reconnects, toServer.taken], [null, 1, 1]);
      assert.equal(await answers(two.there), true);
    });

    it("somebody holds the port over there: it waits for it", async () => {
      await using two = await openTwo(carrier);
      const { tunnel, toMachine } = two;
      await toMachine.refuse(true);
      toMachine.cut();
      await until("it is noticed", () => tunnel.facts.state === "reconnecting");
      const holder = net.createServer();
      const take = () =>
        new Promise<boolean>((resolve) => {
          holder.once("listening", () => resolve(true)).once("error", () => resolve(false));
          holder.listen(two.there, "127.0.0.1");
        });
      // The server over there gives it up when it hears of the cut.
      await until("the port is free", take);
      await toMachine.refuse(false);
      await until("it waits", () => tunnel.facts.state === "waiting-for-old-listener");
      assert.deepEqual([tunnel.facts.connected, tunnel.facts.problem?.code], [true, "PORT_HELD"]);
      holder.close();
      await until("it listens again", () => tunnel.facts.state === "up");
      assert.equal(await answers(two.there), true);
    });

    it("a machine that is another one now: failed over there, and who is here gets through", async () => {
      await using two = await openTwo(carrier);
      const { tunnel, toMachine } = two;
      toMachine.lead(two.stranger, "127.0.0.1");
      toMachine.cut();
      await until("it is refused", () => tunnel.facts.state === "failed");
      assert.deepEqual([tunnel.facts.connected, tunnel.facts.problem?.code], [true, "SSH_HOST_KEY_CHANGED"]);
      assert.equal(await answers(two.here), true);
    });

    it("the server's is cut: the engine's stays, and the state is the server's", async () => {
      await using two = await openTwo(carrier);
      const { tunnel, toServer, toMachine } = two;
      await toServer.refuse(true);
      toServer.cut();
      await until("it is noticed", () => tunnel.facts.state === "reconnecting");
      assert.equal(tunnel.facts.connected, false);
      await toServer.refuse(false);
      await until("it is back", () => tunnel.facts.state === "up");
      assert.deepEqual([tunnel.facts.reconnects, toMachine.taken], [1, 1]);
      assert.equal(await answers(two.there), true);
    });
  });
}
