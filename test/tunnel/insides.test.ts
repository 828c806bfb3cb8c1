/**
 * What is used of Node's sockets and of ssh2 although neither promises it (decision 0013): that it is still there, which
 * fails with the version that moves it, and that tunnels work all the same without it.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Channel } from "ssh2";
import ssh2 from "ssh2";
import { createWindows } from "../../src/ssh/node/window.ts";
import { listenLocally, listenWithoutIntake, withIntake } from "../../src/system/local-listener.ts";
import type { Arrival } from "../../src/tunnel/listener.ts";
import {
  connectBy,
  dialTunnel,
  hear,
  loopback,
  makeBody,
  openTestTunnel,
  startTarget,
  until,
} from "../support/opened-tunnel.ts";
import { carriers } from "../support/openssh.ts";
import { startSshServer } from "../support/ssh-server.ts";
import { createSshWorld } from "../support/ssh-world.ts";

const mib = 2 ** 20;
const whereToLook = `Node ${process.versions.node} keeps it elsewhere: docs/decisions/0013`;

describe("the insides of a socket", { timeout: 60_000 }, () => {
  it("a connection that comes in reads into one piece of memory", async () => {
    const arrived = Promise.withResolvers<Arrival>();
    const listener = await listenLocally(loopback(), arrived.resolve);
    const port = listener.at.kind === "tcp" ? listener.at.port : 0;
    const client = net.connect({ port, host: "127.0.0.1" });
    const arrival = await arrived.promise;
    const { intake } = arrival;
    assert.ok(intake !== undefined, whereToLook);
    const [memory, texts] = [new Set<ArrayBufferLike>(), [""]];
    arrival.on("data", () => assert.fail("it comes by the intake"));
    intake.start((piece) => {
      memory.add(piece.buffer);
      texts.push(piece.toString());
      return true;
    });
    arrival.resume();
    for (const word of ["one ", "two ", "three"]) {
      client.write(word);
      await until(word, () => texts.join("").endsWith(word));
    }
    assert.deepEqual([texts.join(""), memory.size], ["one two three", 1], whereToLook);
    client.end();
    await once(arrival, "end");
    arrival.destroy();
    await listener.close();
  });

  it("a socket that has other insides stays as it is", () => {
    for (const handle of [undefined, null, {}, { useUserBuffer: true }]) {
      const socket = new net.Socket();
      Reflect.set(socket, "_handle", handle);
      assert.equal(withIntake(socket), socket);
      assert.equal(Reflect.get(socket, "_handle"), handle);
      Reflect.set(socket, "_handle", null);
    }
  });

  for (const { carrier, skip } of carriers) {
    it(`without them a tunnel carries as much, and breaks what is cut (${carrier})`, { skip }, async () => {
      await using server = await startSshServer();
      await using surroundings = await createSshWorld({ knownHosts: server.knownHosts });
      const { body, hash } = makeBody(1, 24 * mib);
      await using target = await startTarget(loopback(), (socket) => {
        socket.once("data", (word: Buffer) => {
          if (word.toString() === "half") socket.write(body.subarray(0, mib));
          else socket.end(body);
        });
      });
      await using echo = await startTarget(loopback(), (socket) => void socket.pipe(socket));
      const connect = connectBy(
        carrier,
        { user: "tester", host: "127.0.0.1", port: server.port },
        surroundings.world,
      );
      await using open = await openTestTunnel(connect, [target.at, echo.at], { listen: listenWithoutIntake });
      const [, second] = open.tunnel.entrances;
      const through = await dialTunnel(second?.at.kind === "tcp" ? second.at.port : 0);
      const back = hear(through);
      through.end(body);
      assert.deepEqual(await back, { bytes: body.length, hash, end: "end" });
      const slow = await dialTunnel(open.port);
      slow.write("all");
      const heard = hear(slow);
      for (let pause = 0; pause < 20; pause += 1) {
        slow.pause();
        await sleep(2);
        slow.resume();
        await sleep(2);
      }
      assert.deepEqual(await heard, { bytes: body.length, hash, end: "end" });
      slow.destroy();
      const cut = await dialTunnel(open.port);
      const halved = hear(cut);
      cut.write("half");
      await until("half of it", () => cut.bytesRead === mib);
      server.cut();
      assert.equal((await halved).end, "break");
    });
  }
});

interface Inside {
  readonly incoming: { readonly window: number };
  readonly outgoing: { readonly window: number };
}

const insideOf = (channel: Channel | undefined) => channel as unknown as Inside;

/** A client of ssh2, and the server's side of the channels that it opens; each brings `body`. */
async function openBare(body: Buffer) {
  const channels: Channel[] = [];
  const { private: key } = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
  const server = new ssh2.Server({ hostKeys: [key] }, (peer) => {
    peer.on("error", () => {});
    peer.on("authentication", (context) => context.accept());
    peer.on("ready", () => {
      peer.on("tcpip", (accept) => {
        const channel = accept();
        channels.push(channel);
        channel.end(body);
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new ssh2.Client();
  const { port } = server.address() as net.AddressInfo;
  client.connect({ host: "127.0.0.1", port, username: "tester" });
  await once(client, "ready");
  const dial = (windows: { keep(channel: Channel): void }): Promise<Channel> =>
    new Promise((resolve, reject) => {
      client.forwardOut("127.0.0.1", 0, "registry", 5000, (error, channel) => {
        if (error) return reject(error);
        windows.keep(channel);
        resolve(channel);
      });
    });
  return {
    client,
    channels,
    dial,
    [Symbol.asyncDispose]: async () => {
      client.end();
      await once(client, "close");
      server.close();
    },
  };
}

const bytesOf = async (channel: Channel): Promise<number> => {
  let bytes = 0;
  for await (const chunk of channel) bytes += chunk.length;
  return bytes;
};

const moved = "ssh2 has moved it: docs/decisions/0013";

describe("the insides of ssh2", { timeout: 60_000 }, () => {
  const body = Buffer.alloc(8 * mib, 1);

  it("a channel's window is ours: what nobody reads stops at 128 KiB, and all comes to who reads", async () => {
    await using bare = await openBare(body);
    const windows = createWindows(bare.client);
    // The first one shows that the insides are as they are known.
    assert.equal(await bytesOf(await bare.dial(windows)), body.length);
    const channel = await bare.dial(windows);
    await until("the window is used up", () => insideOf(bare.channels[1]).outgoing.window === 0);
    await until(`it is here (else ${moved})`, () => channel.readableLength === 128 * 1024);
    assert.equal(await bytesOf(channel), body.length);
  });

  it("without a protocol that can be told, ssh2 has its way", async () => {
    await using bare = await openBare(body);
    const hidden = new Proxy(bare.client, {
      get: (client, name) => (name === "_protocol" ? {} : Reflect.get(client, name)),
    });
    const windows = createWindows(hidden);
    for (let round = 0; round < 3; round += 1)
      assert.equal(await bytesOf(await bare.dial(windows)), body.length);
  });

  it("without channels that can be read, no server is told less than ssh2 believes", async () => {
    await using bare = await openBare(body);
    const { keep } = createWindows(bare.client);
    const blind = {
      keep: (channel: Channel) =>
        keep(
          new Proxy(channel, {
            get: (inside, name) => (name === "incoming" ? undefined : Reflect.get(inside, name)),
          }),
        ),
    };
    for (let round = 0; round < 3; round += 1)
      assert.equal(await bytesOf(await bare.dial(blind)), body.length);
  });
});
