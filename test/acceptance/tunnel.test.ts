import { appendFile } from "node:fs/promises";
import { test } from "node:test";
import { startOwnRegistry } from "../support/own-registry.ts";
import { startSshServer } from "../support/ssh-server.ts";
import { closedPort, openTunnelPerson } from "../support/tunnel-person.ts";
import { accept } from "./accept.ts";

test("every check of tunnel.sh holds", async (context) => {
  await using registry = await startOwnRegistry();
  await using person = await openTunnelPerson();
  await using denied = await startSshServer({ forbidForwarding: true });
  await using closed = await startSshServer({ password: "never told" });
  await appendFile(`${person.home}/.ssh/known_hosts`, denied.knownHosts + closed.knownHosts);
  await accept(context, "tunnel.sh", {
    ...person.env,
    SERVER: person.spec,
    TO: registry.host,
    DEAD: `127.0.0.1:${closedPort}`,
    DENIED: `tester@127.0.0.1:${denied.port}`,
    CLOSED: `tester@127.0.0.1:${closed.port}`,
  });
});
