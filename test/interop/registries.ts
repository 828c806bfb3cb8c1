/** Registries that the commands are tried on, beside Debian's in the lab. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startServerProcess } from "../support/server-process.ts";
import { startDistribution } from "../support/start-distribution.ts";
import { createTempHome } from "../support/temp-home.ts";
import { openPeer, type PeerName } from "./peers.ts";

export interface PeerRegistry extends AsyncDisposable {
  /** HOST:PORT of 127.0.0.1, plain HTTP, open to everybody, deletion switched on. */
  readonly host: string;
}

type RegistryName = Extract<PeerName, "distribution" | "zot" | "olareg">;

export const registryNames: readonly RegistryName[] = ["distribution", "zot", "olareg"];

/** The program's arguments, and its configuration if it reads one. */
const commandOf = {
  zot: (folder: string, port: number) => ({
    args: ["serve", join(folder, "config.json")],
    config: {
      distSpecVersion: "1.0.1",
      storage: { rootDirectory: join(folder, "storage"), dedupe: false, gc: false },
      http: { address: "127.0.0.1", port: String(port) },
      log: { level: "error" },
    },
  }),
  olareg: (folder: string, port: number) => ({
    args: [
      ...["serve", "--addr", "127.0.0.1", "--port", String(port), "--dir", join(folder, "storage")],
      ...["--api-delete", "--api-blob-delete", "--gc-frequency", "-1s"],
    ],
    config: {},
  }),
} as const;

export async function startPeerRegistry(name: RegistryName): Promise<PeerRegistry> {
  if (name === "distribution") return await startDistribution();
  const folder = await createTempHome();
  const server = await startServerProcess({
    argv: async (port) => {
      const { args, config } = commandOf[name](folder.path, port);
      await writeFile(join(folder.path, "config.json"), JSON.stringify(config));
      return [await openPeer(name), ...args];
    },
    path: "/v2/",
  });
  return {
    host: server.host,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
