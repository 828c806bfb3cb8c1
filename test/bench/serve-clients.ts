/** Clients of a registry that cost as little as they can: what they take of the processor, the server does not get. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { get, request as plainRequest } from "node:http";
import { constants, connect as openSession } from "node:http2";
import { request as secureRequest } from "node:https";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { promisify } from "node:util";
import { mediaTypes } from "../../src/registry/media-types.ts";

const run = promisify(execFile);

/** `http://127.0.0.1:5000` of a registry whose certificate is not looked at. */
export type Url = string;

async function curl(args: readonly string[], wanted: number): Promise<void> {
  const { stdout } = await run("curl", ["-sk", "-o", "/dev/null", "-w", "%{http_code}", ...args]);
  if (stdout !== String(wanted)) throw new Error(`curl ${args.join(" ")}: ${stdout}`);
}

/** Where a new upload wants its bytes: an absolute address with its digest. */
async function startUpload(url: Url, repository: string, digest: string): Promise<string> {
  const options = { method: "POST", rejectUnauthorized: false, agent: false };
  const open = url.startsWith("https:") ? secureRequest : plainRequest;
  const asked = open(`${url}/v2/${repository}/blobs/uploads/`, options).end();
  const [response] = await once(asked, "response");
  response.resume();
  const place = new URL(response.headers.location, url);
  place.searchParams.set("digest", digest);
  return place.href;
}

/** In one PUT, from a file. `version`: `--http1.1` or `--http2`. */
export async function putBlob(
  url: Url,
  repository: string,
  file: string,
  digest: string,
  version: string,
): Promise<void> {
  const place = await startUpload(url, repository, digest);
  const type = ["-H", "Content-Type: application/octet-stream", "-H", "Expect:"];
  await curl([version, ...type, "-T", file, place], 201);
}

export async function getBlob(url: Url, repository: string, digest: string, version: string): Promise<void> {
  await curl([version, `${url}/v2/${repository}/blobs/${digest}`], 200);
}

/** `count` requests over so many connections at a time, each waiting for the answer before. */
export async function askOften(
  url: Url,
  connections: number,
  count: number,
  requestOf: (index: number) => { readonly method: "GET" | "HEAD"; readonly path: string },
): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    const { hostname, port, host } = new URL(url);
    const socket = net.connect(Number(port), hostname).setNoDelay(true);
    for (let index = next++; index < count; index = next++) {
      const { method, path } = requestOf(index);
      socket.write(
        `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: ${mediaTypes.ociManifest}\r\n\r\n`,
      );
      await readAnswer(socket, method);
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: connections }, one));
}

/** Without chunks: docker-registry says the length of what is asked here. */
function readAnswer(socket: net.Socket, method: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let text = "";
  const take = (chunk: Buffer): void => {
    text += chunk.toString("latin1");
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return;
    const chunked = /\r\ntransfer-encoding: chunked/i.test(text.slice(0, end));
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
    const whole = chunked
      ? text.endsWith("\r\n0\r\n\r\n")
      : text.length >= end + 4 + (method === "HEAD" ? 0 : length);
    if (!whole) return;
    socket.off("data", take).off("error", reject);
    if (text.startsWith("HTTP/1.1 200 ")) resolve();
    else reject(new Error(text.slice(0, 300)));
  };
  socket.on("data", take);
  socket.once("error", reject);
  return promise;
}

/** Milliseconds until `/v2/` is answered. */
export async function firstAnswer(url: Url): Promise<void> {
  for (;;) {
    const asked = get(`${url}/v2/`, { agent: false });
    const answered = once(asked, "response").then(([response]) => {
      response.resume();
      return true;
    });
    if (await answered.catch(() => false)) return;
    await sleep(2);
  }
}

async function connectTo(url: Url): Promise<net.Socket> {
  const { hostname, port, protocol } = new URL(url);
  if (protocol === "http:") return net.connect(Number(port), hostname);
  return tls.connect({ port: Number(port), host: hostname, rejectUnauthorized: false });
}

/** So many uploads of `bytes` each, as fast as they are taken, for `ms` or until they have ended. */
export async function uploadForAWhile(url: Url, count: number, bytes: number, ms: number): Promise<void> {
  const block = Buffer.alloc(2 ** 20, "layer");
  const sockets: net.Socket[] = [];
  for (let index = 0; index < count; index += 1) {
    const place = new URL(await startUpload(url, `upload/${index}`, ""));
    const socket = await connectTo(url);
    sockets.push(socket.on("error", () => {}));
    let left = bytes;
    const pump = (): void => {
      for (let ready = true; ready && left > 0; left -= block.length) ready = socket.write(block);
    };
    socket.write(
      `PATCH ${place.pathname} HTTP/1.1\r\nHost: r\r\nContent-Type: application/octet-stream\r\nContent-Length: ${bytes}\r\n\r\n`,
    );
    socket.on("drain", pump);
    pump();
  }
  await sleep(ms);
  for (const socket of sockets) socket.destroy();
}

/** So many downloads by clients that take 64 KiB at a time and then rest, for `ms`. */
export async function downloadSlowly(url: Url, path: string, count: number, ms: number): Promise<void> {
  const sockets: net.Socket[] = [];
  for (let index = 0; index < count; index += 1) {
    const socket = await connectTo(url);
    sockets.push(socket.on("error", () => {}));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: r\r\n\r\n`);
    socket.on("data", () => rest(socket));
  }
  await sleep(ms);
  for (const socket of sockets) socket.destroy();
}

/** The same over HTTP/2, a connection for each. */
export async function downloadSlowlyByHttp2(
  url: Url,
  path: string,
  count: number,
  ms: number,
): Promise<void> {
  const sessions = Array.from({ length: count }, () => {
    // Windows as large as Go's clients have them.
    const session = openSession(url, {
      rejectUnauthorized: false,
      settings: { initialWindowSize: 4 * 2 ** 20 },
    });
    session.on("error", () => {});
    const stream = session.request({ [constants.HTTP2_HEADER_PATH]: path });
    stream.on("error", () => {});
    stream.on("data", () => rest(stream));
    return session;
  });
  await sleep(ms);
  for (const session of sessions) session.destroy();
}

function rest(stream: { pause(): void; resume(): void }): void {
  stream.pause();
  setTimeout(() => stream.resume(), 100).unref();
}
