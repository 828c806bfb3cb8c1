/**
 * `npm run soak -- publish`: a layer of 3 GiB out of an engine into CNCF Distribution and back. The engine is a scripted
 * one, which makes the tar as it is read and verifies what it is given: a real one would need three times as much disk.
 */
import { createHash, type Hash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { encodeTarHeader, tarEnd } from "../../src/layout/tar-format.ts";
import { readTarStream } from "../../src/layout/tar-stream.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { engine2010 } from "../engine/scripts.ts";
import { installRegctl } from "../support/installed.ts";
import { type ScriptedEngine, startScriptedEngine } from "../support/scripted-engine.ts";
import { startDistribution } from "../support/start-distribution.ts";

const mib = 2 ** 20;
const layerBytes = 3 * 1024 * mib;
const mostMemory = 200 * mib;

export interface PublishSoak {
  readonly judge: (title: string, facts: string, ok: boolean) => void;
}

export async function soakPublish({ judge }: PublishSoak): Promise<void> {
  await using registry = await startDistribution();
  const image = makeImage();
  const engine = await startEngine(image);
  const env = { DOCKER_HOST: `unix://${engine.scripted.socketPath}` };
  const run = async (title: string, args: readonly string[], holds: () => boolean): Promise<void> => {
    await using regctl = await installRegctl(env);
    const begin = performance.now();
    const failure = await regctl.run([...args, "--progress", "none"]).then(
      () => "",
      (error: unknown) => ` (${error instanceof Error ? error.message : String(error)})`,
    );
    const seconds = ((performance.now() - begin) / 1000).toFixed(0);
    const peak = regctl.peak();
    const facts = `${seconds} s, RSS ${(peak / mib).toFixed(0)} MiB of ${mostMemory / mib}${failure}`;
    judge(title, facts, failure === "" && peak > 0 && peak < mostMemory && holds());
  };
  try {
    for (const compression of ["gzip", "zstd"]) {
      const name = `${registry.host}/${compression}:1`;
      const words = ["publish", image.id, name, "--via", "direct", "--compression", compression];
      await run(`publish of a layer of 3 GiB, ${compression}`, words, () => engine.saves() > 0);
    }
    engine.forget();
    // 20.10 does not read zstd.
    const words = ["pull", `${registry.host}/gzip:1`, "--via", "direct"];
    await run("pull of it, loaded unpacked", words, () => engine.loaded() === image.diffId);
  } finally {
    await engine.scripted.close();
  }
}

interface LargeImage {
  readonly id: string;
  readonly diffId: string;
  readonly config: Buffer;
  content(): Generator<Buffer, void, undefined>;
}

/** Packs to some two fifths, as a system's files do, and is the same each time that it is read. */
function makeImage(): LargeImage {
  const noise = randomBytes((mib * 2) / 5).toString("latin1");
  const block = Buffer.alloc(mib, "usr/share/doc/package/copyright\n", "latin1");
  block.write(noise, "latin1");
  const content = function* (): Generator<Buffer, void, undefined> {
    for (let at = 0; at < layerBytes; at += mib) {
      const next = Buffer.from(block);
      next.writeUInt32LE(at / mib);
      yield next;
    }
  };
  const hash = createHash("sha256");
  for (const each of content()) hash.update(each);
  const diffId = `sha256:${hash.digest("hex")}`;
  const rootfs = { type: "layers", diff_ids: [diffId] };
  const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", config: {}, rootfs }));
  return { id: computeDigest(config), diffId, config, content };
}

interface SinkEngine {
  readonly scripted: ScriptedEngine;
  /** How often it was read out of it. */
  saves(): number;
  /** It has the image no more, until it is loaded. */
  forget(): void;
  /** Of the layer in the last tar that was loaded. */
  loaded(): string | null;
}

async function startEngine(image: LargeImage): Promise<SinkEngine> {
  const scripted = await startScriptedEngine(engine2010);
  let saves = 0;
  let loaded: string | null = null;
  let known = true;
  const details = {
    Id: image.id,
    RepoTags: ["large:1"],
    RepoDigests: [],
    Size: layerBytes,
    Os: "linux",
    Architecture: "amd64",
    RootFS: { Type: "layers", Layers: [image.diffId] },
  };
  const routes: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
    "GET /images/get": (_, response) => {
      saves += 1;
      Readable.from(tarOf(image), { objectMode: false, highWaterMark: mib }).pipe(response);
    },
    "POST /images/load": (request, response) => {
      hashLayer(request).then(
        (digest) => {
          loaded = digest;
          known = true;
          response.end(JSON.stringify({ stream: `Loaded image ID: ${image.id}` }));
        },
        (error: unknown) => response.end(JSON.stringify({ error: String(error) })),
      );
    },
    "GET /images/json": (_, response) => void response.end(JSON.stringify(known ? [details] : [])),
  };
  scripted.intercept((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://engine");
    const line = `${request.method} ${decodeURIComponent(pathname).replace(/^\/v[\d.]+/, "")}`;
    const route = routes[line];
    if (route !== undefined) {
      route(request, response);
      return true;
    }
    if (!line.includes(" /images/")) return false;
    if (line.startsWith("POST")) response.writeHead(201).end();
    else if (line.endsWith("/history")) response.end(JSON.stringify([{ Size: layerBytes }]));
    else
      response
        .writeHead(known ? 200 : 404)
        .end(JSON.stringify(known ? details : { message: "No such image" }));
    return true;
  });
  return {
    scripted,
    saves: () => saves,
    forget: () => {
      known = false;
    },
    loaded: () => loaded,
  };
}

function* tarOf({ id, config, diffId, content }: LargeImage): Generator<Buffer, void, undefined> {
  yield encodeTarHeader(`blobs/sha256/${id.slice("sha256:".length)}`, config.length);
  yield Buffer.concat([config, Buffer.alloc((512 - (config.length % 512)) % 512)]);
  yield encodeTarHeader(`blobs/sha256/${diffId.slice("sha256:".length)}`, layerBytes);
  yield* content();
  yield tarEnd;
}

async function hashLayer(tar: IncomingMessage): Promise<string | null> {
  let hash: Hash | null = null;
  for await (const part of readTarStream(tar, "what is loaded")) {
    if (!part.path.endsWith("layer.tar")) await buffer(part.content);
    else {
      hash = createHash("sha256");
      for await (const chunk of part.content) hash.update(chunk);
    }
  }
  return hash === null ? null : `sha256:${hash.digest("hex")}`;
}
