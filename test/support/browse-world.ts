/** `tags`, `search` and `inspect` without a command line: real files in a home of their own, everything told kept. */
import type { AccessWorld } from "../../src/access/world.ts";
import type { Files, ProgressEvent } from "../../src/ports.ts";
import { controlSockets } from "../../src/system/control-socket.ts";
import { createFiles } from "../../src/system/files.ts";
import { openTransport } from "../../src/system/registry-http.ts";
import { createTestClock } from "./registry-world.ts";
import { createTempHome } from "./temp-home.ts";

export interface BrowseWorld extends AsyncDisposable {
  readonly world: AccessWorld;
  readonly home: string;
  readonly told: readonly ProgressEvent[];
}

export async function openBrowseWorld(
  change: { readonly files?: Partial<Files>; readonly environment?: AccessWorld["environment"] } = {},
): Promise<BrowseWorld> {
  const home = await createTempHome();
  const told: ProgressEvent[] = [];
  const none = () => Promise.reject(new Error("not here"));
  const world: AccessWorld = {
    environment: { DOCKER_HOST: `unix://${home.path}/none.sock`, ...change.environment },
    home: home.path,
    files: { ...createFiles(), ...change.files },
    prompt: { interactive: false, consent: none, secret: none, text: none },
    clock: createTestClock(),
    emit: (event) => {
      told.push(event);
    },
    signal: new AbortController().signal,
    userAgent: "regctl/test",
    random: () => 0.5,
    input: async () => "",
    maySave: () => ({ ok: true }),
    http: none,
    registryHttp: async () => openTransport,
    spawn: none,
    addressesOf: async () => [],
    localHost: none,
    controlSockets: async () => controlSockets,
  };
  return { world, home: home.path, told, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

/** That of this machine, as far as the tests of looking are concerned. */
export const amd64 = { os: "linux", architecture: "amd64" };
