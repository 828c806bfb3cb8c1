/** Both carriers of a tunnel through a real sshd: the contract. */
import { mkdir, readFile, rm } from "node:fs/promises";
import { after } from "node:test";
import { describeTunnel, type TunnelServer } from "../contract/tunnel.ts";
import { connectBy } from "../support/opened-tunnel.ts";
import { carriers } from "../support/openssh.ts";
import { createSshWorld, type TestWorld } from "../support/ssh-world.ts";
import { type LabHost, startHost } from "./lab.ts";

const hosts: Promise<LabHost>[] = [];
let turn = 0;
after(async () => {
  for (const host of hosts) await (await host).stop();
});

/** Two hosts in turn: a test that wants two servers gets two keys. */
async function serverOf(carrier: "node" | "openssh"): Promise<TunnelServer> {
  turn = 1 - turn;
  hosts[turn] ??= startHost("systemd");
  const host = await (hosts[turn] as Promise<LabHost>);
  const sockets = `/root/sockets-${Math.random().toString(36).slice(2)}`;
  await mkdir(`${host.root}${sockets}`);
  const worlds: TestWorld[] = [];
  return {
    host: host.address,
    port: 22,
    targets: host.gateway,
    sockets: { here: `${host.root}${sockets}`, there: sockets },
    connectTo: async (port) => {
      const known = await readFile(host.knownHosts, "utf8");
      const knownHosts = known.replace(/^\S+ /gm, `[127.0.0.1]:${port} `);
      const files = { id: await readFile(host.keyFile, "utf8") };
      const surroundings = await createSshWorld({ knownHosts, files });
      worlds.push(surroundings);
      return connectBy(carrier, { user: "root", host: "127.0.0.1", port }, surroundings.world);
    },
    [Symbol.asyncDispose]: async () => {
      await rm(`${host.root}${sockets}`, { recursive: true, force: true });
      for (const world of worlds) await world[Symbol.asyncDispose]();
    },
  };
}

for (const { carrier, skip } of carriers) {
  if (skip === false) describeTunnel(`${carrier}, real sshd`, () => serverOf(carrier));
}
