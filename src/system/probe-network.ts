/** Single steps of a connection, each by itself, over any stream: what doctor looks at a server with. */
import { lookup } from "node:dns/promises";
import http from "node:http";
import type { Duplex } from "node:stream";
import type { Ask, Probes, ServerAnswer } from "../doctor/probes.ts";
import { headersOf, transportOver } from "./dialed-http.ts";
import { shakeHands, within } from "./handshake.ts";

const longestBody = 16 * 1024;

export const probes: Probes = {
  tls: (stream, host, trust, timeoutMs) => within(stream, timeoutMs, () => shakeHands(stream, host, trust)),
  ask: (stream, ask, timeoutMs) => within(stream, timeoutMs, () => askOver(stream, ask)),
  tunnel: (stream, { to, headers }, timeoutMs) =>
    within(stream, timeoutMs, () => openTunnel(stream, to, headers)),
  transportOver,
  lookUp,
};

async function askOver(
  stream: Duplex,
  { method, target, host, headers, announce }: Ask,
): Promise<ServerAnswer> {
  const announced =
    announce === undefined ? {} : { expect: "100-continue", "content-length": String(announce) };
  const request = http.request({
    createConnection: () => stream,
    method,
    path: target,
    headers: { host, connection: "close", ...headers, ...announced },
    setDefaultHeaders: false,
  });
  try {
    return await new Promise<ServerAnswer>((resolve, reject) => {
      request.on("error", reject);
      request.on("continue", () => resolve({ status: 100, headers: {}, body: "" }));
      request.on("response", (response) => readAnswer(response).then(resolve, reject));
      if (announce === undefined) request.end();
      else request.flushHeaders();
    });
  } finally {
    request.on("error", () => {});
    stream.on("error", () => {});
    request.destroy();
    stream.destroy();
  }
}

async function readAnswer(response: http.IncomingMessage): Promise<ServerAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response) {
      chunks.push(Buffer.from(chunk));
      length += chunk.length;
      if (length >= longestBody) break;
    }
  } catch {
    // The head has told enough.
  }
  return {
    status: response.statusCode ?? 0,
    headers: headersOf(response),
    body: Buffer.concat(chunks).toString("utf8", 0, longestBody),
  };
}

async function openTunnel(
  stream: Duplex,
  to: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly stream: Duplex | null }> {
  const request = http.request({
    createConnection: () => stream,
    method: "CONNECT",
    path: to,
    headers: { host: to, ...headers },
    setDefaultHeaders: false,
  });
  return await new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("connect", ({ statusCode: status = 0 }, opened: Duplex) => {
      const good = status >= 200 && status < 300;
      if (!good) opened.destroy();
      resolve({ status, stream: good ? opened : null });
    });
    request.on("response", ({ statusCode: status = 0 }) => {
      stream.destroy();
      resolve({ status, stream: null });
    });
    request.end();
  });
}

async function lookUp(host: string): Promise<readonly string[] | "unknown" | "unanswered"> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    return code === "ENOTFOUND" || code === "ENODATA" ? "unknown" : "unanswered";
  }
}
