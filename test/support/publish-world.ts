/** An engine that has what it is told to, a registry of our own behind a proxy that counts and breaks, and a home. */
import { rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import type { ProgressEvent } from "../../src/ports.ts";
import type { PublishOutcome } from "../../src/publish/outcome.ts";
import { type PublishInput, publishImage } from "../../src/publish/publish.ts";
import { engine2010 } from "../engine/scripts.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { openHastyWorld } from "./hasty-world.ts";
import { startOwnRegistry } from "./own-registry.ts";
import { type ScriptedEngine, startScriptedEngine } from "./scripted-engine.ts";
import { createTempHome } from "./temp-home.ts";

export interface ScriptedImage {
  /** By its id, by the beginning of it, and by these names. */
  readonly id: string;
  readonly names: readonly string[];
  readonly diffIds: readonly string[];
  readonly size: number;
  /** In containerd's store. */
  readonly descriptor?: object;
  readonly tar: Buffer;
  /** Sizes of steps, the latest first. */
  readonly steps?: readonly number[];
}

export interface PublishWorldOptions {
  readonly images: readonly ScriptedImage[];
  /** As `docker info` says it. */
  readonly driverStatus?: readonly (readonly [string, string])[];
  /** What it answers when it is made to ask the registry. */
  readonly probe?: { readonly status: number; readonly message: string };
  /** How much faster time runs. Default 10. */
  readonly speed?: number;
  /** When it is not to be one of its own. */
  readonly home?: string;
}

export interface PublishWorldParts extends AsyncDisposable {
  readonly engine: ScriptedEngine;
  /** In front of the registry; its requests are counted. */
  readonly proxy: FaultProxy;
  /** HOST:PORT of the registry itself. */
  readonly registry: string;
  readonly home: string;
  readonly told: ProgressEvent[];
  /** NAME:TAG that the engine was given, in order. */
  readonly tagged: string[];
  /** The engine breaks off after so many bytes of the next tar, or says nothing more and stays. */
  breakSaveAfter(bytes: number, how?: "hang up" | "fall silent"): void;
  /** How often it did. */
  brokenSaves(): number;
  saves(): number;
  dropCache(): Promise<void>;
  /** `app:1` at the proxy, when nothing else is said. */
  publish(
    image: string,
    input?: Partial<PublishInput> & { readonly signal?: AbortSignal },
  ): Promise<PublishOutcome>;
}

export async function openPublishWorld(options: PublishWorldOptions): Promise<PublishWorldParts> {
  const temporary = await createTempHome();
  const home = { path: options.home ?? temporary.path };
  const registry = await startOwnRegistry();
  const proxy = await startFaultProxy(registry.host);
  const info = {
    ...engine2010.info,
    DriverStatus: options.driverStatus ?? [["Backing Filesystem", "extfs"]],
  };
  const engine = await startScriptedEngine({ ...engine2010, info });
  const told: ProgressEvent[] = [];
  const tagged: string[] = [];
  let breakAfter: SaveBreak | null = null;
  let brokenSaves = 0;
  engine.intercept((request, response) => {
    const url = new URL(request.url ?? "", "http://engine");
    const path = decodeURIComponent(url.pathname).replace(/^\/v[\d.]+/, "");
    const handled = answer(`${request.method} ${path}`, url.searchParams, response, options, {
      tagged,
      takeBreak: () => {
        const after = breakAfter;
        breakAfter = null;
        if (after !== null) brokenSaves += 1;
        return after;
      },
    });
    return handled;
  });
  return {
    engine,
    proxy,
    registry: registry.host,
    home: home.path,
    told,
    tagged,
    breakSaveAfter: (bytes, how = "hang up") => {
      breakAfter = { bytes, how };
    },
    brokenSaves: () => brokenSaves,
    saves: () => engine.requests.filter((line) => line.includes("/images/get")).length,
    dropCache: () => rm(`${home.path}/.cache`, { recursive: true, force: true }),
    publish: async (image, { signal, ...input } = {}) => {
      const world = openHastyWorld({
        home: home.path,
        speed: options.speed ?? 10,
        ...(signal === undefined ? {} : { signal }),
      });
      const { context } = world;
      const environment = { ...context.environment, DOCKER_HOST: `unix://${engine.socketPath}` };
      try {
        return await publishImage(
          {
            image,
            names: [`${proxy.host}/app:1`],
            tag: true,
            overwrite: true,
            dryRun: false,
            trust: {},
            ...input,
          },
          { ...context, environment },
        );
      } finally {
        told.push(...world.told);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await engine.close();
      await proxy[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

interface SaveBreak {
  readonly bytes: number;
  readonly how: "hang up" | "fall silent";
}

interface Answering {
  readonly tagged: string[];
  takeBreak(): SaveBreak | null;
}

function answer(
  line: string,
  query: URLSearchParams,
  response: ServerResponse,
  {
    images,
    probe = { status: 500, message: "server gave HTTP response to HTTPS client" },
  }: PublishWorldOptions,
  { tagged, takeBreak }: Answering,
): boolean {
  const json = (status: number, value: unknown): true => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(value));
    return true;
  };
  if (line === "GET /images/json") return json(200, images.map(detailsOf));
  if (line.startsWith("GET /distribution/")) return json(probe.status, { message: probe.message });
  if (line === "GET /images/get") {
    const tar = find(images, query.get("names") ?? "")?.tar ?? Buffer.alloc(0);
    sendTar(tar, takeBreak(), response);
    return true;
  }
  const [, method, name = "", verb] = /^(GET|POST) \/images\/(.+)\/(json|history|tag)$/.exec(line) ?? [];
  if (method === undefined) return false;
  const image = find(images, name);
  if (image === undefined) return json(404, { message: `No such image: ${name}` });
  if (verb === "json") return json(200, detailsOf(image));
  if (verb === "history")
    return json(
      200,
      (image.steps ?? []).map((Size) => ({ Size })),
    );
  tagged.push(`${query.get("repo")}:${query.get("tag")}`);
  return json(201, "");
}

function find(images: readonly ScriptedImage[], name: string): ScriptedImage | undefined {
  const hex = name.replace(/^sha256:/, "");
  const begin = images.filter(
    ({ id }) => /^[0-9a-f]{4,}$/.test(hex) && id.slice("sha256:".length).startsWith(hex),
  );
  const byName = images.find(({ names }) => names.includes(name) || names.includes(`${name}:latest`));
  return byName ?? (begin.length === 1 ? begin[0] : undefined);
}

function detailsOf({ id, names, diffIds, size, descriptor }: ScriptedImage): object {
  return {
    Id: id,
    RepoTags: names,
    RepoDigests: [],
    Size: size,
    Os: "linux",
    Architecture: "amd64",
    RootFS: { Type: "layers", Layers: diffIds },
    ...(descriptor === undefined ? {} : { Descriptor: descriptor }),
  };
}

function sendTar(tar: Buffer, broken: SaveBreak | null, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/x-tar" });
  if (broken === null) response.end(tar);
  else
    response.write(tar.subarray(0, broken.bytes), () => {
      if (broken.how === "hang up") setTimeout(() => response.destroy(), 300);
    });
}
