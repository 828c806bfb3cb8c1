/** Talks to the registry's core without a socket, and holds every response to what all of them promise. */
import assert from "node:assert/strict";
import { computeDigest, type Digest, type DigestAlgorithm } from "../../src/registry/digest.ts";
import { parseErrorBody } from "../../src/registry/error-body.ts";
import { createMemoryStorage } from "../../src/server/memory.ts";
import type { Handle, Headers, ServerResponse } from "../../src/server/message.ts";
import { createRegistry, type RegistryOptions } from "../../src/server/registry.ts";

export interface Asked {
  readonly headers?: Headers;
  readonly body?: string | Buffer | AsyncIterable<Buffer>;
  /** `Content-Length`; by default that of the body, and null (chunked) for one in pieces. */
  readonly length?: number | null;
  readonly scheme?: "http" | "https";
  readonly authority?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** As far as the client would have read them: none for HEAD. */
  readonly bytes: Buffer;
  readonly text: string;
  /** Codes of the errors in the body. */
  readonly codes: readonly (string | null)[];
  readonly json: unknown;
}

export interface Client {
  readonly send: (method: string, target: string, asked?: Asked) => Promise<Answer>;
  readonly pushBlob: (
    repository: string,
    content: string | Buffer,
    algorithm?: DigestAlgorithm,
  ) => Promise<Digest>;
  /** Pushes and expects 201. */
  readonly pushManifest: (
    repository: string,
    reference: string,
    manifest: object | Buffer,
    mediaType?: string,
  ) => Promise<Answer>;
}

export function openRegistry(options: Partial<RegistryOptions> = {}): Client {
  return clientOf(createRegistry({ storage: createMemoryStorage(), ...options }));
}

export function clientOf(handle: Handle): Client {
  const send: Client["send"] = (method, target, asked = {}) => exchange(handle, method, target, asked);
  return {
    send,
    pushBlob: async (repository, content, algorithm = "sha256") => {
      const digest = computeDigest(content, algorithm);
      const started = await send("POST", `/v2/${repository}/blobs/uploads/`);
      assert.equal(started.status, 202, started.text);
      const put = await send("PUT", `${started.headers.location}?digest=${digest}`, { body: content });
      assert.equal(put.status, 201, put.text);
      return digest;
    },
    pushManifest: async (repository, reference, manifest, mediaType) => {
      const body = Buffer.isBuffer(manifest) ? manifest : Buffer.from(JSON.stringify(manifest));
      const type = mediaType ?? JSON.parse(body.toString()).mediaType;
      const put = await send("PUT", `/v2/${repository}/manifests/${reference}`, {
        body,
        headers: { "content-type": type },
      });
      assert.equal(put.status, 201, put.text);
      return put;
    },
  };
}

async function exchange(handle: Handle, method: string, target: string, asked: Asked): Promise<Answer> {
  const mark = target.indexOf("?");
  const { body = "", headers = {}, scheme = "http", authority = "registry.test:5000" } = asked;
  const whole = typeof body === "string" || Buffer.isBuffer(body) ? Buffer.from(body) : null;
  const response = await handle({
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? "" : target.slice(mark)),
    headers,
    body: whole === null ? (body as AsyncIterable<Buffer>) : inPieces(whole),
    length: asked.length === undefined ? (whole?.length ?? null) : asked.length,
    scheme,
    authority,
    remote: "192.0.2.1",
    signal: new AbortController().signal,
  });
  const bytes = await readResponse(response);
  holdToPromises(method, response, bytes);
  const shown = method === "HEAD" ? Buffer.alloc(0) : bytes;
  return {
    status: response.status,
    headers: response.headers,
    bytes: shown,
    text: shown.toString(),
    get codes() {
      return parseErrorBody(bytes, response.headers["content-type"]).map(({ code }) => code);
    },
    get json(): unknown {
      return JSON.parse(shown.toString());
    },
  };
}

/** So small that nothing comes at once. */
const piece = 1000;

async function* inPieces(whole: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < whole.length; at += piece) yield whole.subarray(at, at + piece);
}

async function readResponse({ body }: ServerResponse): Promise<Buffer> {
  if (body === null || Buffer.isBuffer(body)) return body ?? Buffer.alloc(0);
  const bytes = Buffer.alloc(body.length);
  const window = Buffer.alloc(700);
  try {
    for (let at = 0; at < bytes.length; ) {
      const got = await body.read(window, at);
      assert.ok(got > 0 && got <= bytes.length - at, "a slice gives its own bytes and no others");
      window.copy(bytes, at, 0, got);
      at += got;
    }
    assert.equal(await body.read(window, bytes.length), 0, "a slice ends");
  } finally {
    await body.close();
  }
  return bytes;
}

function holdToPromises(method: string, { status, headers, body }: ServerResponse, bytes: Buffer): void {
  for (const [name, value] of Object.entries(headers)) {
    assert.match(name, /^[a-z0-9-]+$/);
    // What a header may hold: anything else would let a client write headers of its own.
    assert.match(value, /^[\t -~]*$/, `${name} is no header text`);
  }
  assert.equal(headers["docker-distribution-api-version"], "registry/2.0");
  assert.equal(headers["x-content-type-options"], "nosniff");
  if (status === 204 || status === 304) assert.equal(body, null);
  else if (method === "HEAD") assert.match(headers["content-length"] ?? "", /^\d+$/);
  else assert.equal(headers["content-length"], String(bytes.length));
  if (status < 400) return;
  const parsed: unknown = JSON.parse(bytes.toString());
  assert.ok(
    typeof parsed === "object" && parsed !== null && "errors" in parsed && Array.isArray(parsed.errors),
  );
  for (const { code, message } of parsed.errors) {
    assert.match(code, /^[A-Z_]+$/);
    assert.ok(typeof message === "string" && message !== "");
  }
}
