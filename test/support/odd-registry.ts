/** Our own registry in this process, made to delete as others do, with a test that meets every request first. */
import { usualLimits } from "../../src/server/listener.ts";
import { createMemoryStorage } from "../../src/server/memory.ts";
import type { Handle, ServerRequest, ServerResponse } from "../../src/server/message.ts";
import { createRegistry } from "../../src/server/registry.ts";
import { refuse } from "../../src/server/response.ts";
import { startRegistryServer } from "../../src/system/registry-server.ts";

/**
 * `by-digest`: tags go with their digest alone, as in Distribution 2.8. `with-siblings`: a deleted tag takes its
 * manifest and all other tags on it along, as in zot before 2024. `off`: nothing is deleted.
 */
export type Deletes = "by-tag" | "by-digest" | "with-siblings" | "off";

/** `GET /v2/app/manifests/1`, with how it would be answered. */
export type Meet = (request: string, answer: () => Promise<ServerResponse>) => Promise<ServerResponse>;

export interface OddRegistry extends AsyncDisposable {
  /** HOST:PORT. */
  readonly host: string;
  /** In order; may be emptied by the test. */
  readonly requests: string[];
  /** From now on. */
  meet(meet: Meet): void;
  /** From now on. */
  deletes(how: Deletes): void;
}

export async function startOddRegistry(first: Deletes = "by-tag"): Promise<OddRegistry> {
  const storage = createMemoryStorage();
  const own = createRegistry({ storage });
  const requests: string[] = [];
  let how = first;
  let meet: Meet = (_request, answer) => answer();
  const handle: Handle = (request) => {
    const line = `${request.method} ${request.path}`;
    requests.push(line);
    return meet(line, () => (request.method === "DELETE" ? remove(own, request, how) : own(request)));
  };
  const server = await startRegistryServer({
    handle,
    listen: { host: "127.0.0.1", port: 0 },
    limits: usualLimits,
    behindProxy: false,
    emit: () => {},
  });
  return {
    host: `127.0.0.1:${server.port}`,
    requests,
    meet: (next) => {
      meet = next;
    },
    deletes: (next) => {
      how = next;
    },
    [Symbol.asyncDispose]: async () => {
      await server.close({ graceMs: 0 });
      await storage.close();
    },
  };
}

async function remove(own: Handle, request: ServerRequest, how: Deletes): Promise<ServerResponse> {
  const byTag = /\/manifests\/[^/:]+$/.test(request.path);
  const ofManifest = request.path.includes("/manifests/");
  if (how === "off" && ofManifest) return refuse(405, "UNSUPPORTED", "The operation is unsupported.");
  if (how === "by-digest" && byTag) {
    return refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
  }
  if (how !== "with-siblings" || !byTag) return await own(request);
  const head = await own({ ...request, method: "HEAD" });
  const digest = head.headers["docker-content-digest"];
  if (digest === undefined) return await own(request);
  return await own({ ...request, path: request.path.replace(/[^/]+$/, digest) });
}
