/** What the bench of the start talks to, in a process of its own: a registry and an SSH server. */
import { startOwnRegistry } from "../support/own-registry.ts";
import { startSshServer } from "../support/ssh-server.ts";

export interface StartupPeers {
  /** HOST:PORT. */
  readonly registry: string;
  readonly sshPort: number;
  readonly fingerprint: string;
}

const [registry, server] = await Promise.all([startOwnRegistry(), startSshServer()]);
const [fingerprint = ""] = server.fingerprints;
const peers: StartupPeers = { registry: registry.host, sshPort: server.port, fingerprint };
process.send?.(peers);
process.once("disconnect", () => process.exit());
