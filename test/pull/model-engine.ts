/**
 * An engine in this process that keeps images as a real one does where pulling notices: what `docker load` takes and
 * refuses, names that move, digests of what it pulled.
 * SOURCE: moby v20.10 image/tarexport/load.go (chains and refusals), and what 20.10.24 answered the lab; written by hand.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { readTarIndex } from "../../src/layout/tar-index.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { type EngineScript, type ScriptedEngine, startScriptedEngine } from "../support/scripted-engine.ts";

export interface KeptImage {
  readonly diffIds: readonly string[];
  readonly os: string;
  readonly architecture: string;
  tags: string[];
  digests: string[];
}

export interface ModelEngine extends AsyncDisposable {
  readonly scripted: ScriptedEngine;
  readonly images: Map<string, KeptImage>;
  /** Of each tar that came whole: its files with their sizes. */
  readonly loads: ReadonlyMap<string, number>[];
  /** What it says when it is made to ask a registry: status and message. */
  probe: readonly [number, string];
  /** X-Registry-Auth of each pull. */
  readonly logins: string[];
  /** What comes of the next loads instead of images; each is used once. */
  readonly refusals: string[];
  /** Requests that it never answers from now on: "POST /images/load". */
  silentOn: RegExp | null;
  /** How many of them there were. */
  silences: number;
  /** The connection of the next load ends after so many bytes of the tar, once. */
  cutLoadAfter: number | null;
  /** What it pulls: status and lines. */
  pulls: (query: URLSearchParams) => readonly [number, readonly object[]];
}

export async function startModelEngine(script: EngineScript): Promise<ModelEngine> {
  const scripted = await startScriptedEngine(script);
  const engine: ModelEngine = {
    scripted,
    images: new Map(),
    loads: [],
    probe: [500, "Get https://r/v2/: http: server gave HTTP response to HTTPS client"],
    logins: [],
    refusals: [],
    silentOn: null,
    silences: 0,
    cutLoadAfter: null,
    pulls: () => [404, [{ message: "manifest unknown: manifest unknown" }]],
    [Symbol.asyncDispose]: () => scripted.close(),
  };
  scripted.intercept((request, response) => route(engine, request, response));
  return engine;
}

function route(engine: ModelEngine, request: IncomingMessage, response: ServerResponse): boolean {
  const url = new URL(request.url ?? "/", "http://engine");
  const path = decodeURIComponent(url.pathname.replace(/^\/v[\d.]+/, ""));
  const line = `${request.method} ${path}`;
  if (engine.silentOn?.test(line) === true) {
    engine.silences += 1;
    request.resume();
    return true;
  }
  if (path.startsWith("/distribution/"))
    return answer(response, engine.probe[0], { message: engine.probe[1] });
  if (line === "GET /images/json") return answer(response, 200, [...engine.images].map(renderImage));
  if (line === "POST /images/load") {
    load(engine, request).then(
      (said) => answer(response, 200, said),
      () => response.destroy(),
    );
    return true;
  }
  if (line === "POST /images/create") {
    engine.logins.push(String(request.headers["x-registry-auth"] ?? ""));
    const [status, lines] = engine.pulls(url.searchParams);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(lines.map((each) => `${JSON.stringify(each)}\n`).join(""));
    return true;
  }
  const [, name = "", deed] = /^\/images\/(.+)\/(json|tag)$/.exec(path) ?? [];
  if (deed === undefined) return false;
  const found = [...engine.images].find(([id, { tags, digests }]) =>
    [id, ...tags, ...digests].includes(familiar(name)),
  );
  if (found === undefined) return answer(response, 404, { message: `No such image: ${name}` });
  if (deed === "json") return answer(response, 200, renderImage(found));
  const { searchParams: query } = url;
  moveName(engine, found[1], `${familiar(query.get("repo") ?? "")}:${query.get("tag")}`);
  return answer(response, 201, {});
}

function answer(response: ServerResponse, status: number, value: object): true {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  return true;
}

const familiar = (name: string): string => name.replace(/^docker\.io\/(library\/)?/, "");

function moveName(engine: ModelEngine, image: KeptImage, name: string): void {
  for (const each of engine.images.values()) each.tags = each.tags.filter((tag) => tag !== name);
  image.tags.push(name);
}

function renderImage([id, image]: readonly [string, KeptImage]): object {
  const { diffIds, os, architecture, tags, digests } = image;
  return {
    ...{ Id: id, RepoTags: tags, RepoDigests: digests, Created: 1_767_323_045, Size: 1000 },
    ...{ Os: os, Architecture: architecture, RootFS: { Type: "layers", Layers: diffIds } },
  };
}

interface Saved {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

/** Rejects when the tar is cut off on its way. */
async function load(engine: ModelEngine, request: IncomingMessage): Promise<object> {
  const cut = engine.cutLoadAfter;
  engine.cutLoadAfter = null;
  if (cut !== null) await readBytes(request, cut);
  const tar = await buffer(request);
  const refusal = engine.refusals.shift();
  if (refusal !== undefined) return refuse(refusal);
  const read = async (position: number, length: number) => tar.subarray(position, position + length);
  const { find } = await readTarIndex({ size: tar.length, read }, "the tar");
  const fileOf = (path: string): Buffer | null => {
    const found = find(path);
    return found === null ? null : tar.subarray(found.offset, found.offset + found.size);
  };
  const list: readonly Saved[] = JSON.parse(String(fileOf("manifest.json")));
  const sizes = new Map<string, number>();
  for (const { Config, RepoTags, Layers } of list) {
    const config = fileOf(Config);
    if (config === null) return refuse(`open /tmp/${Config}: no such file or directory`);
    const { os, architecture, rootfs } = JSON.parse(String(config));
    const diffIds: readonly string[] = rootfs.diff_ids;
    for (const [index, path] of Layers.entries()) {
      const chain = diffIds.slice(0, index + 1);
      const has = [...engine.images.values()].some(
        (image) => chain.join() === image.diffIds.slice(0, index + 1).join(),
      );
      const layer = fileOf(path);
      if (layer !== null) sizes.set(path, layer.length);
      if (has) continue;
      if (layer === null) return refuse(`open /tmp/${path}: no such file or directory`);
      const plain = layer[0] === 0x1f ? gunzipSync(layer) : layer;
      if (computeDigest(plain) !== diffIds[index]) return refuse(`invalid diffID for layer ${index}`);
    }
    const image: KeptImage = { diffIds, os, architecture, tags: [], digests: [] };
    engine.images.set(computeDigest(config), engine.images.get(computeDigest(config)) ?? image);
    for (const name of RepoTags) moveName(engine, engine.images.get(computeDigest(config)) ?? image, name);
  }
  engine.loads.push(sizes);
  return { stream: "Loaded image\n" };
}

/** Throws when so many have come. */
async function readBytes(request: IncomingMessage, bytes: number): Promise<void> {
  let left = bytes;
  for await (const chunk of request) {
    left -= chunk.length;
    if (left <= 0) throw new Error("that is enough");
  }
}

function refuse(message: string): object {
  return { errorDetail: { message }, error: message };
}
