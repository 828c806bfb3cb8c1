/** What goes wrong on this machine while a tunnel starts or runs: files, other processes, names. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import net from "node:net";
import { duplexPair } from "node:stream";
import { describe, test } from "node:test";
import type { ProgressEvent } from "../../src/ports.ts";
import { createClock } from "../../src/system/clock.ts";
import { createFiles } from "../../src/system/files.ts";
import { listenHere } from "../../src/tunnel/entrance-here.ts";
import { readRecords } from "../../src/tunnel/records.ts";
import { rememberTunnel } from "../../src/tunnel/start-tunnel.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import { createTempHome } from "../support/temp-home.ts";
import { itemsOf } from "../support/test-cli.ts";
import { errorOf, openTunnelPerson } from "../support/tunnel-person.ts";

const here = ["--engine-host", "none"] as const;

test("a connection that comes before the listening is known is served", async () => {
  const at = { kind: "tcp", host: "127.0.0.1", port: 5000 } as const;
  const [near, client] = duplexPair();
  const [far, registry] = duplexPair();
  const dialled = { stream: far, ending: async () => null, discard: () => far.destroy() };
  const entrance = await listenHere(at, async () => dialled, {
    listen: async (_at, onArrival) => {
      onArrival(near);
      client.write("early");
      await once(registry, "readable");
      return { at, close: async () => {} };
    },
  });
  assert.equal(entrance.traffic.bytesUp, 5);
  await entrance.close();
});

test("a port that cannot be written down is warned of, and the tunnel stays", async () => {
  await using home = await createTempHome();
  const events: ProgressEvent[] = [];
  const full = async (): Promise<void> => {
    throw new Error("no space left on device");
  };
  await rememberTunnel(
    { name: "n", server: "s@h:22", to: "localhost:5000", registry: "localhost:5000" },
    {
      environment: {},
      home: home.path,
      clock: createClock(),
      files: { ...createFiles(), write: full },
      maySave: () => ({ ok: true }),
      emit: (event) => events.push(event),
    },
  );
  assert.match(JSON.stringify(events), /"event":"warning".*another port/);
});

describe("as a user types it", { concurrency: 2, timeout: 120_000 }, () => {
  test("a tunnel that does not answer hides no other one, and is not said to have stopped", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const words = ["tunnel", person.spec, "--to", registry.host, "--local-port", "0", "--detach"];
    await person.document(...words, ...here);
    const hung = net.createServer((socket) => socket.destroy());
    hung.listen(`${person.home}/.local/state/regctl/services/tunnel.0123456789ab.1.sock`);
    await once(hung, "listening");
    const listed = await person.run(["tunnel", "list", "--json"]);
    assert.equal(listed.code, 0);
    const told = itemsOf(JSON.parse(listed.stdout)).map(({ name, hanging = false }) => [name, hanging]);
    assert.deepEqual(told, [
      [person.spec, false],
      ["process 1", true],
    ]);
    assert.deepEqual(errorOf(await person.run(["tunnel", "stop", "--all", "--json"])), [
      1,
      "STATE_UNREADABLE",
    ]);
    hung.close();
    assert.deepEqual(itemsOf(await person.document("tunnel", "list")), []);
  });

  test("that the registry is gone is told in the log, once for many connections", async () => {
    const registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const words = ["tunnel", person.spec, "--to", registry.host, "--local-port", "0", "--detach"];
    const [item = {}] = itemsOf(await person.document(...words, ...here));
    await registry[Symbol.asyncDispose]();
    for (let count = 0; count < 3; count += 1) {
      const socket = net.connect({ host: "127.0.0.1", port: Number(String(item.local).split(":")[1]) });
      // It is reset, which is an error here.
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.on("error", () => {});
      await closed;
    }
    const { stdout } = await person.run(["tunnel", "logs", String(item.name)]);
    assert.equal(stdout.split(registry.host).length - 1, 1, stdout);
  });

  test("a name that another server's tunnel has is not taken for this one's", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const words = ["--to", registry.host, "--local-port", "0", "--name", "web", ...here];
    const [item = {}] = itemsOf(await person.document("tunnel", person.spec, ...words, "--detach"));
    const other = `another@127.0.0.1:${person.server.port}`;
    const tell = ["--", "sh", "-c", 'echo "$REGCTL_REGISTRY"'];
    const joined = await person.run(["tunnel", person.spec, "--name", "web", ...here, ...tell]);
    assert.equal(joined.stdout.trim(), item.registry);
    const apart = await person.run(["tunnel", other, "--name", "web", ...here, ...tell]);
    assert.notEqual(apart.stdout.trim(), item.registry);
  });

  test("no command behind -- is a mistake of the command line", async () => {
    await using person = await openTunnelPerson();
    for (const command of [[], [""]]) {
      const run = await person.run(["tunnel", person.spec, "--json", "--", ...command]);
      assert.deepEqual(errorOf(run), [2, "USAGE"]);
    }
  });

  test("a port that is held at ::1 alone ends --detach with 3", async (t) => {
    await using person = await openTunnelPerson();
    const holder = net.createServer().listen(0, "::1");
    const [error] = await Promise.race([once(holder, "error"), once(holder, "listening")]);
    if (error instanceof Error) return t.skip("there is no ::1 here");
    const { port } = holder.address() as net.AddressInfo;
    const words = ["tunnel", person.spec, "--local-port", String(port), "--detach", "--json"];
    assert.deepEqual(errorOf(await person.run([...words, ...here])), [3, "PORT_HELD"]);
    holder.close();
  });

  test("what another version remembers is passed over", async () => {
    await using person = await openTunnelPerson();
    const folder = `${person.home}/.local/state/regctl`;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const records = {
      [person.spec]: { server: person.spec, to: "? ?", port: 5000 },
      far: { server: person.spec, to: "localhost:5000", port: 99_999 },
    };
    await writeFile(`${folder}/tunnels.json`, JSON.stringify({ tunnels: records }));
    const { files, environment, home } = { files: createFiles(), environment: {}, home: person.home };
    assert.deepEqual(Object.keys(await readRecords({ files, environment, home })), [person.spec]);
    const { stdout } = await person.run(["tunnel", person.spec, ...here, "--json", "--", "true"]);
    // Whether a registry listens at localhost:5000 is not this test's business.
    assert.doesNotMatch(stdout, /is no destination/);
  });
});
