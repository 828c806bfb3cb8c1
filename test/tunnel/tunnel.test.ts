/** Both carriers through a server in this process. */

import { it } from "node:test";
import { describeTunnel, type TunnelServer } from "../contract/tunnel.ts";
import { connectBy } from "../support/opened-tunnel.ts";
import { carriers } from "../support/openssh.ts";
import { startSshServer } from "../support/ssh-server.ts";
import { createSshWorld, type TestWorld } from "../support/ssh-world.ts";
import { createTempHome } from "../support/temp-home.ts";

async function startServer(carrier: "node" | "openssh"): Promise<TunnelServer> {
  // Forwards need no session.
  const server = await startSshServer({ maxSessions: 0 });
  const sockets = await createTempHome();
  const worlds: TestWorld[] = [];
  return {
    host: "127.0.0.1",
    port: server.port,
    targets: "127.0.0.1",
    sockets: { here: sockets.path, there: sockets.path },
    connectTo: async (port) => {
      const knownHosts = server.knownHosts.replaceAll(`:${server.port} `, `:${port} `);
      const surroundings = await createSshWorld({ knownHosts });
      worlds.push(surroundings);
      return connectBy(carrier, { user: "tester", host: "127.0.0.1", port }, surroundings.world);
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      for (const each of [...worlds, sockets]) await each[Symbol.asyncDispose]();
    },
  };
}

for (const { carrier, skip } of carriers) {
  if (skip === false) describeTunnel(`${carrier}, ssh2's server`, () => startServer(carrier));
  else it(`tunnel: ${carrier}`, { skip });
}
