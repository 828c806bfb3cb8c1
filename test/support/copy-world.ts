/** Two registries of our own, each behind a proxy that counts and breaks, and copies between them. */
import type { ProgressEvent } from "../../src/ports.ts";
import { type Copied, type CopyInput, copyImages } from "../../src/transfer/copy.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { openHastyWorld } from "./hasty-world.ts";
import { startOwnRegistry } from "./own-registry.ts";
import { createTempHome } from "./temp-home.ts";

export interface CopyWorld extends AsyncDisposable {
  /** HOST:PORT of the registries themselves. */
  readonly from: string;
  readonly to: string;
  /** In front of them. */
  readonly source: FaultProxy;
  readonly target: FaultProxy;
  readonly home: string;
  readonly told: ProgressEvent[];
  /** `1` to `copy:1`, both of them behind the proxies, when nothing else is said. */
  copy(input?: Partial<CopyInput> & { readonly signal?: AbortSignal }): Promise<Copied>;
}

export async function openCopyWorld(): Promise<CopyWorld> {
  const home = await createTempHome();
  const [from, to] = await Promise.all([startOwnRegistry(), startOwnRegistry()]);
  const [source, target] = await Promise.all([startFaultProxy(from.host), startFaultProxy(to.host)]);
  const told: ProgressEvent[] = [];
  return {
    from: from.host,
    to: to.host,
    source,
    target,
    home: home.path,
    told,
    copy: async ({ signal, ...input } = {}) => {
      // Faster would take a busy machine for a silent server.
      const world = openHastyWorld({
        home: home.path,
        speed: 10,
        ...(signal === undefined ? {} : { signal }),
      });
      try {
        return await copyImages(
          {
            source: `${source.host}/app:1`,
            destination: `${target.host}/copy:1`,
            trust: {},
            sourceTrust: {},
            referrers: false,
            allTags: false,
            dryRun: false,
            overwrite: false,
            ...input,
          },
          world.context,
        );
      } finally {
        told.push(...world.told);
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const one of [source, target, from, to, home]) await one[Symbol.asyncDispose]();
    },
  };
}

/** "PUT /v2/copy/manifests/1" of the requests that fit. */
export function linesOf({ requests }: FaultProxy, pattern: RegExp): readonly string[] {
  return requests.map(({ method, path }) => `${method} ${path}`).filter((line) => pattern.test(line));
}
