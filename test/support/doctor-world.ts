/**
 * `doctor` in this process with the product's own world, in which names are what the test says, an engine that the test
 * scripts stands at a socket of its own, and files of /etc are not this machine's.
 */
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Context, createContext } from "../../src/context.ts";
import { diagnose } from "../../src/doctor/diagnose.ts";
import type { DoctorOutcome } from "../../src/doctor/outcome.ts";
import type { Host, ProgressEvent } from "../../src/ports.ts";
import { type EngineScript, type ScriptedEngine, startScriptedEngine } from "./scripted-engine.ts";
import { createTempHome } from "./temp-home.ts";

export interface DoctorTestWorld extends AsyncDisposable {
  readonly world: Context;
  readonly home: string;
  readonly told: readonly ProgressEvent[];
  examine(given: string | undefined, options?: ExamineOptions): Promise<DoctorOutcome>;
  /** Below its home. */
  write(path: string, content: string): Promise<void>;
}

export interface ExamineOptions {
  readonly insecure?: boolean;
  readonly ca?: string;
  readonly write?: boolean;
  /** Default 2. */
  readonly timeoutSeconds?: number;
  readonly on?: readonly string[];
}

export interface DoctorWorldOptions {
  /** What `/info` has besides the usual; null: nobody listens at the engine's socket. */
  readonly info?: object | null;
  /** What the engine says when it is made to ask a registry; default that it knows no such image. */
  readonly says?: { readonly status: number; readonly message: string };
  /** Addresses by name; `unknown` and `unanswered` as the resolver says. Every other name is 127.0.0.1. */
  readonly names?: Readonly<Record<string, "unknown" | "unanswered">>;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function openDoctorWorld(options: DoctorWorldOptions = {}): Promise<DoctorTestWorld> {
  const home = await createTempHome();
  const told: ProgressEvent[] = [];
  const engine = options.info === null ? null : await startDoctorEngine(options);
  const socket = engine?.socketPath ?? join(home.path, "none.sock");
  const context = createContext({
    emit: (event) => told.push(event),
    signal: new AbortController().signal,
    environment: {
      HOME: home.path,
      PATH: process.env.PATH,
      DOCKER_HOST: `unix://${socket}`,
      ...options.environment,
    },
    flags: { ssh: "auto" },
    terminal: {
      input: () => process.stdin,
      output: process.stderr,
      present: () => ({ above: [], message: "" }),
      aside: (ask) => ask(),
    },
  });
  const world = {
    ...withNames(context, options.names ?? {}),
    localHost: async () => away(await context.localHost(), home.path),
  };
  return {
    world,
    home: home.path,
    told,
    examine: async (given, { on = [], write = false, timeoutSeconds = 2, insecure, ca } = {}) => {
      const input = { given, on, write, timeoutSeconds, insecure, ca, cwd: home.path, platform: undefined };
      return (await diagnose(input, world)).outcome;
    },
    write: async (path, content) => {
      await mkdir(dirname(join(home.path, path)), { recursive: true });
      await writeFile(join(home.path, path), content);
    },
    [Symbol.asyncDispose]: async () => {
      await engine?.close();
      await home[Symbol.asyncDispose]();
    },
  };
}

/** Names lead to this machine, also those that its resolver has never heard of. */
function withNames(context: Context, names: Readonly<Record<string, "unknown" | "unanswered">>): Context {
  const dialTcp: Context["dialTcp"] = (address) => context.dialTcp({ ...address, host: "127.0.0.1" });
  return {
    ...context,
    dialTcp,
    addressesOf: async () => ["127.0.0.1"],
    probes: async () => ({
      ...(await context.probes()),
      lookUp: async (name) => names[name] ?? ["127.0.0.1"],
    }),
    registryHttp: async () => (await context.probes()).transportOver((host, port) => dialTcp({ host, port })),
  };
}

/** Files of the machine that runs the tests decide nothing. */
function away(host: Host, home: string): Host {
  const moved = (word: string) => (/^\/etc\/[\w./-]+$/.test(word) ? `${home}${word}` : word);
  return { ...host, run: (argv, options) => host.run(argv.map(moved), options) };
}

/** What doctor asks of an engine. */
export async function startDoctorEngine({ info, says }: DoctorWorldOptions): Promise<ScriptedEngine> {
  const script: EngineScript = {
    apiVersion: "1.41",
    saysApiVersion: true,
    version: { Version: "20.10.24", ApiVersion: "1.41" },
    info: {
      ServerVersion: "20.10.24",
      OperatingSystem: "Debian GNU/Linux 12 (bookworm)",
      Name: "test",
      // No disk of this machine decides.
      DockerRootDir: "/nonexistent/docker",
      RegistryConfig: { InsecureRegistryCIDRs: ["127.0.0.0/8"], IndexConfigs: {} },
      ...info,
    },
    events: [],
  };
  const engine = await startScriptedEngine(script);
  const { status, message } = says ?? { status: 404, message: "manifest unknown: manifest unknown" };
  engine.intercept((request, response) => {
    if (!/\/distribution\//.test(request.url ?? "")) return false;
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ message }));
    return true;
  });
  return engine;
}

/** A port of this machine that nobody listens at. */
export async function findClosedPort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 1;
}
