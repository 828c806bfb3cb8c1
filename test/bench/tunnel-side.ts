/** Our side of the tunnel bench, in a process of its own: opens a tunnel and tells where it listens. */
import { readFileSync } from "node:fs";
import type { Destination } from "../../src/ports.ts";
import { connectSsh } from "../../src/ssh/connect.ts";
import { createClock } from "../../src/system/clock.ts";
import { createFiles } from "../../src/system/files.ts";
import { listenLocally } from "../../src/system/local-listener.ts";
import { spawn } from "../../src/system/processes.ts";
import { tunnelAlive } from "../../src/tunnel/kept-connection.ts";
import { openTunnel } from "../../src/tunnel/open-tunnel.ts";

export interface SideInput {
  readonly carrier: "node" | "openssh";
  readonly host: string;
  readonly home: string;
  readonly configFile: string;
  readonly to: readonly Destination[];
}

/** What the process sends: where it listens, and how long connecting took; then `up` whenever it is up again. */
export type SideMessage =
  | { readonly ports: readonly number[]; readonly connectMs: number }
  | { readonly reconnects: number };

const input: SideInput = JSON.parse(readFileSync(0, "utf8"));
const { carrier, host, home, configFile, to } = input;
const tell = (message: SideMessage): void => void process.send?.(message);
const world = {
  spawn,
  files: createFiles(),
  prompt: {
    interactive: false,
    consent: async () => false,
    secret: async () => "",
    text: async () => "",
  },
  environment: process.env,
  home,
  user: "root",
  emit: () => {},
  passphrases: new Map(),
  configFile,
};
// What the program loads is part of its start.
if (carrier === "openssh") await import("../../src/ssh/openssh/connect.ts");
else {
  await import("../../src/ssh/node/handshake.ts");
  await (await import("../../src/ssh/node/library.ts")).loadSshLibrary();
}
const start = performance.now();
let connectMs = 0;
const tunnel = await openTunnel(
  {
    connectTimeoutMs: 10_000,
    connect: async ({ timeoutMs, signal }) => {
      const options = { ssh: carrier, acceptHostKey: [], connectTimeoutMs: timeoutMs, signal };
      const connection = await connectSsh({ host }, { ...options, alive: tunnelAlive }, world);
      connectMs ||= performance.now() - start;
      return connection;
    },
    forwards: to.map((each) => ({
      from: { kind: "tcp", host: "127.0.0.1", port: 0 },
      side: "here",
      to: each,
    })),
  },
  { clock: createClock(), random: Math.random, signal: new AbortController().signal, listenLocally },
);
tunnel.onChange(() => {
  if (tunnel.facts.state === "up") tell({ reconnects: tunnel.facts.reconnects });
});
tell({ ports: tunnel.entrances.map(({ at }) => (at.kind === "tcp" ? at.port : 0)), connectMs });
process.once("disconnect", () => void tunnel.close().then(() => process.exit()));
