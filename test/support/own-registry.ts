/** Our own registry in this process, with storage in memory: real HTTP where no other registry can be had. */
import { usualLimits } from "../../src/server/listener.ts";
import { createMemoryStorage } from "../../src/server/memory.ts";
import { createRegistry } from "../../src/server/registry.ts";
import { startRegistryServer } from "../../src/system/registry-server.ts";

export interface OwnRegistry extends AsyncDisposable {
  /** HOST:PORT. */
  readonly host: string;
}

export async function startOwnRegistry(): Promise<OwnRegistry> {
  const storage = createMemoryStorage();
  const server = await startRegistryServer({
    handle: createRegistry({ storage }),
    listen: { host: "127.0.0.1", port: 0 },
    limits: usualLimits,
    behindProxy: false,
    emit: () => {},
  });
  return {
    host: `127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: async () => {
      await server.close({ graceMs: 0 });
      await storage.close();
    },
  };
}
